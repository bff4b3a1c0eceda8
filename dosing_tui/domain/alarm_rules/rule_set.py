"""All rules with what they have seen: readings, history and time in, detections out."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain

from dosing_tui.domain.alarm_rules import (
    batch_rules,
    connection_rules,
    dose_rules,
    station_rules,
    tank_rules,
)
from dosing_tui.domain.alarm_rules.late_messages import describe_own_time, forget_incomplete
from dosing_tui.domain.alarm_rules.plant_wide.dosing_pace import UsualDuration
from dosing_tui.domain.alarm_rules.shared.batch_need import BatchNeed
from dosing_tui.domain.alarm_rules.shared.detection import Detection, EvaluationContext
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.shared.rule_state import (
    DoseErrorMinute,
    RuleState,
    StationState,
    to_epoch_minute,
)
from dosing_tui.domain.alarms.models import MAX_ITEM_CELLS, AlarmKey
from dosing_tui.domain.capability.service_state import ServiceState
from dosing_tui.domain.materials.ledger import TankMovement
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading, Rejection
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.panels.panel_catalog import StockOutlook
from dosing_tui.domain.presence.models import StationNews
from dosing_tui.domain.tolerances.pump_history import StoredPumpDoses
from dosing_tui.domain.tolerances.tolerance_book import DatedRules, ToleranceBook


class RuleSet:
    """Not thread-safe."""

    def __init__(
        self, limits: AlarmLimits, *, expected_stations: tuple[str, ...], started_at: datetime
    ) -> None:
        self.limits = limits
        self.state = RuleState(expected_stations, started_at)
        self.tolerances = ToleranceBook((DatedRules(limits.tolerance_rules),))
        self.service_states: Sequence[ServiceState] = ()

    def load_history(self, readings: Iterable[Reading]) -> Iterator[tuple[Detection, datetime]]:
        """Load levels, message times and batches from the database; yield what the levels say, and when."""
        messages: defaultdict[str, list[Dose | BatchEvent]] = defaultdict(list)
        for reading in readings:
            station = self.state.get_station(reading.device_id)
            station_rules.update_last_message(station, reading)
            if isinstance(reading, InventoryLevel):
                for detection in tank_rules.load_level(self.state, reading, self.limits):
                    yield detection, reading.received_at
            elif self.state.is_new(reading):
                messages[reading.device_id].append(reading)
        for device, known in messages.items():
            batch_rules.restore_batches(self.state.get_station(device), known)

    def load_dose_errors(self, minutes: Iterable[DoseErrorMinute]) -> None:
        """Load the doses of the last hour from the database, oldest first."""
        for one in minutes:
            dose_rules.add_dose_errors(
                self.state.get_station(one.device),
                one.pump,
                to_epoch_minute(one.minute),
                doses=one.doses,
                error_g=one.error_g,
                outside_tolerance=one.outside,
            )
        self.state.is_history_loaded = True

    def load_batch_needs(self, needs: Iterable[BatchNeed]) -> Iterable[Detection]:
        """Load what one batch takes of each tank; the tanks are checked again if that changes a limit."""
        has_changed = tank_rules.load_batch_needs(self.state, needs)
        return tank_rules.check_tanks_again(self.state, self.limits) if has_changed else ()

    def replace_limits(self, limits: AlarmLimits) -> Iterable[Detection]:
        """Check everything by these limits from now on; the tanks are checked again at once."""
        if limits == self.limits:
            return ()
        self.limits = limits
        self.state.expected_stations |= frozenset(limits.expected_stations)
        for name in limits.expected_stations:
            self.state.get_station(name)
        return tank_rules.check_tanks_again(self.state, limits)

    def load_dose_history(self, stored: Iterable[StoredPumpDoses], usual: Iterable[UsualDuration]) -> None:
        """Load what each pump dosed last, and how long doses usually take."""
        dose_rules.load_dose_history(self.state, stored, usual)

    def check_reading(self, reading: Reading) -> Iterable[Detection]:
        """Check a live reading. The detections have to be taken before the next call."""
        station = self.state.get_station(reading.device_id)
        if isinstance(reading, InventoryLevel):
            found: Iterable[Detection] = tank_rules.check_level(self.state, reading, self.limits)
        elif self.state.is_new(reading):
            found = self._check_message(station, reading)
        else:
            return ()
        station_rules.update_station(station, reading)
        return (describe_own_time(detection, reading, self.limits.zone) for detection in found)

    def check_stock(
        self, movements: Iterable[TankMovement], outlook: Iterable[StockOutlook]
    ) -> Iterator[Detection]:
        """Check entries of the material ledger, and how long each tank lasts."""
        for movement in movements:
            yield from tank_rules.apply_movement(self.state, movement)
        yield from tank_rules.check_cover(outlook, self.limits.stock_cover_days)

    def note_news(self, news: StationNews) -> bool:
        """Note a station's status or loss of messages; whether an alarm may follow from it."""
        return station_rules.note_news(self.state, news)

    def check_rejection(self, rejection: Rejection) -> Detection:
        key = AlarmKey("QUARANTINE", "", clean_text(rejection.topic, limit=MAX_ITEM_CELLS))
        return Detection(key, True, f"Unreadable message on {rejection.topic}: {rejection.reason}")

    def check_periodically(
        self, context: EvaluationContext, alarms: Iterable[AlarmKey]
    ) -> Iterator[Detection]:
        """Check the rules that need no reading but the time; ``alarms``: those that are not normal."""
        state, limits, minute = self.state, self.limits, to_epoch_minute(context.now)
        state.update_intake(context)
        if context.is_intake_shared:
            yield from forget_incomplete(state, context.now)
        yield from connection_rules.check_connections(state, context, limits)
        yield from connection_rules.check_removed_topics(context, alarms)
        yield from tank_rules.check_lasting_gaps(state, context.now)
        yield from tank_rules.check_lots(context.tank_lots, context.now, limits)
        yield from dose_rules.check_slow_chemicals(state, minute, limits)
        yield from dose_rules.check_service(state, self.service_states, limits.service, context.now)
        yield from self._end_freed_alarms(alarms)
        for device in state.stations:
            yield station_rules.check_station_offline(state, device, context, limits)
            yield station_rules.check_clock_skew(state, device, limits)
            yield from station_rules.check_lost_messages(state.stations[device])
            yield from batch_rules.check_stalled_batch(state, device, context, limits)
            yield from dose_rules.check_hourly_errors(state, device, minute, limits)

    def _end_freed_alarms(self, alarms: Iterable[AlarmKey]) -> Iterator[Detection]:
        """End the alarms of stations that are no longer watched: nothing else would."""
        freed, self.state.freed_stations = self.state.freed_stations, set()
        for key in list(alarms) if freed else ():
            if key.device in freed and key.device not in self.state.stations:
                yield Detection(key, False)

    def _check_message(self, station: StationState, reading: Dose | BatchEvent) -> Iterable[Detection]:
        if isinstance(reading, BatchEvent):
            return batch_rules.check_batch_event(station, reading, self.tolerances.masters)
        return chain(
            tank_rules.add_dose(self.state, reading),
            batch_rules.add_dose(station, reading, self.tolerances.masters),
            dose_rules.check_dose(self.state, reading, self.limits, self.tolerances),
        )
