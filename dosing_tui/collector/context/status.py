"""How collecting goes, told twice: as states on the live picture, and as sentences when they change."""

import threading
from collections.abc import Callable
from datetime import datetime

from dosing_tui.live_state import Link, LinkState, Live, Role

Report = Callable[[str], None]
"""Takes one plain sentence."""

ROLES = {
    Role.UNDECIDED: "This process only watches for now.",
    Role.COLLECTING: "This process collects for the site.",
    Role.STANDBY: "Another process collects for the site; this one stands by.",
    Role.VIEWER: "This process only watches.",
}


class Status:
    """Safe to call from every thread."""

    def __init__(self, live: Live, *, report: Report, clock: Callable[[], datetime]) -> None:
        self._live = live
        self._report = report
        self._clock = clock
        self._lock = threading.Lock()
        self._broker = self._database = LinkState()
        self._role = Role.UNDECIDED
        self._notices: dict[str, str] = {}

    def broker(self, up: bool, why: str) -> None:
        with self._lock:
            self._broker = self._moved(self._broker, up, why, "The broker is connected.")
            self._live.set_broker(self._broker)

    def database(self, up: bool, why: str) -> None:
        with self._lock:
            self._database = self._moved(self._database, up, why, "The database is connected.")
            self._live.set_database(self._database)

    def role(self, role: Role) -> None:
        with self._lock:
            if role is not self._role:
                self._role = role
                self._report(ROLES[role])
                self._show()

    def notice(self, about: str, sentence: str) -> None:
        """A sentence that stays until another about the same thing replaces it; '' takes it away."""
        with self._lock:
            if self._notices.get(about, "") == sentence:
                return
            if sentence:
                self._notices[about] = sentence
                self._report(sentence)
            else:
                del self._notices[about]
            self._show()

    def say(self, sentence: str) -> None:
        """Something happened that leaves no state behind."""
        self._report(sentence)

    def _moved(self, state: LinkState, up: bool, why: str, connected: str) -> LinkState:
        link = Link.UP if up else Link.DOWN
        if (link, why) != (state.link, state.why):
            self._report(connected if up else why)
        return LinkState(link, state.since if link is state.link else self._clock(), why)

    def _show(self) -> None:
        self._live.set_role(self._role, " ".join(self._notices.values()))
