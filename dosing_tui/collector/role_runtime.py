"""The post this process holds: it collects, or it only watches and at most drains a spool left behind."""

import time

from dosing_tui.collector.context.interfaces import Surroundings
from dosing_tui.collector.context.local_state import (
    collected_here,
    forget_collecting,
    remember_collecting,
    spool_folder,
    spool_stamp,
)
from dosing_tui.collector.leader import Collecting, Draining
from dosing_tui.collector.viewer import Watching
from dosing_tui.errors import SpoolError
from dosing_tui.live_state import Role


class Post:
    """For one thread."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._status = around.status
        self._folder = spool_folder(around.settings)
        self._collecting: Collecting | None = None
        self._watching: Watching | None = None
        self._draining: Draining | None = None
        self._look_again_at = 0.0
        self._found_empty: int | None = None

    @property
    def collecting(self) -> bool:
        return self._collecting is not None

    @property
    def contested(self) -> bool:
        """Another program uses the collector's client id."""
        return self._collecting is not None and self._collecting.contested

    @property
    def collected_here(self) -> bool:
        """This machine was the last to collect."""
        return collected_here(self._folder)

    def take(self, role: Role) -> Role:
        """Become what ``role`` says, or see to it that this process still is; answers what it is now.

        Raises: BrokerError when a TLS file or the host's name cannot be used.
        """
        if role is not Role.COLLECTING:
            self._watch(role)
        elif self._collecting:
            self._collecting.tend()
        else:
            role = self._collect()
        self._status.role(role)
        return role

    def leave(self, *, drain_s: float) -> None:
        """Stop everything; the database gets ``drain_s`` to take what is spooled."""
        self._stop_watching()
        self._stop_draining()
        self._stop_collecting(drain_s)

    def _collect(self) -> Role:
        """Without a spool this process cannot collect."""
        self._stop_draining()
        try:
            self._collecting = Collecting(self._around)
        except SpoolError as error:
            self._status.notice("spool", f"{error} Nothing is collected here.")
            self._start_watching()
            return Role.UNDECIDED
        self._stop_watching()
        self._status.notice("spool", "")
        remember_collecting(self._folder)
        return Role.COLLECTING

    def _watch(self, role: Role) -> None:
        self._stop_collecting(self._around.pace.drain_s)
        self._start_watching()
        if role is Role.STANDBY:
            self._drain_leftovers()

    def _drain_leftovers(self) -> None:
        """Write what a process of this machine left in the spool; another machine collects now."""
        if self._draining and self._draining.done:
            self._stop_draining()
        if self._draining or time.monotonic() < self._look_again_at:
            return
        self._look_again_at = time.monotonic() + self._around.pace.leftover_s
        if spool_stamp(self._folder) == self._found_empty:
            return
        try:
            self._draining = Draining(self._around)
        except SpoolError:
            return  # the one who has it takes care of it
        forget_collecting(self._folder)

    def _stop_draining(self) -> None:
        if self._draining:
            empty = self._draining.done
            self._draining.stop()
            self._draining = None
            self._found_empty = spool_stamp(self._folder) if empty else None

    def _start_watching(self) -> None:
        if self._watching is None:
            watching = Watching(self._around)
            watching.start()
            self._watching = watching

    def _stop_watching(self) -> None:
        if self._watching:
            self._watching.stop()
            self._watching = None

    def _stop_collecting(self, drain_s: float) -> None:
        if self._collecting:
            self._collecting.stop(drain_s=drain_s)
            self._collecting = None
