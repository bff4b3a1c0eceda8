"""Intervals, back-offs and timeouts of the collector, in seconds."""

from msgspec import Struct

from dosing_tui.ipc.supervised_thread import DEFAULT_RETRY, RetryDelay

THREAD_SWITCH_S = 0.0005
"""Python's switch interval in the collector. Intake and writer wait for I/O many times per chunk.
At Python's default of 5 ms each time, the writer cannot keep up with the intake."""

NOTIFY_RETRY = RetryDelay(5.0, 600.0)


class Intervals(Struct, frozen=True):
    poll_s: float = 1.0
    """Leader election, and the check whether a full spool has room again."""
    retry: RetryDelay = DEFAULT_RETRY
    """Back-off of the threads, and of the database while it is unavailable."""
    refusal_retry_s: float = 15.0
    """Retry after the database refused access: a person has to act first."""
    keepalive_s: float = 5.0
    """Connection check while there is nothing to write."""
    lease_check_s: float = 2.0
    """Check of a viewer whether anybody collects."""
    orphan_check_s: float = 10.0
    """Check of a standby for an orphaned spool on this machine."""
    stand_aside_s: float = 300.0
    """Wait after another MQTT client used the collector's client ID."""
    maintenance_s: float = 3600.0
    other_writers_s: float = 60.0
    """Check for foreign programs that write to the same tables."""
    journal_probe_s: float = 30.0
    """Check that alarms could be journaled."""
    batch_rebuild_s: float = 10.0
    """Pause between two rebuilds of changed batches."""
    batch_event_s: float = 5.0
    """The same once a batch has begun or ended: after a longer pause it is rebuilt at once."""
    notify_poll_s: float = 1.0
    anchor_poll_s: float = 10.0
    """Check for notices that become due by time alone."""
    rate_limit_s: float = 5.0
    """Pause of a channel while its rate limit is reached."""
    notify_retry: RetryDelay = NOTIFY_RETRY
    """Back-off of a failing notification channel."""
    drain_timeout_s: float = 5.0
    """Longest wait at the end until the spooled messages are in the database."""

    @property
    def timer_slack_s(self) -> float:
        """How much later the pauses of threads may end for which a moment more or less is no matter."""
        return self.poll_s / 10
