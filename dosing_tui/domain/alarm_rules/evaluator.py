"""Readings and a clock in, journal entries out: the rules, their delays, and the states they lead to.

A plain object without I/O, for one thread at a time. Its entries count at once for this process; the
collector journals them, and tells with ``heard`` what the journal says; who only watches drops them.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from dosing_tui.domain.alarm_rules import batch_rules, dose_rules, station_rules, tank_rules
from dosing_tui.domain.alarm_rules.delays import (
    Condition,
    entry_of,
    happens_again,
    may_be_suppressed,
    note_again,
    settle,
    sounds_again,
    viewed,
)
from dosing_tui.domain.alarm_rules.detection import Finding, Outlook
from dosing_tui.domain.alarm_rules.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.periodic_rules import over_time
from dosing_tui.domain.alarm_rules.rule_state import Memory, MinuteOfErrors, Station, minute_of
from dosing_tui.domain.alarm_rules.suppression import Scene, reason
from dosing_tui.domain.alarms.catalog import RULES, VERSION
from dosing_tui.domain.alarms.checkpoint import NOTHING, Checkpoint
from dosing_tui.domain.alarms.journal_projection import Effect, Replica
from dosing_tui.domain.alarms.models import AlarmKey, AlarmState, Entry, Event, Shown
from dosing_tui.domain.alarms.snapshot import FLOOD_PERIOD, AlarmPicture, first_outs, flooded, pictured
from dosing_tui.domain.batches.master_recipe import MasterVersion
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading, Rejection

MAX_CONDITIONS = 10_000
PATIENCE = timedelta(seconds=5)
"""What the collector finds, a console that watches has found as well, a moment before it hears of it."""


class Evaluator:
    def __init__(
        self,
        limits: AlarmLimits,
        *,
        expected: tuple[str, ...],
        started_at: datetime,
        realarm_after: timedelta = timedelta(),
        journaling: bool = True,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        """``expected``: stations that should report; ``realarm_after`` 0: what is acknowledged stays so.

        ``journaling``: entries will be in the journal. Else they only show, and only where the journal is
        not heard or does not say the same within seconds.
        """
        self.replica = Replica(yields=not journaling)
        self._patience = timedelta() if journaling else PATIENCE
        self.limits = limits
        self._memory = Memory(expected, started_at)
        self.masters: Sequence[MasterVersion] = ()
        self._realarm_after = realarm_after
        self._new_id = new_id
        self._conditions: dict[AlarmKey, Condition] = {}
        self._restless: set[AlarmKey] = set()
        """Whose delay runs, or whose condition holds."""
        self._on_duty = True
        self._raises: dict[UUID, datetime] = {}
        """When an alarm began to sound, by the entry: one of this process's own is heard again."""
        self._flood = False

    def picture(self, now: datetime, *, journal: bool) -> AlarmPicture:
        """A copy for the screen; ``journal``: it is being heard."""
        # what others did during an outage is heard later: these are not in the order of their times
        self._raises = {entry: at for entry, at in self._raises.items() if at > now - FLOOD_PERIOD}
        raised = len(self._raises)
        self._flood = flooded(self._flood, raised)
        states = self.replica.states_of(now - self._patience) if journal else self.replica.states
        first = first_outs(states.values())
        conditions = self._conditions
        views = {
            key: viewed(state, conditions.get(key), first_out=key in first) for key, state in states.items()
        }
        pending = 0 if journal else self.replica.people_pending
        return pictured(views, at=now, raised=raised, flood=self._flood, journal=journal, pending=pending)

    def seed(self, readings: Iterable[Reading]) -> list[Entry]:
        """Levels and times from the database; doses and events of the past raise nothing."""
        entries: list[Entry] = []
        for reading in tank_rules.needs_noted(self._memory, readings):
            station = self._memory.station(reading.device_id)
            if station is None:
                continue
            station_rules.note_known(station, reading)
            if isinstance(reading, InventoryLevel):
                if not self._knows(reading):
                    for finding in tank_rules.fullness(self._memory, reading, self.limits):
                        entries += self._consider(finding, reading.received_at)
            elif self._memory.is_new(reading) and isinstance(reading, BatchEvent):
                batch_rules.note_known(station, reading)
        return entries

    def seed_errors(self, minutes: Iterable[MinuteOfErrors]) -> None:
        """The doses of the last hour from the database, oldest first."""
        for one in minutes:
            station = self._memory.station(one.device)
            if station is not None:
                dose_rules.note_errors(
                    station,
                    one.pump,
                    minute_of(one.minute),
                    doses=one.doses,
                    error_g=one.error_g,
                    outside=one.outside,
                )
        self._memory.seeded = True

    def hear(self, reading: Reading) -> list[Entry]:
        """What a new reading leads to; nothing, as a rule."""
        station = self._memory.station(reading.device_id)
        if station is None:
            return []
        if isinstance(reading, InventoryLevel):
            found: Iterable[Finding] = tank_rules.from_level(self._memory, reading, self.limits)
        elif self._memory.is_new(reading):
            found = self._told(station, reading)
        else:
            return []
        station_rules.note_heard(station, reading)
        entries: list[Entry] = []
        for finding in found:
            entries += self._consider(finding, reading.received_at)
        return entries

    def reject(self, rejection: Rejection) -> list[Entry]:
        """What a message that cannot be used leads to."""
        key = AlarmKey("QUARANTINE", "", rejection.topic)
        finding = Finding(key, True, f"Unreadable message on {rejection.topic}: {rejection.reason}")
        return self._consider(finding, rejection.received_at)

    def tick(self, outlook: Outlook) -> list[Entry]:
        """What time has done, once a second."""
        self._on_duty = outlook.on_duty
        entries: list[Entry] = []
        for finding in over_time(self._memory, outlook, self.limits):
            entries += self._consider(finding, outlook.now)
        for key in [*self._restless, *(key for key in self.replica.states if key not in self._restless)]:
            entries += self._reconcile(key, outlook.now)
        return entries

    def begin_anew(self, known: Checkpoint = NOTHING) -> None:
        """The journal will be heard from behind what is known of it."""
        self.replica.begin_anew(known)
        self._raises = {uuid4(): at for at in known.raises}

    def checkpoint(self) -> Checkpoint:
        """What the journal has come to, as far as it was heard."""
        return Checkpoint(self.replica.last_id, self.replica.told, tuple(self._raises.values()))

    def heard(self, entries: Iterable[Entry]) -> list[Effect]:
        """What the journal says, in its order; answers what it changed."""
        effects = self.replica.heard(entries)
        for effect in effects:
            self._count(effect)
        return effects

    def _told(self, station: Station, reading: Dose | BatchEvent) -> Iterable[Finding]:
        if isinstance(reading, BatchEvent):
            return batch_rules.from_event(station, reading, self.masters)
        tank_rules.note_dose(self._memory, reading)
        batch_rules.note_dose(station, reading)
        return dose_rules.from_dose(station, reading, self.limits)

    def _knows(self, level: InventoryLevel) -> bool:
        tank = self._memory.tanks.get((level.device_id, level.chemical))
        return tank is not None and tank.level_time is not None

    def _consider(self, finding: Finding, at: datetime) -> list[Entry]:
        condition = self._conditions.get(finding.key)
        if condition is None:
            if finding.active is None and not self._known_active(finding.key):
                return []  # the journal may not be heard yet: nothing is known to be over
            condition = self._first(finding, at)
            if condition is None:
                return []
        if finding.active and happens_again(self.replica.state(finding.key), condition.rule):
            note_again(condition, finding, at)
            self._restless.add(finding.key)
            return self._emit(Event.REALARM, condition, at)
        active = condition.raw if finding.active is None else finding.active
        if active == condition.raw == condition.holds:
            if active:
                condition.finding = finding
            return []
        if active:
            condition.finding = finding
        if active != condition.raw:
            condition.raw, condition.since = active, at
        self._restless.add(finding.key)
        return self._reconcile(finding.key, at)

    def _known_active(self, key: AlarmKey) -> bool:
        state = self.replica.states.get(key)
        return state is not None and state.active

    def _first(self, finding: Finding, at: datetime) -> Condition | None:
        """None for one too many. What the journal calls active holds until something else is found."""
        if len(self._conditions) >= MAX_CONDITIONS:
            return None
        holds = self._known_active(finding.key)
        condition = Condition(RULES[finding.key.rule], finding, holds=holds, since=at)
        self._conditions[finding.key] = condition
        return condition

    def _reconcile(self, key: AlarmKey, now: datetime) -> list[Entry]:
        """Bring the alarm's state to where its condition, its delays and its hiding want it."""
        state = self.replica.state(key)
        condition = self._settled(state, now)
        if state.hiding is not None:
            return self._hidden(state, condition, now)
        if condition is None:
            return []
        if not condition.holds:
            if state.active:
                return self._emit(Event.RETURN, condition, now)
            if not condition.raw:
                self._restless.discard(key)
            return []
        if may_be_suppressed(state, condition.rule) and (why := self._reason(key)):
            return self._emit(Event.SUPPRESS, condition, now, comment=why)
        if not state.active:
            return self._emit(Event.RAISE, condition, now)
        return self._louder(state, condition, now)

    def _settled(self, state: AlarmState, now: datetime) -> Condition | None:
        """The condition, its delay looked at."""
        condition = self._conditions.get(state.key)
        if condition is None:
            rule = RULES.get(state.key.rule)
            if rule is None or not rule.momentary:
                return None
            # what happened before a restart is over; it returns after its delay
            condition = self._first(Finding(state.key, None, state.message, state.value, state.limit), now)
            if condition is None:
                return None
            condition.raw = False
            self._restless.add(state.key)
        settle(condition, now, sounds=state.active and state.hiding is None)
        return condition

    def _hidden(self, state: AlarmState, condition: Condition | None, now: datetime) -> list[Entry]:
        hiding = state.hiding
        assert hiding is not None  # asked for a hidden alarm
        holds = condition is not None and condition.holds
        if hiding.shown is Shown.SHELVED and hiding.until is not None and hiding.until <= now:
            return self._reveal(Event.EXPIRE, state, condition, now, active=holds)
        if hiding.shown is Shown.SUPPRESSED and not self._reason(state.key):
            back = sounds_again(state, holds=holds)
            return self._reveal(Event.RELEASE, state, condition, now, active=back)
        return []

    def _reveal(
        self, event: Event, state: AlarmState, condition: Condition | None, now: datetime, *, active: bool
    ) -> list[Entry]:
        if condition is not None:
            return self._emit(event, condition, now, active=active)
        entry = Entry(
            self._new_id(), state.key, event, now, now, state.priority, VERSION, message=state.message
        )
        return self._proposed(entry)

    def _louder(self, state: AlarmState, condition: Condition, now: datetime) -> list[Entry]:
        """An alarm that lasts: more urgent than it was, or acknowledged for too long."""
        priority = condition.finding.priority or condition.rule.priority
        if priority.rank < state.priority.rank:
            return self._emit(Event.ESCALATE, condition, now)
        acked_at = state.acked_at if self._realarm_after else None
        if acked_at is not None and now - acked_at >= self._realarm_after:
            return self._emit(Event.REALARM, condition, now)
        return []

    def _reason(self, key: AlarmKey) -> str:
        return reason(key, Scene(self.replica.states, self._memory, self._on_duty))

    def _emit(
        self, event: Event, condition: Condition, now: datetime, *, active: bool = False, comment: str = ""
    ) -> list[Entry]:
        entry = entry_of(condition, event, now, self._new_id(), active=active, comment=comment)
        return self._proposed(entry)

    def _proposed(self, entry: Entry) -> list[Entry]:
        effect = self.replica.propose(entry)
        if effect is None:
            return []
        self._count(effect)
        return [entry]

    def _count(self, effect: Effect) -> None:
        if effect.begins and len(self._raises) < MAX_CONDITIONS:
            self._raises[effect.entry.uuid] = effect.entry.at
