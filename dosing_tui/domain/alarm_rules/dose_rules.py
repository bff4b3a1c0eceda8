"""Dose alarms: out of tolerance, gross error, wrong pump, mean error and error rate of the last hour."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from dosing_tui.domain.alarm_rules.plant_wide.dosing_pace import RECENT_MINUTES, UsualDuration
from dosing_tui.domain.alarm_rules.shared.detection import Detection, is_above
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.shared.rule_state import (
    HOUR,
    MAX_PUMPS,
    WINDOW_MINUTES,
    DoseErrorWindow,
    RuleState,
    StationState,
    to_epoch_minute,
)
from dosing_tui.domain.alarms.models import AlarmKey
from dosing_tui.domain.capability.service_state import (
    PlantServiceLimits,
    ServiceDue,
    ServiceLimits,
    ServiceState,
    ServiceWork,
    list_service_dues,
)
from dosing_tui.domain.messages.models import Dose
from dosing_tui.domain.quantities.quantity_text import (
    count_noun,
    format_count,
    format_deviation,
    format_mass,
    format_percent,
)
from dosing_tui.domain.tolerances.pump_history import LEARNT_DOSES, PumpHistory, StoredPumpDoses
from dosing_tui.domain.tolerances.rules import ToleranceRules
from dosing_tui.domain.tolerances.tolerance_book import ToleranceBook

_NO_LIMITS = ServiceLimits()
RETURN_RATIO = 0.9
"""Deadband of the mean error and the error rate: they return at this share of the limit."""


def check_dose(
    rule_state: RuleState, dose: Dose, limits: AlarmLimits, tolerances: ToleranceBook
) -> Iterator[Detection]:
    """Check one dose. One too small for the scale is never out of tolerance, but may be a gross error."""
    station, error = rule_state.stations[dose.device_id], dose.error_g
    minute, minute_now = to_epoch_minute(dose.time), to_epoch_minute(dose.received_at)
    if minute > minute_now - RECENT_MINUTES:  # one that was sent late says nothing about now
        rule_state.pace.add_dose(dose, minute)
    if error is not None:
        own = limits.get_ingredient_limits(chemical=dose.chemical, recipe=dose.recipe)
        tolerance = tolerances.find_tolerance(dose)
        off, is_outside = abs(error), tolerance.is_outside(error)
        if is_outside or off > own.gross_error_g:
            yield _create_dose_detection(
                dose, error, tolerance=tolerance.tolerance_g, gross_limit=own.gross_error_g
            )
        if tolerance.is_weighable and minute > minute_now - WINDOW_MINUTES:
            add_dose_errors(
                station, dose.pump, minute, doses=1, error_g=off, outside_tolerance=int(is_outside)
            )
    yield from _check_chemical(station, dose, tolerances.find_rules(dose.time).rules)


def _check_chemical(station: StationState, dose: Dose, rules: ToleranceRules) -> Iterator[Detection]:
    """Check the chemical of a dose by what the plant says of its pump, else by what the pump dosed before."""
    if expected := rules.find_wrong_pump(dose):
        key = AlarmKey("BATCH_INGREDIENT", dose.device_id, dose.recipe)
        yield Detection(key, True, f"{_name_wrong_dose(dose)} {expected} ({dose.device_id})")
    history = get_pump_history(station, dose.pump)
    if history is None:
        return
    learnt = None if rules.names_pump(dose.pump) else history.find_break(dose.chemical)
    history.add_dose(dose.chemical)
    if learnt:
        where = f"{learnt.doses} of its last {LEARNT_DOSES} doses, {dose.device_id}"
        key = AlarmKey("PUMP_CHEMICAL", dose.device_id, f"pump {dose.pump}")
        yield Detection(key, True, f"{_name_wrong_dose(dose)} {learnt.chemical} ({where})")


def _name_wrong_dose(dose: Dose) -> str:
    return f"Pump {dose.pump} dosed {dose.chemical} instead of"


def check_slow_chemicals(rule_state: RuleState, minute: int, limits: AlarmLimits) -> Iterator[Detection]:
    """Check whether every station is slower than usual with a chemical."""
    for common in rule_state.pace.compare_stations(minute):
        value, limit = common.slower_percent, limits.slow_percent
        active = False if value is None else is_above(value, limit, returns_at=limit * RETURN_RATIO)
        words = f"{common.chemical} takes {format_percent(value)} longer than usual at all"
        where = f"{common.stations} stations that dose it"
        key = AlarmKey("CHEMICAL_SLOW", "", common.chemical)
        yield Detection(key, active, f"{words} {where}", value, limit)


def get_pump_history(station: StationState, pump: int) -> PumpHistory | None:
    """Return a pump's history, empty if new; None above MAX_PUMPS."""
    history = station.pump_histories.get(pump)
    if history is None and len(station.pump_histories) < MAX_PUMPS:
        history = station.pump_histories[pump] = PumpHistory()
    return history


def load_dose_history(
    rule_state: RuleState, stored: Iterable[StoredPumpDoses], usual: Iterable[UsualDuration]
) -> None:
    """Replace the histories by those of the database."""
    rule_state.pace.load_usual(usual)
    for one in stored:
        station = rule_state.get_station(one.device)
        if get_pump_history(station, one.pump) is not None:
            station.pump_histories[one.pump] = PumpHistory(one.chemicals)


def _create_dose_detection(dose: Dose, error: float, *, tolerance: float, gross_limit: float) -> Detection:
    target = "?" if dose.target_g is None else format_mass(dose.target_g)
    where = f"{dose.chemical} {format_deviation(error)} of {target} (pump {dose.pump}, {dose.device_id})"
    if abs(error) > gross_limit:
        key = AlarmKey("DOSE_GROSS", dose.device_id, dose.chemical)
        return Detection(key, True, f"Gross dosing error: {where}", error, gross_limit)
    key = AlarmKey("DOSE_OUT_OF_TOL", dose.device_id, dose.chemical)
    return Detection(key, True, f"Dose out of tolerance: {where}", error, tolerance)


def add_dose_errors(
    station: StationState, pump: int, minute: int, *, doses: int, error_g: float, outside_tolerance: int
) -> None:
    """Add doses of one minute to the windows of the station and the pump; ``error_g``: sum of errors in g."""
    of_pump = station.pump_error_windows.get(pump)
    if of_pump is None and len(station.pump_error_windows) < MAX_PUMPS:
        of_pump = station.pump_error_windows[pump] = DoseErrorWindow()
    for window in (station.error_window, of_pump):
        if window is not None:
            window.add(minute, doses=doses, error_g=error_g, outside_tolerance=outside_tolerance)


def check_hourly_errors(
    rule_state: RuleState, device: str, minute: int, limits: AlarmLimits
) -> Iterator[Detection]:
    """Check the mean error of the station and of each pump, and the share of doses out of tolerance."""
    station = rule_state.stations[device]
    unsure = not rule_state.is_history_loaded and minute < to_epoch_minute(rule_state.started_at + HOUR)

    def is_high(window: DoseErrorWindow, min_doses: int, value: float, limit: float) -> bool | None:
        if window.dose_count < min_doses:
            return None if unsure else False
        return is_above(value, limit, returns_at=limit * RETURN_RATIO)

    for pump, window in ((0, station.error_window), *station.pump_error_windows.items()):
        window.remove_older(minute)
        key = AlarmKey("ERR_MEAN_1H", device, f"pump {pump}" if pump else "")
        mean, limit = window.mean_g, limits.mean_error_g
        active = is_high(window, limits.mean_error_doses, mean, limit)
        if active or not rule_state.is_normal(key):
            where = f"{device}, pump {pump}" if pump else device
            words = f"High dosing error rate: {format_mass(mean)} average ({where})"
            yield Detection(key, active, words, mean, limit)
    window, key = station.error_window, AlarmKey("ERR_RATE_1H", device)
    rate, limit = window.outside_percent, limits.error_rate_percent
    active = is_high(window, limits.error_rate_doses, rate, limit)
    if active or not rule_state.is_normal(key):
        doses = count_noun(window.dose_count, "dose")
        words = f"{format_percent(rate)} of the last hour's {doses} out of tolerance ({device})"
        yield Detection(key, active, words, rate, limit)


def check_service(
    rule_state: RuleState, states: Iterable[ServiceState], limits: PlantServiceLimits, now: datetime
) -> Iterator[Detection]:
    """Check each tube's use and the age of each calibration; a pump without a limit has no alarm."""
    for rule, device, item, due, where in _list_dues(states, limits, now):
        if (due is not None and due.is_due) or not rule_state.is_normal((rule, device, item)):
            yield _check_due(rule, device, item, due, where)


def _list_dues(
    states: Iterable[ServiceState], limits: PlantServiceLimits, now: datetime
) -> Iterator[tuple[str, str, str, ServiceDue | None, str]]:
    """Rule, station and item of each alarm that there can be, what it is of, and where."""
    scales: set[str] = set()
    for state in states:
        device, item, own = (
            state.device_id,
            f"pump {state.pump}",
            limits.get_limits(state.device_id, state.pump),
        )
        where = f"{device}, {item}"
        dues = {} if own == _NO_LIMITS else {
            work: max(same, key=attrgetter("share"))
            for work, same in groupby(list_service_dues(state, own, now), key=attrgetter("work"))
        }  # fmt: skip
        yield "CALIBRATION_DUE", device, item, dues.get(ServiceWork.CALIBRATION), where
        yield "TUBE_DUE", device, item, dues.get(ServiceWork.TUBE), where
        if device not in scales:
            scales.add(device)
            yield "CALIBRATION_DUE", device, "", dues.get(ServiceWork.SCALE_CALIBRATION), f"{device}, scale"


def _check_due(rule: str, device: str, item: str, due: ServiceDue | None, where: str) -> Detection:
    key = AlarmKey(rule, device, item)
    if due is None:
        return Detection(key, False)
    used = f"{format_count(round(due.used))} of {format_count(round(due.limit))} {due.unit}"
    unlogged = ", none in the log" if due.last_at is None else ""
    words = f"{due.work.capitalize()} is due: {used}{unlogged} ({where})"
    return Detection(key, due.is_due, words, 100 * due.share, 100.0)
