"""Mirror of the collector process's live state, with the link state of that process."""

from collections.abc import Mapping
from datetime import datetime
from threading import Lock

from msgspec.structs import replace

from dosing_tui.collector_process.state_delta import apply_changes
from dosing_tui.domain.messages.models import Reading
from dosing_tui.live_snapshot import (
    DatabaseFault,
    LinkState,
    LinkStatus,
    LiveSnapshot,
    Role,
    add_database_faults,
)

MAX_PENDING_UPDATES = 20
"""Updates that nobody has looked at: of a console that does not draw for two seconds."""


class RemoteLiveState:
    """One thread updates it, others read it. Fields are unpickled on reading."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._snapshot = LiveSnapshot()
        self._pending_updates: list[Mapping[str, bytes]] = []
        """Not applied yet, in order: each is of the snapshot that the one before makes."""
        self._new_process = 0
        self._down_link: LinkState | None = None
        self._thread_failures: dict[str, str] = {}
        self.console_faults: tuple[DatabaseFault, ...] = ()

    def expect_process(self, process: int) -> None:
        """The next update is from this new process, and starts with an empty snapshot."""
        with self._lock:
            self._new_process = process

    def apply_fields(self, fields: Mapping[str, bytes]) -> None:
        with self._lock:
            if self._new_process:
                self._snapshot, self._new_process = LiveSnapshot(process_number=self._new_process), 0
                self._pending_updates.clear()
            self._pending_updates.append(fields)
            self._down_link = None
            if len(self._pending_updates) >= MAX_PENDING_UPDATES:
                self._apply_pending()

    def mark_down(self, why: str, at: datetime) -> None:
        """Show both links as down until the next update. The other fields stay."""
        with self._lock:
            self._down_link = LinkState(
                LinkStatus.DOWN, self._down_link.since if self._down_link else at, why
            )

    def set_thread_failure(self, name: str, reason: str) -> None:
        """Show that a thread of the console failed and is restarted; '' once it works again."""
        with self._lock:
            self._thread_failures.pop(name, None)
            if reason:
                self._thread_failures[name] = reason

    def set_console_faults(self, faults: tuple[DatabaseFault, ...]) -> None:
        self.console_faults = faults

    def get_snapshot(self, now: datetime) -> LiveSnapshot:
        """The snapshot of the last update; ``now`` is unused, the collector process sets the time."""
        with self._lock:
            self._apply_pending()
            snapshot = self._snapshot
            if self._down_link is not None:
                snapshot = replace(
                    snapshot,
                    broker=self._down_link,
                    database=self._down_link,
                    role=Role.UNDECIDED,
                    database_faults=(),
                    failed_threads=(),
                    notice="",
                    message_rate=0.0,
                )
            snapshot = add_database_faults(snapshot, self.console_faults)
            if not self._thread_failures:
                return snapshot
            notices = (snapshot.notice, *self._thread_failures.values())
            return replace(
                snapshot,
                notice=" ".join(notice for notice in notices if notice),
                failed_threads=(*snapshot.failed_threads, *self._thread_failures),
            )

    def _apply_pending(self) -> None:
        for fields in filter(None, self._pending_updates):
            self._snapshot = apply_changes(self._snapshot, fields)
        self._pending_updates.clear()

    def list_readings(self, now: datetime) -> tuple[Reading, ...]:
        """All readings of the snapshot, each kind oldest first."""
        snapshot = self.get_snapshot(now)
        return (*snapshot.levels, *reversed(snapshot.events), *reversed(snapshot.doses))
