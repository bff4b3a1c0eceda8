"""Tells people that the database is away: the one alarm that cannot wait until the journal has it.

It is told under the id that its notice has in the database later. What came of it is kept beside the spool,
and whoever tells of alarms takes it over from there when the database is back.
"""

import logging
import threading
import time
from datetime import datetime
from queue import Empty, SimpleQueue
from uuid import UUID
from zoneinfo import ZoneInfo

from dosing_tui.collector.alarms.journal_outbox import Outbox
from dosing_tui.collector.context.interfaces import Surroundings
from dosing_tui.collector.notifications.channel_state import Telling
from dosing_tui.collector.notifications.delivery_worker import Outcome
from dosing_tui.domain.alarms.models import AlarmKey, AlarmState, Event, Shown
from dosing_tui.domain.notifications.policy import LATEST, PERIOD, Fate, Occasion, Told, Waiting
from dosing_tui.errors import SpoolError
from dosing_tui.live_state import Link

log = logging.getLogger(__name__)

KEY = AlarmKey("DB_DOWN")
LAST_ANSWERS_S = 3.0
STOP_S = 5.0


class Absence:
    """A thread of its own, and couriers of its own; none where nobody wants to be told of what is raised."""

    def __init__(self, around: Surroundings, outbox: Outbox) -> None:
        self._around = around
        self._clock = around.clock
        self._status = around.status
        self._outbox = outbox
        settings = around.settings
        self._zone = ZoneInfo(settings.plant.timezone)
        self._done: SimpleQueue[Outcome] = SimpleQueue()
        every = (Telling(one, settings, around.pace, self._done) for one in settings.notifications)
        self._tellings = {one.name: one for one in every if Occasion.RAISE in one.wish.occasions}
        self._carried: dict[str, UUID] = {}
        """What a courier of this process has under way, by channel."""
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notify-absence", daemon=True)

    def start(self) -> None:
        if self._tellings:
            for telling in self._tellings.values():
                telling.courier.start()
            self._thread.start()

    def stop(self) -> None:
        """Waits shortly for the answers to what is under way; what has none is not told again."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def hand_over(self, channel: str, occurrence: UUID) -> Fate:
        """What came of it: CLAIMED while it is under way; WAITING if the asker tells it: this will not."""
        try:
            with self._lock:
                if self._carried.get(channel) == occurrence:
                    return Fate.CLAIMED
                fate = self._outbox.told(channel, occurrence)
                if fate is None or fate is Fate.WAITING:
                    self._outbox.note_told(channel, occurrence, Fate.WITHDRAWN, self._clock())
        except SpoolError as error:
            log.warning("what was told without the database is not known: %s", error)
            return Fate.WAITING
        if fate is Fate.CLAIMED:
            return Fate.UNKNOWN
        return fate if fate in (Fate.SENT, Fate.FAILED) else Fate.WAITING

    def _run(self) -> None:
        while not self._stopping.wait(self._around.pace.notify_look_s):
            try:
                self._settle()
                self._look()
            except SpoolError as error:
                log.warning("that the database is away is not told: %s", error)
            except Exception:
                # the boundary of this thread: the next second may do better
                log.exception("telling that the database is away failed")
        self._end()

    def _look(self) -> None:
        picture = self._around.live.picture(self._clock())
        listed = picture.alarms.listed if picture.alarms else ()
        alarm = next((view.state for view in listed if view.state.key == KEY), None)
        if picture.database.link is not Link.DOWN or alarm is None or alarm.shown is not Shown.UNACK:
            self._rest()
            return
        since = min(one for one in (picture.database.since, alarm.raised_at, self._clock()) if one)
        if self._clock() - since > LATEST:
            self._rest()
            return
        for telling in self._tellings.values():
            if telling.ready and alarm.priority in telling.wish.priorities:
                self._tell(telling, alarm, since)

    def _rest(self) -> None:
        """There is nothing to be told any more, or whoever tells of alarms does it."""
        for telling in self._tellings.values():
            if telling.failing and telling.courier.carries is None:
                telling.succeeded()
                self._status.notice(_about(telling.name), "")

    def _tell(self, telling: Telling, alarm: AlarmState, since: datetime) -> None:
        now, occurrence = self._clock(), alarm.occurrence
        if occurrence is None:
            return
        with self._lock:
            if self._outbox.told(telling.name, occurrence) not in (None, Fate.WAITING):
                return
            # one that comes and goes is told of by the rules of the others, when it is back
            if self._outbox.told_since(telling.name, now - PERIOD, besides=occurrence):
                return
            self._outbox.note_told(telling.name, occurrence, Fate.CLAIMED, now)
            self._carried[telling.name] = occurrence
        message = telling.single(Waiting(0, Occasion.RAISE, occurrence, now, self._told(alarm, since)))
        telling.courier.carry(0, f"{KEY.tag}, without the database", message)

    def _told(self, alarm: AlarmState, since: datetime) -> Told:
        words = (
            f"The database has been away since {since.astimezone(self._zone):%Y-%m-%d %H:%M}: "
            "readings are kept here, alarms are not told until it is back"
        )
        return Told(
            KEY, Event.RAISE, alarm.priority, alarm.raised_at or since, words, alarm.value, alarm.limit
        )

    def _settle(self) -> None:
        while True:
            try:
                self._settle_one(self._done.get_nowait())
            except Empty:
                return

    def _settle_one(self, outcome: Outcome) -> None:
        name, trouble = outcome.channel, outcome.trouble
        telling = self._tellings[name]
        fate = Fate.SENT if trouble is None else Fate.FAILED if trouble.lasting else Fate.WAITING
        with self._lock:
            occurrence = self._carried.pop(name)
            telling.courier.carries = None
            self._outbox.note_told(name, occurrence, fate, self._clock())
        if trouble is None:
            telling.succeeded()
            self._status.notice(_about(name), "")
            log.info("notification %s: told of %s. %s", name, outcome.what, outcome.said)
        elif trouble.lasting:
            self._status.say(f"Notification {name} cannot tell that the database is away: {trouble}")
        else:
            telling.failed()
            self._status.notice(
                _about(name),
                f"Notification {name} does not tell that the database is away, and is tried again: {trouble}",
            )

    def _end(self) -> None:
        until = time.monotonic() + LAST_ANSWERS_S
        try:
            while self._carried and time.monotonic() < until:
                self._settle_one(self._done.get(timeout=max(until - time.monotonic(), 0.01)))
        except Empty:
            log.info("that the database is away may have been told")
        except SpoolError as error:
            log.warning("what was told without the database is not kept: %s", error)


def _about(channel: str) -> str:
    return f"absence {channel}"
