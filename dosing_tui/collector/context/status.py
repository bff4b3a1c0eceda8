"""Status of the collector: published as live state, and logged on each change."""

import threading
from collections.abc import Callable
from datetime import datetime

from dosing_tui.live_snapshot import DatabaseFault, DatabasePart, LinkState, LinkStatus, Role
from dosing_tui.live_state import LiveState

StatusReporter = Callable[[str], None]
"""Takes one plain sentence."""

ROLE_TEXTS = {
    Role.UNDECIDED: "This process does not collect: role not decided yet.",
    Role.COLLECTOR: "This process collects for the site.",
    Role.STANDBY: "Another process collects for the site; this one stands by.",
    Role.VIEWER: "This process is a viewer: it does not collect.",
}


class CollectorStatus:
    """Safe to call from every thread."""

    def __init__(self, live: LiveState, *, report: StatusReporter, clock: Callable[[], datetime]) -> None:
        self._live_state = live
        self._report = report
        self._clock = clock
        self._lock = threading.Lock()
        self._broker_link = self._database_link = LinkState()
        self._role = Role.UNDECIDED
        self._is_database_up = False
        self._database_faults: dict[DatabasePart, DatabaseFault] = {}
        self._notices: dict[str, str] = {}
        self._failed_threads: set[str] = set()

    def set_broker_link(self, up: bool, why: str) -> None:
        """A link that is up with a reason works for a part only."""
        with self._lock:
            self._broker_link = self._update_link(self._broker_link, up, why, "The broker is connected.")
            self._live_state.set_broker(self._broker_link)

    def set_database_link(self, up: bool, why: str) -> None:
        """Whether readings can be stored. Parts that fail beside it report it themselves, once it is up."""
        with self._lock:
            self._is_database_up = up
            if not up:
                self._database_faults.clear()
            self._publish_database(why)

    def set_database_fault(self, part: DatabasePart, why: str) -> None:
        """A part that the database refuses or does not answer; '' once it works again.

        Ignored while the link is down, whose reason says more; maintenance is a part of opening it.
        """
        with self._lock:
            if why and (self._is_database_up or part is DatabasePart.MAINTENANCE):
                self._database_faults[part] = DatabaseFault(part, why)
                self._publish_database()
            elif self._database_faults.pop(part, None):
                self._publish_database()

    def set_role(self, role: Role) -> None:
        with self._lock:
            if role is not self._role:
                self._role = role
                if self._database_faults:  # of the parts of another role
                    self._database_faults.clear()
                    self._publish_database()
                self._report(ROLE_TEXTS[role])
                self._publish_role()

    def set_notice(self, subject: str, sentence: str) -> None:
        """Show a sentence until another on the same subject replaces it; '' removes it."""
        with self._lock:
            if self._notices.get(subject, "") == sentence:
                return
            if sentence:
                self._notices[subject] = sentence
                self._report(sentence)
            else:
                del self._notices[subject]
            self._publish_role()

    def set_thread_failure(self, name: str, reason: str) -> None:
        """Show that a thread failed and is restarted; '' once it works again."""
        self.set_notice(f"thread {name}", reason)
        with self._lock:
            self._failed_threads.discard(name)
            if reason:
                self._failed_threads.add(name)
            self._live_state.set_failed_threads(tuple(sorted(self._failed_threads)))

    def report_once(self, sentence: str) -> None:
        """Report an event that is not a state."""
        self._report(sentence)

    def _update_link(self, state: LinkState, up: bool, why: str, up_text: str) -> LinkState:
        link = (LinkStatus.PARTIAL if why else LinkStatus.UP) if up else LinkStatus.DOWN
        if (link, why) != (state.status, state.reason):
            self._report(why or up_text)
        return LinkState(link, state.since if link is state.status else self._clock(), why)

    def _publish_database(self, why: str = "") -> None:
        faults = tuple(self._database_faults.values())
        reason = " ".join(fault.sentence for fault in faults) if self._is_database_up else why
        self._database_link = self._update_link(
            self._database_link, self._is_database_up, reason, "The database is connected."
        )
        self._live_state.set_database(self._database_link, faults)

    def _publish_role(self) -> None:
        self._live_state.set_role(self._role, " ".join(self._notices.values()))
