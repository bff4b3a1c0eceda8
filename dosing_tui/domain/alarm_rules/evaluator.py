"""Alarm evaluator: converts readings and time into journal entries.

It has no I/O and is not thread-safe. Its entries take effect at once in this process. The collector journals
them, and passes the committed entries to ``apply_committed``; a viewer discards them.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from msgspec.structs import replace

from dosing_tui.domain.alarm_rules.alarm_display import AlarmDisplay
from dosing_tui.domain.alarm_rules.delays import (
    DelayedCondition,
    apply_delays,
    create_entry,
    create_state_entry,
    find_escalation,
    is_realarm_due,
)
from dosing_tui.domain.alarm_rules.retirement import TANK_RULES, RetirementRules
from dosing_tui.domain.alarm_rules.rule_set import RuleSet
from dosing_tui.domain.alarm_rules.shared.batch_need import BatchNeed
from dosing_tui.domain.alarm_rules.shared.bounded_states import BoundedStates
from dosing_tui.domain.alarm_rules.shared.detection import Detection, EvaluationContext
from dosing_tui.domain.alarm_rules.shared.flood_counter import FloodCounter
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.suppression import get_suppression_reason
from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.domain.alarms.checkpoint import EMPTY_CHECKPOINT, Checkpoint
from dosing_tui.domain.alarms.journal_projection import AlarmTransition, JournalProjection
from dosing_tui.domain.alarms.models import (
    AlarmEvent,
    AlarmKey,
    AlarmState,
    AlarmStateName,
    JournalEntry,
)
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot
from dosing_tui.domain.materials.ledger import TankMovement
from dosing_tui.domain.messages.models import Reading, Rejection
from dosing_tui.domain.panels.panel_catalog import StockOutlook
from dosing_tui.domain.presence.models import StationNews
from dosing_tui.domain.quantities.quantity_text import format_count

MAX_CONDITIONS = 10_000
"""Conditions that are true, or that were a moment ago; above it, the least urgent are left out."""
UNUSED_CHECK_INTERVAL = timedelta(hours=1)


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
        """Create an evaluator.

        ``expected_stations``: stations that raise DEVICE_OFFLINE without any message; ``realarm_after``: 0
        disables re-alarms. ``writes_journal``: the entries are journaled (collector). Otherwise they are only
        displayed, while the journal is unavailable or after VIEWER_GRACE_TIME.
        """
        self.projection = JournalProjection(journal_overrides=not writes_journal)
        self._writes_journal = writes_journal
        self.rules = RuleSet(limits, expected_stations=expected_stations, started_at=started_at)
        self.rules.state.is_normal = self._is_normal
        self.rules.state.list_tank_alarms = self._list_tank_alarms
        self._realarm_after = realarm_after
        self._new_id = new_id
        self._conditions: BoundedStates[AlarmKey, DelayedCondition] = BoundedStates(
            most=MAX_CONDITIONS, rank_use=_rank_condition
        )
        self._keys_to_check: set[AlarmKey] = set()  # with a running delay or a true condition
        self._is_shift_scheduled = True
        self._flood = FloodCounter()
        self._unused_checked_at = started_at
        self._display = AlarmDisplay(self.projection, self._flood, self._conditions.get, writes_journal)
        self._retirement = RetirementRules(self.projection, self._apply_pending, new_id)

    def replace_limits(self, limits: AlarmLimits, now: datetime) -> list[JournalEntry]:
        """Check everything by these limits from now on."""
        return self._apply_detections(self.rules.replace_limits(limits), now)

    def load_batch_needs(self, needs: Iterable[BatchNeed], now: datetime) -> list[JournalEntry]:
        """Load what one batch takes of each tank."""
        return self._apply_detections(self.rules.load_batch_needs(needs), now)

    def take_snapshot(
        self, now: datetime, *, is_journal_live: bool, has_collector: bool = True
    ) -> AlarmSnapshot:
        """Return a snapshot for the screens: ``AlarmDisplay.take_snapshot``."""
        return self._display.take_snapshot(now, is_journal_live=is_journal_live, has_collector=has_collector)

    def load_history(self, readings: Iterable[Reading]) -> list[JournalEntry]:
        """Load levels and message times from the database. Stored doses and events raise no alarms."""
        found = self.rules.load_history(readings)
        return [entry for detection, at in found for entry in self._apply_detection(detection, at)]

    def on_reading(self, reading: Reading) -> list[JournalEntry]:
        """Evaluate a live reading; return the resulting entries."""
        entries: list[JournalEntry] = []
        if self.projection.retired_keys:
            entries += self._retirement.return_reading(reading, self.rules.state.find_level(reading))
        for detection in self.rules.check_reading(reading):
            entries += self._apply_detection(detection, reading.received_at)
        return entries

    def on_rejection(self, rejection: Rejection) -> list[JournalEntry]:
        """Evaluate a rejected message (rule QUARANTINE); return the resulting entries."""
        return self._apply_detections([self.rules.check_rejection(rejection)], rejection.received_at)

    def on_news(self, news: StationNews) -> bool:
        """Note a station's status or loss of messages; whether the next tick should follow at once."""
        self._retirement.note_news(news)
        return self.rules.note_news(news)

    def on_stock(
        self, now: datetime, movements: Iterable[TankMovement], outlook: Iterable[StockOutlook]
    ) -> list[JournalEntry]:
        """Evaluate entries of the material ledger, and how long each tank lasts."""
        return self._apply_detections(self.rules.check_stock(movements, outlook), now)

    @property
    def ceiling_text(self) -> str:
        """A sentence if there is more than the rules can watch, '' if not."""
        if self._conditions.is_full:
            return (
                f"More than {format_count(MAX_CONDITIONS)} alarm conditions: the least urgent are left out."
            )
        return self.rules.state.ceiling_text

    def on_tick(self, context: EvaluationContext) -> list[JournalEntry]:
        """Evaluate the time-dependent rules, delays and shelving times; call it once a second."""
        self._is_shift_scheduled = context.is_shift_scheduled
        if context.now - self._unused_checked_at >= UNUSED_CHECK_INTERVAL:
            self._unused_checked_at = context.now
            retired = self._retirement.list_stations()
            in_use = {key.device for key in self.projection.states} - retired
            self.rules.state.free_unused(context.now, in_use, retired)
        entries = self._retirement.return_signs_of_life()
        entries += self._apply_detections(
            self.rules.check_periodically(context, self.projection.states), context.now
        )
        for key in [
            *self._keys_to_check,
            *(key for key in self.projection.states if key not in self._keys_to_check),
        ]:
            entries += self._update_alarm(key, context.now)
        return entries

    def restart_from(self, checkpoint: Checkpoint = EMPTY_CHECKPOINT) -> None:
        """The next entries follow the checkpoint in the journal."""
        self.projection.restart_from(checkpoint)
        self._flood.restart(checkpoint.raise_times)

    def create_checkpoint(self) -> Checkpoint:
        """Create a checkpoint of the journal entries applied."""
        return Checkpoint(
            self.projection.last_entry_id, self.projection.confirmed_states, self._flood.raise_times
        )

    def apply_committed(self, entries: Iterable[JournalEntry]) -> list[AlarmTransition]:
        """Apply journal entries in the order of their IDs; return the transitions."""
        effects = self.projection.apply_committed(entries)
        for effect in effects:
            self._flood.confirm(effect)
        return effects

    def _apply_detections(self, detections: Iterable[Detection], at: datetime) -> list[JournalEntry]:
        return [entry for detection in detections for entry in self._apply_detection(detection, at)]

    def _apply_detection(self, detection: Detection, at: datetime) -> list[JournalEntry]:
        condition = self._conditions.get(detection.key)
        if condition is None:
            if detection.active is None and not self.projection.is_active(detection.key):
                return []  # the journal may not be read yet: a return cannot be concluded
            if not detection.active and detection.key not in self.projection.states:
                return []  # normal, and it stays so
            condition = self._add_condition(detection, at)
        if detection.disproved_by:
            return self._withdraw_alarm(condition, detection, at)
        if detection.active and condition.rule.disprovable:
            condition.is_disproved = False
            if self.projection.get_state(detection.key).state_name is AlarmStateName.NORMAL:
                condition.standing.clear()
            condition.add_standing(detection.message)
        if detection.active and is_realarm_due(self.projection.get_state(detection.key), condition.rule):
            condition.detection, condition.since = detection, at
            condition.is_detected, condition.is_active = False, True  # the off-delay begins again
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
            condition.set_detected(active, at)
        self._keys_to_check.add(detection.key)
        return self._update_alarm(detection.key, at)

    def _withdraw_alarm(
        self, condition: DelayedCondition, detection: Detection, at: datetime
    ) -> list[JournalEntry]:
        """Return an alarm to normal that a late message proved wrong, unless another detection stands."""
        state = self.projection.get_state(detection.key)
        if not condition.standing and state.count == 1:
            condition.add_standing(state.message)  # raised before a restart
        if not condition.withdraw(detection.message, at):
            return []
        note = f"Withdrawn: {detection.disproved_by}"
        return self._emit_entry(AlarmEvent.RETURN, condition, at, comment=note, latching=False)

    def _is_normal(self, key: tuple[str, str, str]) -> bool:
        """Whether a detection that is not active changes nothing."""
        return key not in self._conditions and key not in self.projection.states

    def _list_tank_alarms(self) -> Iterable[AlarmKey]:
        active = [key for key, state in self.projection.states.items() if state.active]
        active += [key for key, condition in self._conditions.items() if condition.is_detected]
        return [key for key in active if key.rule in TANK_RULES]

    def _add_condition(self, detection: Detection, at: datetime) -> DelayedCondition:
        """Add a condition. It is active if its alarm is active by the journal, until a detection differs."""
        holds = self.projection.is_active(detection.key)
        condition = DelayedCondition(RULES[detection.key.rule], detection, holds, holds, at)
        return self._conditions.add(detection.key, condition)

    def _update_alarm(self, key: AlarmKey, now: datetime) -> list[JournalEntry]:
        """Emit the next entry that follows from condition, delays and suppression of an alarm."""
        state = self.projection.get_state(key)
        if retired := self._retirement.find_retirement(key):
            self._keys_to_check.discard(key)
            self._conditions.remove([key])
            return self._retirement.end_alarm(state, retired, now)
        condition = self._update_condition(state, now)
        if state.hiding is not None:
            return self._check_suppression_end(state, condition, now)
        if condition is None:
            return []
        if not condition.is_active:
            if state.active:
                is_others = self._display.is_collectors_own(key)
                return [] if is_others else self._emit_entry(AlarmEvent.RETURN, condition, now)
            if not condition.is_detected:
                self._forget_idle(condition, now)
            return []
        # an active momentary alarm was raised before the cause of a suppression: it is no consequence of it
        is_consequence = not (condition.rule.momentary and state.active)
        if is_consequence and (why := self._get_suppression_reason(key)):
            return self._emit_entry(AlarmEvent.SUPPRESS, condition, now, comment=why)
        if not state.active:
            return self._emit_entry(AlarmEvent.RAISE, condition, now)
        event = find_escalation(state, condition, self._realarm_after, now)
        return [] if event is None else self._emit_entry(event, condition, now)

    def _forget_idle(self, condition: DelayedCondition, now: datetime) -> None:
        key = condition.detection.key
        if key in self.projection.states:
            self._keys_to_check.discard(key)
        elif condition.is_idle(now):
            self._keys_to_check.discard(key)
            self._conditions.remove([key])

    def _update_condition(self, state: AlarmState, now: datetime) -> DelayedCondition | None:
        """Return the condition after its delays; None if this process cannot evaluate it."""
        condition = self._conditions.get(state.key)
        if condition is None:
            rule = RULES.get(state.key.rule)
            if rule is None or not (rule.momentary and state.active):
                return None
            # a momentary condition from before a restart has ended; it returns after its off-delay
            condition = self._add_condition(
                Detection(state.key, None, state.message, state.value, state.limit), now
            )
            condition.is_detected = False
            self._keys_to_check.add(state.key)
        apply_delays(condition, now, is_alarm_active=state.active and state.hiding is None)
        return condition

    def _check_suppression_end(
        self, state: AlarmState, condition: DelayedCondition | None, now: datetime
    ) -> list[JournalEntry]:
        hiding = state.hiding
        assert hiding is not None  # only called for a suppressed alarm
        holds = (condition is not None and condition.is_active) or self._display.is_collectors_own(state.key)
        if hiding.shown is AlarmStateName.SHELVED and hiding.until is not None and hiding.until <= now:
            return self._end_suppression(AlarmEvent.SHELVE_EXPIRE, state, condition, now, active=holds)
        if hiding.shown is AlarmStateName.SUPPRESSED and not self._get_suppression_reason(state.key):
            rule = RULES.get(state.key.rule)
            # a momentary alarm comes back in any case: the operator has not seen it
            is_disproved = condition is not None and condition.is_disproved
            back = holds or (rule is not None and rule.momentary and not is_disproved)
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
        return self._apply_pending(create_state_entry(state, event, now, self._new_id()))

    def _get_suppression_reason(self, key: AlarmKey) -> str:
        return get_suppression_reason(
            key, self.projection.states, self.rules.state, is_shift_scheduled=self._is_shift_scheduled
        )

    def _emit_entry(
        self,
        event: AlarmEvent,
        condition: DelayedCondition,
        now: datetime,
        *,
        active: bool = False,
        comment: str = "",
        latching: bool = True,
    ) -> list[JournalEntry]:
        """Emit an entry; ``latching``: a return of a latching rule stays until it is reset."""
        entry = create_entry(condition, event, now, self._new_id(), active=active, comment=comment)
        entry = replace(entry, latching=entry.latching and latching)
        return self._apply_pending(entry)

    def _apply_pending(self, entry: JournalEntry) -> list[JournalEntry]:
        effect = self.projection.apply_pending(entry)
        if effect is None:
            return []
        self._flood.add(effect, entry.uuid if self._writes_journal else entry.key)
        return [entry]


def _rank_condition(key: AlarmKey, condition: DelayedCondition) -> tuple[bool, int, datetime]:
    """True ones last, by priority; of equal ones the oldest are the least useful."""
    is_true = condition.is_detected or condition.is_active
    return is_true, -condition.rule.priority.rank, condition.since
