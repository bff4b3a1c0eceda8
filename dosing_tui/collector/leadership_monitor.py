"""Leader election and periodic checks of the database: other writers, maintenance."""

import time
from contextlib import suppress
from datetime import timedelta
from typing import Protocol

from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.pipeline.database_maintenance import run_maintenance
from dosing_tui.collector.role_decision import ElectionResult, RoleInputs, decide_role
from dosing_tui.config.settings import CollectorMode
from dosing_tui.errors import DatabaseError
from dosing_tui.live_snapshot import DatabasePart, Role

ELECTION_UNAVAILABLE = "Leader election unavailable (database unreachable); this process is not collecting."
CLIENT_ID_CONFLICT = (
    "Another MQTT client uses the collector's client ID; standing by until the database elects a collector."
)
STOP_TIMEOUT_S = 10.0
HEARTBEAT_AFTER = 1.5
"""Polls since the last election after which the heartbeat renews the lease: until then the election did."""
NOBODY_COLLECTS = (
    "no process collects for this site. Messages wait at the broker; alarms are neither evaluated"
    " nor notified."
)
SECOND_COLLECTOR = "Another process collects for this site, too: collector.mode is 'always' here."


class RoleState(Protocol):
    """The current state of this process."""

    @property
    def is_collecting(self) -> bool: ...
    @property
    def has_client_id_conflict(self) -> bool: ...
    @property
    def is_last_collector(self) -> bool: ...


class LeadershipMonitor:
    """Determines the role and runs the leader's periodic checks. For one thread."""

    def __init__(self, context: CollectorContext) -> None:
        self._mode = context.settings.collector.mode
        self._database = context.database
        self._leader_lock = context.database.create_leader_lock()
        self._status = context.status
        self._intervals = context.intervals
        self._is_elected = False
        self._has_leader: bool | None = None
        self._check_error: DatabaseError | None = None
        """Of the last check of a viewer; it is the state of the link until the next check."""
        self._conflict_since: float | None = None
        self._stand_aside_until = 0.0
        self._renewed_at = 0.0
        self._next_due = {"maintain": time.monotonic() + context.intervals.maintenance_s}
        self._heartbeat = context.create_thread(
            "leader-lease", self._renew_lease, interval_s=context.intervals.poll_s
        )

    def start(self) -> None:
        """Start the heartbeat: starting a role or maintenance may take longer than a lease."""
        self._heartbeat.start()

    def stop(self) -> None:
        """Release leadership and end the heartbeat."""
        self.release_leadership()
        self._heartbeat.stop(STOP_TIMEOUT_S)

    def determine_role(self, state: RoleState) -> Role:
        election = self._query_election(state)
        if election is not ElectionResult.UNKNOWN:
            self._is_elected = election is ElectionResult.LEADER
        conflict = self._measure_conflict(state)
        role = decide_role(
            RoleInputs(
                self._mode,
                election,
                is_elected=self._is_elected,
                is_last_collector=state.is_last_collector,
                conflict=conflict,
            )
        )
        if state.is_collecting and role is Role.UNDECIDED:
            self._stand_aside_until = time.monotonic() + self._intervals.stand_aside_s
        self._explain_role(role, election, conflict)
        return role

    def run_periodic_checks(self, state: RoleState) -> None:
        """Run the leader's maintenance and its check for other writers, if due."""
        if not state.is_collecting:
            return
        try:
            if self._is_due("maintain", self._intervals.maintenance_s):
                run_maintenance(self._database, self._status)
            if self._is_due("foreign", self._intervals.other_writers_s):
                self._report_other_writers(self._database.list_other_writers())
        except DatabaseError as error:
            self._status.report_once(f"Database maintenance postponed: {error}")

    def release_leadership(self) -> None:
        """Release the lease, so that another process can be elected."""
        self._is_elected = False
        try:
            self._leader_lock.release_lock()
        except DatabaseError as error:
            self._status.report_once(str(error))  # the next process waits until the lease has expired

    def _renew_lease(self) -> None:
        if time.monotonic() - self._renewed_at < HEARTBEAT_AFTER * self._intervals.poll_s:
            return
        with suppress(DatabaseError):  # determine_role reports it
            self._leader_lock.renew()

    def _query_election(self, state: RoleState) -> ElectionResult:
        if self._mode is CollectorMode.ALWAYS and not state.is_collecting:
            return ElectionResult.UNKNOWN  # mode 'always' collects before it contacts the database
        try:
            election = self._acquire_leadership(state)
        except DatabaseError as error:
            if not state.is_collecting:  # the leader's database writer reports the link
                self._status.set_database_link(False, str(error))
            return ElectionResult.UNKNOWN
        if not state.is_collecting:
            self._status.set_database_link(True, "")
        if self._mode is CollectorMode.NEVER:
            self._status.set_database_fault(
                DatabasePart.COLLECTOR, NOBODY_COLLECTS if self._has_leader is False else ""
            )
        return election

    def _acquire_leadership(self, state: RoleState) -> ElectionResult:
        """Hold or acquire the lease. Raises: DatabaseError."""
        if self._mode is CollectorMode.NEVER:
            self._check_leader()
            return ElectionResult.FOLLOWER
        is_leader = self._leader_lock.try_acquire()
        self._renewed_at = time.monotonic()
        if is_leader is None and state.is_collecting:
            return ElectionResult.UNKNOWN  # after an outage: the holder of the lease may have ended
        return ElectionResult.LEADER if is_leader else ElectionResult.FOLLOWER

    def _check_leader(self) -> None:
        """Look whether anybody collects, if due. Raises: DatabaseError, also until the next check."""
        if self._is_due("leader", self._intervals.lease_check_s):
            try:
                self._has_leader, self._check_error = self._leader_lock.has_leader(), None
            except DatabaseError as error:
                self._check_error = error
        if self._check_error is not None:
            raise self._check_error.with_traceback(None)

    def _measure_conflict(self, state: RoleState) -> timedelta | None:
        now = time.monotonic()
        if now < self._stand_aside_until:
            return timedelta.max
        if not state.has_client_id_conflict:
            self._conflict_since = None
            return None
        self._conflict_since = self._conflict_since or now
        return timedelta(seconds=now - self._conflict_since)

    def _explain_role(self, role: Role, election: ElectionResult, conflict: timedelta | None) -> None:
        sentence = ""
        if role is Role.UNDECIDED:
            sentence = CLIENT_ID_CONFLICT if conflict is not None else ELECTION_UNAVAILABLE
        elif self._mode is CollectorMode.ALWAYS and election is ElectionResult.FOLLOWER:
            sentence = SECOND_COLLECTOR
        elif role is Role.STANDBY:
            sentence = self._leader_lock.refusal
        self._status.set_notice("role", sentence)

    def _report_other_writers(self, names: list[str]) -> None:
        writers = ", ".join(names)
        self._status.set_notice(
            "foreign",
            f"{writers} writes the same tables: every reading may be counted twice." if names else "",
        )

    def _is_due(self, task: str, interval_s: float) -> bool:
        now = time.monotonic()
        if now < self._next_due.get(task, 0.0):
            return False
        self._next_due[task] = now + interval_s
        return True
