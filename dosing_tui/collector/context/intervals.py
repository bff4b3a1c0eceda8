"""How often things are looked at or tried again, in seconds."""

from dataclasses import dataclass

from dosing_tui.ipc.supervised_thread import RetryDelay

THREAD_SWITCH_S = 0.0005
"""How soon a thread of the collector lets the next one have Python's lock. Who reads and who writes wait for
the network many times a batch; at Python's own 5 ms each time, the writer cannot keep up with the reader."""


@dataclass(frozen=True, slots=True)
class Intervals:
    poll_s: float = 1.0
    """Who collects, and whether a full spool has room again."""
    retry_min_s: float = 0.25
    retry_max_s: float = 10.0
    """The database is away: each try waits twice as long as the one before, up to this."""
    refusal_retry_s: float = 15.0
    """The database refuses: somebody has to act first."""
    keepalive_s: float = 5.0
    """Without anything to write, the database is asked this often whether it is there."""
    orphan_check_s: float = 10.0
    """A standby looks for a spool that another process of this machine left."""
    stand_aside_s: float = 300.0
    """After another program was found under the same client id."""
    maintenance_s: float = 3600.0
    other_writers_s: float = 60.0
    """Foreign programs that write to the same tables."""
    batch_rebuild_s: float = 2.0
    """After what was written touched batches, they are rebuilt within this time, or a little more."""
    notify_poll_s: float = 1.0
    """What is to be told by the clock alone."""
    rate_limit_s: float = 5.0
    """While the rate limit lets nothing through."""
    notify_retry_min_s: float = 5.0
    notify_retry_max_s: float = 600.0
    """People cannot be told: each try waits twice as long as the one before, up to this."""
    drain_timeout_s: float = 5.0
    """At the end, longest wait for the database to take what is spooled."""

    @property
    def retry(self) -> RetryDelay:
        """Back-off of the threads and of the database."""
        return RetryDelay(self.retry_min_s, self.retry_max_s)

    @property
    def notify_retry(self) -> RetryDelay:
        """Back-off of a notification channel."""
        return RetryDelay(self.notify_retry_min_s, self.notify_retry_max_s)
