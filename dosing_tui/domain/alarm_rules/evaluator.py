"""Readings and a clock in, journal entries out: the rules, their delays, and the states they lead to.

A plain object without I/O, for one thread at a time. Its entries count at once for this process; the
collector journals them, and tells with ``apply_committed`` what the journal says; who only watches drops them.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from dosing_tui.domain.alarm_rules import batch_rules, dose_rules, station_rules, tank_rules
from dosing_tui.domain.alarm_rules.delays import (
    DelayedCondition,
    apply_delays,
    build_alarm_view,
    can_be_suppressed,
    create_entry,
    is_active_on_release,
    is_realarm_due,
    restart_off_delay,
)
from dosing_tui.domain.alarm_rules.detection import Detection, EvaluationContext
from dosing_tui.domain.alarm_rules.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.periodic_rules import check_periodic_rules
from dosing_tui.domain.alarm_rules.rule_state import DoseErrorMinute, RuleState, StationState, to_epoch_minute
from dosing_tui.domain.alarm_rules.suppression import SuppressionContext, get_suppression_reason
from dosing_tui.domain.alarms.catalog import CATALOG_VERSION, RULES
from dosing_tui.domain.alarms.checkpoint import EMPTY_CHECKPOINT, Checkpoint
from dosing_tui.domain.alarms.journal_projection import AlarmTransition, JournalProjection
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey, AlarmState, AlarmStateName, JournalEntry
from dosing_tui.domain.alarms.snapshot import (
    FLOOD_PERIOD,
    AlarmSnapshot,
    build_snapshot,
    find_first_outs,
    is_flood_active,
)
from dosing_tui.domain.batches.master_recipe import MasterVersion
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading, Rejection

MAX_CONDITIONS = 10_000
VIEWER_GRACE_TIME = timedelta(seconds=5)
"""What the collector finds, a console that watches has found as well, a moment before it hears of it."""


class Evaluator:
    def __init__(
        self,
        limits: AlarmLimits,
        *,
        expected_stations: tuple[str, ...],
        started_at: datetime,
        realarm_after: timedelta = timedelta(),
        writes_journal: bool = True,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        """``expected_stations``: stations that should report; ``realarm_after`` 0: what is acknowledged stays so.

        ``writes_journal``: entries will be in the journal. Else they only show, and only where the journal is
        not heard or does not say the same within seconds.
        """
        self.projection = JournalProjection(journal_overrides=not writes_journal)
        self._grace_time = timedelta() if writes_journal else VIEWER_GRACE_TIME
        self.limits = limits
        self._rule_state = RuleState(expected_stations, started_at)
        self.master_recipes: Sequence[MasterVersion] = ()
        self._realarm_after = realarm_after
        self._new_id = new_id
        self._conditions: dict[AlarmKey, DelayedCondition] = {}
        self._keys_to_check: set[AlarmKey] = set()
        """Whose delay runs, or whose condition holds."""
        self._is_shift_scheduled = True
        self._raise_times: dict[UUID, datetime] = {}
        """When an alarm began to sound, by the entry: one of this process's own is heard again."""
        self._is_flood = False

    def take_snapshot(self, now: datetime, *, is_journal_live: bool) -> AlarmSnapshot:
        """A copy for the screen; ``is_journal_live``: it is being heard."""
        # what others did during an outage is heard later: these are not in the order of their times
        self._raise_times = {entry: at for entry, at in self._raise_times.items() if at > now - FLOOD_PERIOD}
        raised = len(self._raise_times)
        self._is_flood = is_flood_active(self._is_flood, raised)
        states = (
            self.projection.get_states(now - self._grace_time) if is_journal_live else self.projection.states
        )
        first = find_first_outs(states.values())
        conditions = self._conditions
        views = {
            key: build_alarm_view(state, conditions.get(key), first_out=key in first)
            for key, state in states.items()
        }
        pending = 0 if is_journal_live else self.projection.pending_command_count
        return build_snapshot(
            views,
            at=now,
            raise_count=raised,
            is_flood=self._is_flood,
            is_journal_live=is_journal_live,
            pending_command_count=pending,
        )

    def load_history(self, readings: Iterable[Reading]) -> list[JournalEntry]:
        """Levels and times from the database; doses and events of the past raise nothing."""
        entries: list[JournalEntry] = []
        for reading in tank_rules.load_batch_needs(self._rule_state, readings):
            station = self._rule_state.get_station(reading.device_id)
            if station is None:
                continue
            station_rules.update_last_message(station, reading)
            if isinstance(reading, InventoryLevel):
                if not self._has_level(reading):
                    for finding in tank_rules.check_fill_level(self._rule_state, reading, self.limits):
                        entries += self._apply_detection(finding, reading.received_at)
            elif self._rule_state.is_new(reading) and isinstance(reading, BatchEvent):
                batch_rules.restore_open_batch(station, reading)
        return entries

    def load_dose_errors(self, minutes: Iterable[DoseErrorMinute]) -> None:
        """The doses of the last hour from the database, oldest first."""
        for one in minutes:
            station = self._rule_state.get_station(one.device)
            if station is not None:
                dose_rules.add_dose_errors(
                    station,
                    one.pump,
                    to_epoch_minute(one.minute),
                    doses=one.doses,
                    error_g=one.error_g,
                    outside_tolerance=one.outside,
                )
        self._rule_state.is_history_loaded = True

    def on_reading(self, reading: Reading) -> list[JournalEntry]:
        """What a new reading leads to; nothing, as a rule."""
        station = self._rule_state.get_station(reading.device_id)
        if station is None:
            return []
        if isinstance(reading, InventoryLevel):
            found: Iterable[Detection] = tank_rules.check_level(self._rule_state, reading, self.limits)
        elif self._rule_state.is_new(reading):
            found = self._check_reading(station, reading)
        else:
            return []
        station_rules.update_station(station, reading)
        entries: list[JournalEntry] = []
        for finding in found:
            entries += self._apply_detection(finding, reading.received_at)
        return entries

    def on_rejection(self, rejection: Rejection) -> list[JournalEntry]:
        """What a message that cannot be used leads to."""
        key = AlarmKey("QUARANTINE", "", rejection.topic)
        finding = Detection(key, True, f"Unreadable message on {rejection.topic}: {rejection.reason}")
        return self._apply_detection(finding, rejection.received_at)

    def on_tick(self, context: EvaluationContext) -> list[JournalEntry]:
        """What time has done, once a second."""
        self._is_shift_scheduled = context.is_shift_scheduled
        entries: list[JournalEntry] = []
        for finding in check_periodic_rules(self._rule_state, context, self.limits):
            entries += self._apply_detection(finding, context.now)
        for key in [
            *self._keys_to_check,
            *(key for key in self.projection.states if key not in self._keys_to_check),
        ]:
            entries += self._update_alarm(key, context.now)
        return entries

    def restart_from(self, checkpoint: Checkpoint = EMPTY_CHECKPOINT) -> None:
        """The journal will be heard from behind what is known of it."""
        self.projection.restart_from(checkpoint)
        self._raise_times = {uuid4(): at for at in checkpoint.raise_times}

    def create_checkpoint(self) -> Checkpoint:
        """What the journal has come to, as far as it was heard."""
        return Checkpoint(
            self.projection.last_entry_id, self.projection.confirmed_states, tuple(self._raise_times.values())
        )

    def apply_committed(self, entries: Iterable[JournalEntry]) -> list[AlarmTransition]:
        """What the journal says, in its order; answers what it changed."""
        effects = self.projection.apply_committed(entries)
        for effect in effects:
            self._count_raise(effect)
        return effects

    def _check_reading(self, station: StationState, reading: Dose | BatchEvent) -> Iterable[Detection]:
        if isinstance(reading, BatchEvent):
            return batch_rules.check_batch_event(station, reading, self.master_recipes)
        tank_rules.add_dose(self._rule_state, reading)
        batch_rules.add_dose(station, reading)
        return dose_rules.check_dose(station, reading, self.limits)

    def _has_level(self, level: InventoryLevel) -> bool:
        tank = self._rule_state.tanks.get((level.device_id, level.chemical))
        return tank is not None and tank.level_time is not None

    def _apply_detection(self, detection: Detection, at: datetime) -> list[JournalEntry]:
        condition = self._conditions.get(detection.key)
        if condition is None:
            if detection.active is None and not self._is_alarm_active(detection.key):
                return []  # the journal may not be heard yet: nothing is known to be over
            condition = self._add_condition(detection, at)
            if condition is None:
                return []
        if detection.active and is_realarm_due(self.projection.get_state(detection.key), condition.rule):
            restart_off_delay(condition, detection, at)
            self._keys_to_check.add(detection.key)
            return self._emit_entry(AlarmEvent.REALARM, condition, at)
        active = condition.is_detected if detection.active is None else detection.active
        if active == condition.is_detected == condition.is_active:
            if active:
                condition.detection = detection
            return []
        if active:
            condition.detection = detection
        if active != condition.is_detected:
            condition.is_detected, condition.since = active, at
        self._keys_to_check.add(detection.key)
        return self._update_alarm(detection.key, at)

    def _is_alarm_active(self, key: AlarmKey) -> bool:
        state = self.projection.states.get(key)
        return state is not None and state.active

    def _add_condition(self, detection: Detection, at: datetime) -> DelayedCondition | None:
        """None for one too many. What the journal calls active holds until something else is found."""
        if len(self._conditions) >= MAX_CONDITIONS:
            return None
        holds = self._is_alarm_active(detection.key)
        condition = DelayedCondition(RULES[detection.key.rule], detection, is_active=holds, since=at)
        self._conditions[detection.key] = condition
        return condition

    def _update_alarm(self, key: AlarmKey, now: datetime) -> list[JournalEntry]:
        """Bring the alarm's state to where its condition, its delays and its hiding want it."""
        state = self.projection.get_state(key)
        condition = self._update_condition(state, now)
        if state.hiding is not None:
            return self._check_suppression_end(state, condition, now)
        if condition is None:
            return []
        if not condition.is_active:
            if state.active:
                return self._emit_entry(AlarmEvent.RETURN, condition, now)
            if not condition.is_detected:
                self._keys_to_check.discard(key)
            return []
        if can_be_suppressed(state, condition.rule) and (why := self._get_suppression_reason(key)):
            return self._emit_entry(AlarmEvent.SUPPRESS, condition, now, comment=why)
        if not state.active:
            return self._emit_entry(AlarmEvent.RAISE, condition, now)
        return self._check_escalation(state, condition, now)

    def _update_condition(self, state: AlarmState, now: datetime) -> DelayedCondition | None:
        """The condition, its delay looked at."""
        condition = self._conditions.get(state.key)
        if condition is None:
            rule = RULES.get(state.key.rule)
            if rule is None or not rule.momentary:
                return None
            # what happened before a restart is over; it returns after its delay
            condition = self._add_condition(
                Detection(state.key, None, state.message, state.value, state.limit), now
            )
            if condition is None:
                return None
            condition.is_detected = False
            self._keys_to_check.add(state.key)
        apply_delays(condition, now, is_alarm_active=state.active and state.hiding is None)
        return condition

    def _check_suppression_end(
        self, state: AlarmState, condition: DelayedCondition | None, now: datetime
    ) -> list[JournalEntry]:
        hiding = state.hiding
        assert hiding is not None  # asked for a hidden alarm
        holds = condition is not None and condition.is_active
        if hiding.shown is AlarmStateName.SHELVED and hiding.until is not None and hiding.until <= now:
            return self._end_suppression(AlarmEvent.SHELVE_EXPIRE, state, condition, now, active=holds)
        if hiding.shown is AlarmStateName.SUPPRESSED and not self._get_suppression_reason(state.key):
            back = is_active_on_release(state, condition_active=holds)
            return self._end_suppression(AlarmEvent.UNSUPPRESS, state, condition, now, active=back)
        return []

    def _end_suppression(
        self,
        event: AlarmEvent,
        state: AlarmState,
        condition: DelayedCondition | None,
        now: datetime,
        *,
        active: bool,
    ) -> list[JournalEntry]:
        if condition is not None:
            return self._emit_entry(event, condition, now, active=active)
        entry = JournalEntry(
            self._new_id(), state.key, event, now, now, state.priority, CATALOG_VERSION, message=state.message
        )
        return self._apply_pending(entry)

    def _check_escalation(
        self, state: AlarmState, condition: DelayedCondition, now: datetime
    ) -> list[JournalEntry]:
        """An alarm that lasts: more urgent than it was, or acknowledged for too long."""
        priority = condition.detection.priority or condition.rule.priority
        if priority.rank < state.priority.rank:
            return self._emit_entry(AlarmEvent.ESCALATE, condition, now)
        acked_at = state.acked_at if self._realarm_after else None
        if acked_at is not None and now - acked_at >= self._realarm_after:
            return self._emit_entry(AlarmEvent.REALARM, condition, now)
        return []

    def _get_suppression_reason(self, key: AlarmKey) -> str:
        return get_suppression_reason(
            key, SuppressionContext(self.projection.states, self._rule_state, self._is_shift_scheduled)
        )

    def _emit_entry(
        self,
        event: AlarmEvent,
        condition: DelayedCondition,
        now: datetime,
        *,
        active: bool = False,
        comment: str = "",
    ) -> list[JournalEntry]:
        entry = create_entry(condition, event, now, self._new_id(), active=active, comment=comment)
        return self._apply_pending(entry)

    def _apply_pending(self, entry: JournalEntry) -> list[JournalEntry]:
        effect = self.projection.apply_pending(entry)
        if effect is None:
            return []
        self._count_raise(effect)
        return [entry]

    def _count_raise(self, transition: AlarmTransition) -> None:
        if transition.is_new_occurrence and len(self._raise_times) < MAX_CONDITIONS:
            self._raise_times[transition.entry.uuid] = transition.entry.at
