"""Tells people of alarms: journal to notices, notices to couriers, and what became of each to the database.

Only what is committed in the journal is told, so an alarm that the database never heard of is not. It never
holds up anybody: it has a thread and a session of its own, and each channel has a courier.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from queue import Empty, SimpleQueue
from uuid import UUID

from dosing_tui.collector.context.interfaces import Surroundings
from dosing_tui.collector.context.intervals import retry_delay
from dosing_tui.collector.notifications.channel_state import Telling
from dosing_tui.collector.notifications.database_outage import KEY as AWAY
from dosing_tui.collector.notifications.delivery_worker import Outcome
from dosing_tui.database.alarms.notification_queue import Summary
from dosing_tui.domain.alarms.checkpoint import CHECKPOINT_EVERY, NOTHING, Checkpoint
from dosing_tui.domain.alarms.journal_projection import Effect, Replica
from dosing_tui.domain.notifications.policy import LATEST, Choice, Fate, Occasion, Waiting, chosen, noticed
from dosing_tui.errors import DatabaseError, DatabaseRefused

log = logging.getLogger(__name__)

STEP_S = 0.1
"""Between two looks at the couriers."""
SWEEP_S = 60.0
REFUSALS = 5
"""Of the database, before somebody has to know: at the very first start the schema is still being made."""
LAST_ANSWERS_S = 3.0
"""At the end, for the couriers under way: nothing that ends in good order hangs for longer."""
NOT_KNOWN = "whether it was told is not known, and it is not told again."
STOP_S = 10.0

HandOver = Callable[[str, UUID], Fate]
"""What came of telling the channel of that occurrence while the database was away; WAITING if nobody did."""


def not_told(channel: str, occurrence: UUID) -> Fate:
    return Fate.WAITING


class Notifying:
    """One thread that never gives up until it is stopped; none where nobody wants to be told."""

    def __init__(self, around: Surroundings, *, hand_over: HandOver = not_told) -> None:
        self._around = around
        self._hand_over = hand_over
        self._clock = around.clock
        self._status = around.status
        self._book = around.database.postbook()
        self._done: SimpleQueue[Outcome] = SimpleQueue()
        self._outcomes: deque[Outcome] = deque()
        """Known, and not in the database yet."""
        settings = around.settings
        self._tellings = {
            one.name: Telling(one, settings, around.pace, self._done) for one in settings.notifications
        }
        self._replica = Replica()
        self._known = NOTHING
        """What the journal had come to when all notices of it were made last."""
        self._unremembered = 0
        """Entries of the journal since the last checkpoint."""
        self._cursors: dict[str, int] = {}
        self._look_at = self._sweep_at = 0.0
        self._failures = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notifying", daemon=True)

    def start(self) -> None:
        if self._tellings:
            for telling in self._tellings.values():
                telling.courier.start()
            self._thread.start()

    def stop(self) -> None:
        """Waits shortly for the answers to what is under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._tell()
            except DatabaseError as error:
                # an outage is told of by who writes the readings
                log.info("notifications wait: %s", error)
                self._rest(error)
            except Exception:
                # the boundary of this thread: by what the database knows, then
                log.exception("telling of alarms failed")
                self._known = NOTHING
                self._rest()
        self._end()

    def _rest(self, error: DatabaseError | None = None) -> None:
        self._failures += 1
        if isinstance(error, DatabaseRefused) and self._failures >= REFUSALS:
            self._status.notice("notify", f"Nobody is told of alarms: {error}")
        self._stopping.wait(retry_delay(self._around.pace, self._failures))

    def _tell(self) -> None:
        """One session, as long as it lasts."""
        self._begin()
        while not self._stopping.is_set():
            news = self._read()
            self._settle()
            if news or time.monotonic() >= self._look_at:
                self._look_at = time.monotonic() + self._around.pace.notify_look_s
                self._look()
            if self._failures:
                self._failures = 0
                self._status.notice("notify", "")
            self._book.await_entries(STEP_S)

    def _begin(self) -> None:
        """From the newest of what is known of the journal, as far as nobody has still to be told of it."""
        opened = self._book.open(list(self._tellings))
        self._cursors = opened.cursors
        known = opened.known
        if known.last_id < self._known.last_id <= min(opened.cursors.values()):
            known = self._known
        self._replica = Replica()
        self._replica.begin_anew(known)

    def _read(self) -> bool:
        """The journal to its end; what people want to know of it goes into the book."""
        any_news = False
        while entries := self._book.entries(self._replica.last_id):
            any_news |= self._plan(self._replica.heard(entries))
            self._known = Checkpoint(self._replica.last_id, self._replica.told)
            self._unremembered += len(entries)
        if self._unremembered >= CHECKPOINT_EVERY:
            self._remember()
        return any_news

    def _remember(self) -> None:
        """A right that is missing costs the next start time; it keeps nothing from being told."""
        self._unremembered = 0
        try:
            self._book.remember(self._known)
        except DatabaseRefused as error:
            log.info("no checkpoint of what was told is kept: %s", error)

    def _plan(self, effects: list[Effect]) -> bool:
        last_id = self._replica.last_id
        behind = [name for name, upto in self._cursors.items() if upto < last_id]
        if not behind:
            return False
        since = self._clock() - LATEST
        notices = [
            notice
            for name in behind
            for notice in noticed(
                (one for one in effects if one.entry.id > self._cursors[name] and one.entry.at > since),
                self._tellings[name].wish,
            )
        ]
        self._book.plan(notices, behind, last_id=last_id)
        self._cursors.update(dict.fromkeys(behind, last_id))
        return bool(notices)

    def _look(self) -> None:
        now = self._clock()
        if time.monotonic() >= self._sweep_at:
            self._sweep_at = time.monotonic() + SWEEP_S
            for name in self._book.forget_claims(now=now):
                self._status.say(
                    f"Notification {name}: a process ended while it told of an alarm; {NOT_KNOWN}"
                )
        for name in self._book.due(now=now):
            telling = self._tellings.get(name)
            if telling is not None and telling.ready:
                self._serve(telling)
        failing = [telling for telling in self._tellings.values() if telling.failing]
        if failing:
            tried = self._book.tried()
            for telling in failing:
                if telling.name not in tried:
                    self._goes_out(telling)

    def _goes_out(self, telling: Telling) -> None:
        """As far as anybody knows: nothing that was tried in vain waits."""
        telling.succeeded()
        self._status.notice(f"notify {telling.name}", "")

    def _serve(self, telling: Telling) -> None:
        """Give the courier what is to be told next, if anything is."""
        now, name = self._clock(), telling.name
        for reason in self._book.give_up(name, now=now):
            self._status.say(f"Notification {name} is given up after a day: {reason or 'it had no turn.'}")
        recent, high = self._book.recent(name, now=now)
        if min(recent, high) >= telling.most:
            telling.full()
            return
        if recent < telling.most and (again := self._book.summary(name)) is not None:
            if self._book.claim(again.id, now=now):
                self._carry_summary(telling, again)
            return
        waiting = self._taken_over(name, self._book.waiting(name, now=now, last_id=self._replica.last_id))
        choice = chosen(
            waiting, self._replica.states, recent=recent, recent_high=high, most=telling.most, now=now
        )
        self._send(telling, choice, now)
        if recent >= telling.most and not choice.sent:
            telling.full()

    def _send(self, telling: Telling, choice: Choice, now: datetime) -> None:
        name = telling.name
        if choice.withdrawn:
            self._book.settle(choice.withdrawn, Fate.WITHDRAWN, now=now)
        if len(choice.sent) > 1:
            made = self._book.claim_summary(name, choice.sent, now=now)
            if made is not None:
                self._carry_summary(telling, made)
        elif choice.sent and self._book.claim(choice.sent[0].id, now=now):
            one = choice.sent[0]
            telling.courier.carry(one.id, f"{one.told.key.tag}, {one.occasion}", telling.single(one))

    def _taken_over(self, name: str, waiting: Sequence[Waiting]) -> list[Waiting]:
        """What is still to be told of it: not what was told while the database was away, or is just now."""
        left: list[Waiting] = []
        for one in waiting:
            fate = Fate.WAITING
            if one.told.key == AWAY and one.occasion is Occasion.RAISE:
                fate = self._hand_over(name, one.occurrence)
            if fate is Fate.WAITING:
                left.append(one)
            elif fate is not Fate.CLAIMED:
                said = "Told while the database was away."
                self._book.settle([one.id], fate, now=self._clock(), reason=said if fate is Fate.SENT else "")
        return left

    def _carry_summary(self, telling: Telling, summary: Summary) -> None:
        members = self._book.members(summary.id)
        message = telling.summary(summary.occurrence, members)
        telling.courier.carry(summary.id, f"{len(members)} messages in one", message)

    def _settle(self) -> None:
        while True:
            try:
                self._outcomes.append(self._done.get_nowait())
            except Empty:
                break
        while self._outcomes:
            self._settle_one(self._outcomes[0])
            self._outcomes.popleft()
            self._look_at = 0.0

    def _settle_one(self, outcome: Outcome) -> None:
        telling, trouble = self._tellings[outcome.channel], outcome.trouble
        fate = Fate.SENT if trouble is None else Fate.FAILED if trouble.lasting else Fate.WAITING
        self._book.settle([outcome.id], fate, now=self._clock(), reason=str(trouble or outcome.said))
        telling.courier.carries = None
        if trouble is None:
            self._goes_out(telling)
            log.info("notification %s: told of %s. %s", outcome.channel, outcome.what, outcome.said)
        elif trouble.lasting:
            self._status.say(f"Notification {outcome.channel} cannot tell of {outcome.what}: {trouble}")
        else:
            telling.failed()
            self._status.notice(
                f"notify {outcome.channel}",
                f"Notification {outcome.channel} does not go out, and is tried again: {trouble}",
            )

    def _end(self) -> None:
        """What is answered soon counts. Of the rest nobody knows whether it was told: not again."""
        until = time.monotonic() + LAST_ANSWERS_S
        try:
            while self._under_way() and time.monotonic() < until:
                self._outcomes.append(self._done.get(timeout=max(until - time.monotonic(), 0.01)))
                self._settle()
        except Empty:
            log.info("notifications under way are not answered")
        except DatabaseError as error:
            log.info("what became of notifications is not stored: %s", error)
        try:
            self._abandon()
        except DatabaseError as error:
            # they stay claimed: whoever tells next finds them so, and does not tell them either
            log.info("notifications under way stay claimed: %s", error)
        self._book.close()

    def _abandon(self) -> None:
        for name, telling in self._tellings.items():
            if (carried := telling.courier.carries) is not None:
                self._book.settle([carried], Fate.UNKNOWN, now=self._clock(), reason="The collector ended.")
                self._status.say(f"Notification {name}: this process ends while it tells; {NOT_KNOWN}")

    def _under_way(self) -> list[int]:
        carried = (telling.courier.carries for telling in self._tellings.values())
        return [id_ for id_ in carried if id_ is not None]
