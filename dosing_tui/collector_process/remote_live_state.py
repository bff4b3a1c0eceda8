"""The live picture as the collector's process last told it, and whether it is to be believed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from threading import Lock

from dosing_tui.collector_process.state_delta import changed
from dosing_tui.domain.messages.models import Reading
from dosing_tui.live_state import Link, LinkState, Picture, Role


class Mirror:
    """Moved by one thread, looked into by others. What was taken is unpacked when somebody looks."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._picture = Picture()
        self._untold: dict[str, bytes] = {}
        self._newcomer = 0
        self._lost: LinkState | None = None

    def begin(self, process: int) -> None:
        """What comes next comes from this new process, which knows nothing of the one before."""
        with self._lock:
            self._newcomer = process

    def take(self, fields: Mapping[str, bytes]) -> None:
        with self._lock:
            if self._newcomer:
                self._picture, self._newcomer = Picture(process=self._newcomer), 0
                self._untold.clear()
            self._untold |= fields
            self._lost = None

    def lose(self, why: str, at: datetime) -> None:
        """Nothing is heard any more: what is known stays, its links count as down until something is."""
        with self._lock:
            self._lost = LinkState(Link.DOWN, self._lost.since if self._lost else at, why)

    def picture(self, now: datetime) -> Picture:
        """As of the last news; ``now`` is theirs."""
        with self._lock:
            if self._untold:
                self._picture = changed(self._picture, self._untold)
                self._untold = {}
            if self._lost is None:
                return self._picture
            return replace(
                self._picture,
                broker=self._lost,
                database=self._lost,
                role=Role.UNDECIDED,
                notice="",
                rate=0.0,
            )

    def known(self, now: datetime) -> tuple[Reading, ...]:
        """Every reading on the picture, each kind with the oldest first."""
        picture = self.picture(now)
        return (*picture.levels, *reversed(picture.events), *reversed(picture.doses))
