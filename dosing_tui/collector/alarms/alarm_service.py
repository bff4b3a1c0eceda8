"""The alarms of this process: fed with readings, a clock and the journal; shown on ``live``.

The collector has an outbox: what it finds goes onto the disk, and from there into the journal. Who only
watches has none: it mirrors the journal, and shows its own findings where the journal says nothing.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from dosing_tui.collector.alarms.journal_outbox import Outbox
from dosing_tui.collector.alarms.offline_commands import Letters
from dosing_tui.collector.context.interfaces import Surroundings
from dosing_tui.collector.context.local_state import spool_folder
from dosing_tui.config.alarm_limits import alarm_limits
from dosing_tui.database.alarms.journal import Heard
from dosing_tui.domain.alarm_rules.detection import LinkView, Outlook
from dosing_tui.domain.alarm_rules.evaluator import Evaluator
from dosing_tui.domain.alarm_rules.rule_state import HOUR
from dosing_tui.domain.alarms.checkpoint import CHECKPOINT_EVERY, Checkpoint
from dosing_tui.domain.alarms.journal_filter import AT_ONCE
from dosing_tui.domain.alarms.models import Entry
from dosing_tui.domain.messages.models import Rejection, Unit
from dosing_tui.errors import DatabaseError, SpoolError
from dosing_tui.live_state import Link, LinkState

log = logging.getLogger(__name__)

TICK_S = 1.0
SHOW_S = 0.2
"""Shortest time between two pictures: in a storm each would be of thousands of alarms."""
STOP_S = 10.0
MASTERS_S = 30.0
"""How often the recipe master is read."""


@dataclass(frozen=True, slots=True)
class SpoolView:
    """How full the spool is, and when its oldest reading came."""

    percent: float = 0.0
    oldest: datetime | None = None


class Alarming:
    """Threads of its own, for the clock, the journal and the recipes; ``hear`` is for any thread."""

    def __init__(
        self,
        around: Surroundings,
        *,
        outbox: Outbox | None = None,
        spool: Callable[[], SpoolView] = SpoolView,
    ) -> None:
        self._around = around
        self._journal = around.database.alarms
        self._clock = around.clock
        self._calendar = around.settings.calendar
        self._zone = ZoneInfo(around.settings.plant.timezone)
        self._outbox = outbox
        self._asked = outbox.take_asked if outbox else Letters(spool_folder(around.settings)).fresh
        self._spool = spool
        self._unsaved: list[Entry] = []
        self._evaluator = Evaluator(
            alarm_limits(around.settings),
            expected=around.settings.plant.devices,
            started_at=around.clock(),
            realarm_after=timedelta(minutes=around.settings.alarms.realarm_minutes),
            journaling=outbox is not None,
        )
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._journal_up = self._seeded = False
        self._unremembered = 0
        """Entries of the journal since its last checkpoint."""
        self._unseen = False
        """Something has changed that no picture shows."""
        self._shown_at = self._ticked_at = -TICK_S
        self._threads = [
            threading.Thread(target=self._tick_on, name="alarm-clock", daemon=True),
            threading.Thread(target=self._listen, name="alarm-journal", daemon=True),
            threading.Thread(target=self._read_masters, name="alarm-recipes", daemon=True),
        ]

    def start(self) -> None:
        """What an earlier process found, and the journal does not have, counts.

        Raises: SpoolError.
        """
        if self._outbox is not None:
            for _, entry in self._outbox.waiting():
                self._evaluator.replica.propose(entry)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(STOP_S)

    def hear(self, units: Iterable[Unit]) -> None:
        """New readings and rejections, in the order of their arrival. Never raises."""
        try:
            with self._lock:
                entries = [entry for unit in units for entry in self._found(unit)]
                if entries:
                    self._keep(entries)
                    self._changed()
        except Exception:
            # the boundary to who collects: readings are stored, whatever the rules make of them
            log.exception("looking at readings for alarms failed")

    def know(self, units: Iterable[Unit]) -> None:
        """What the broker had retained: levels of the past. Never raises."""
        try:
            with self._lock:
                known = [unit for unit in units if not isinstance(unit, Rejection)]
                self._keep(self._evaluator.seed(known))
        except Exception:
            # as above
            log.exception("looking at retained levels for alarms failed")

    def _found(self, unit: Unit) -> list[Entry]:
        return self._evaluator.reject(unit) if isinstance(unit, Rejection) else self._evaluator.hear(unit)

    def _tick_on(self) -> None:
        while not self._stopping.wait(SHOW_S):
            try:
                self._take_asked()
                if time.monotonic() - self._ticked_at >= TICK_S:
                    self._ticked_at = time.monotonic()
                    self._tick()
                elif self._unseen:
                    with self._lock:
                        self._show()
            except Exception:
                # the boundary of this thread: the next second may do better
                log.exception("looking at the alarms failed")

    def _take_asked(self) -> None:
        """What operators of this machine did while the journal was away counts at once."""
        if self._outbox is None and self._journal_up:
            return
        try:
            entries = self._asked()
        except SpoolError as error:
            log.warning("what operators left on the disk waits: %s", error)
            return
        if entries:
            with self._lock:
                self._evaluator.replica.adopt(entries)
                self._changed()

    def _tick(self) -> None:
        if not self._seeded:
            self._seed()
        with self._lock:
            self._keep(self._evaluator.tick(self._outlook()))
            self._show()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                for heard in self._journal.follow(self._stopping, self._on_link):
                    self._take(heard)
            except Exception:
                # the boundary of this thread: from the beginning, then
                log.exception("hearing the alarm journal failed")
                self._journal_up = False
                self._stopping.wait(TICK_S)

    def _read_masters(self) -> None:
        wait = TICK_S
        while not self._stopping.wait(wait):
            if not self._journal_up:
                continue
            wait = MASTERS_S
            try:
                masters = self._journal.masters()
                with self._lock:
                    if masters != self._evaluator.masters:
                        log.info("the recipe master has %d versions", len(masters))
                    self._evaluator.masters = masters
            except DatabaseError as error:
                log.info("the recipes are as they were: %s", error)
            except Exception:
                # the boundary of this thread: the next time may do better
                log.exception("reading the recipe master failed")

    def _take(self, heard: Heard) -> None:
        passed = self._passed_over(heard)
        with self._lock:
            if heard.anew:
                self._evaluator.replica.forget(passed)
                self._evaluator.begin_anew(heard.known)
                self._unremembered = 0
            self._evaluator.heard(heard.entries)
            self._changed()
            self._unremembered += len(heard.entries)
            known = self._evaluator.checkpoint() if self._is_due(heard) else None
        if known is not None:
            self._remember(known)

    def _passed_over(self, heard: Heard) -> frozenset[UUID]:
        """Entries that still count as pending, though they are in what is known already.

        Raises: DatabaseError.
        """
        pending = [entry.uuid for entry in self._evaluator.replica.pending] if heard.known.last_id else []
        return self._journal.stored(pending) if pending else frozenset()

    def _is_due(self, heard: Heard) -> bool:
        """The collector keeps a checkpoint now and then, once it has caught up."""
        caught_up = len(heard.entries) < AT_ONCE
        return self._outbox is not None and caught_up and self._unremembered >= CHECKPOINT_EVERY

    def _remember(self, known: Checkpoint) -> None:
        self._unremembered = 0
        try:
            self._journal.remember(known)
        except DatabaseError as error:
            log.info("no checkpoint of the alarm journal is kept: %s", error)

    def _on_link(self, up: bool, why: str) -> None:
        if up is not self._journal_up:
            self._journal_up = up
            log.info("the alarm journal is %s %s", "heard" if up else "not heard:", why)

    def _seed(self) -> None:
        """Levels, times and the errors of the last hour from the database, once it has answered."""
        if not self._journal_up:
            return
        try:
            known = self._journal.seed()
            minutes = self._journal.errors(self._clock() - HOUR)
        except DatabaseError as error:
            log.info("the alarms begin without the past: %s", error)
            return
        with self._lock:
            self._keep(self._evaluator.seed(known))
            self._evaluator.seed_errors(minutes)
        self._seeded = True

    def _outlook(self) -> Outlook:
        now = self._clock()
        picture = self._around.live.picture(now)
        spool = self._spool()
        return Outlook(
            now,
            broker=_view(picture.broker),
            database=_view(picture.database),
            spooled=picture.books.spooled,
            spooled_since=spool.oldest,
            spool_percent=spool.percent,
            on_duty=self._on_duty(now),
        )

    def _on_duty(self, now: datetime) -> bool:
        return not self._calendar.shifts or self._calendar.this_shift(now, self._zone) is not None

    def _keep(self, entries: Sequence[Entry]) -> None:
        """Onto the disk; what the disk does not take now is tried again a second later."""
        if self._outbox is None:
            return
        self._unsaved += entries
        if not self._unsaved:
            return
        try:
            self._outbox.put(self._unsaved)
            self._unsaved = []
            self._around.status.notice("alarms", "")
        except SpoolError as error:
            self._around.status.notice("alarms", str(error))

    def _changed(self) -> None:
        """Shown at once, or where that has just been done, by the clock's thread a moment later."""
        if time.monotonic() - self._shown_at >= SHOW_S:
            self._show()
        else:
            self._unseen = True

    def _show(self) -> None:
        self._unseen, self._shown_at = False, time.monotonic()
        picture = self._evaluator.picture(self._clock(), journal=self._journal_up)
        self._around.live.set_alarms(picture)


def _view(state: LinkState) -> LinkView:
    up = None if state.link is Link.STARTING else state.link is Link.UP
    return LinkView(up, state.since, state.why)
