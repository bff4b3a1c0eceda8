"""What a dose says: out of tolerance, grossly wrong, from the wrong pump; and the errors of the last hour."""

from collections.abc import Iterator

from dosing_tui.domain.alarm_rules.detection import Finding
from dosing_tui.domain.alarm_rules.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.rule_state import (
    HOUR,
    MAX_PUMPS,
    WINDOW_MINUTES,
    ErrorWindow,
    Memory,
    Station,
    minute_of,
)
from dosing_tui.domain.alarms.models import AlarmKey
from dosing_tui.domain.messages.models import Dose

STILL = 0.9
"""A mean or a rate is normal again below this share of its limit."""


def from_dose(station: Station, dose: Dose, limits: AlarmLimits) -> Iterator[Finding]:
    error = dose.error_g
    if error is not None:
        own = limits.of(chemical=dose.chemical, recipe=dose.recipe)
        tolerance = own.tolerance_of(dose.target_g)
        off = abs(error)
        if off > min(tolerance, own.gross_error_g):
            yield _bad_dose(dose, error, tolerance=tolerance, gross=own.gross_error_g)
        minute = minute_of(dose.time)
        if minute > minute_of(dose.received_at) - WINDOW_MINUTES:
            note_errors(station, dose.pump, minute, doses=1, error_g=off, outside=int(off > tolerance))
    expected = limits.pump_chemicals
    if 0 < dose.pump <= len(expected) and expected[dose.pump - 1] != dose.chemical:
        words = (
            f"Pump {dose.pump} dosed {dose.chemical} instead of {expected[dose.pump - 1]} ({dose.device_id})"
        )
        yield Finding(AlarmKey("BATCH_INGREDIENT", dose.device_id, dose.recipe), True, words)


def _bad_dose(dose: Dose, error: float, *, tolerance: float, gross: float) -> Finding:
    where = f"{dose.chemical} {error:+.2f} g of {_mass(dose.target_g)} (pump {dose.pump}, {dose.device_id})"
    if abs(error) > gross:
        key = AlarmKey("DOSE_GROSS", dose.device_id, dose.chemical)
        return Finding(key, True, f"Gross dosing error: {where}", error, gross)
    key = AlarmKey("DOSE_OUT_OF_TOL", dose.device_id, dose.chemical)
    return Finding(key, True, f"Dose out of tolerance: {where}", error, tolerance)


def note_errors(
    station: Station, pump: int, minute: int, *, doses: int, error_g: float, outside: int
) -> None:
    """Count doses of one minute, for the station and its pump."""
    station.window.add(minute, doses=doses, error_g=error_g, outside=outside)
    window = station.pumps.get(pump)
    if window is None:
        if len(station.pumps) >= MAX_PUMPS:
            return
        window = station.pumps[pump] = ErrorWindow()
    window.add(minute, doses=doses, error_g=error_g, outside=outside)


def of_the_hour(memory: Memory, device: str, minute: int, limits: AlarmLimits) -> Iterator[Finding]:
    """Mean error of the station and of each of its pumps, and the share out of tolerance."""
    station = memory.stations[device]
    unsure = not memory.seeded and minute < minute_of(memory.started_at + HOUR)
    for pump, window in ((0, station.window), *station.pumps.items()):
        window.forget(minute)
        key = AlarmKey("ERR_MEAN_1H", device, f"pump {pump}" if pump else "")
        active = _above(window.mean_g, limits.mean_error_g)
        if window.doses < limits.mean_error_doses:
            active = None if unsure else False
        where = f"{device}, pump {pump}" if pump else device
        words = f"High dosing error rate: {window.mean_g:.2f} g average ({where})"
        yield Finding(key, active, words, window.mean_g, limits.mean_error_g)
    window = station.window
    rate = window.outside_percent
    active = _above(rate, limits.error_rate_percent)
    if window.doses < limits.error_rate_doses:
        active = None if unsure else False
    words = f"{rate:.1f} % of the last hour's {window.doses} doses out of tolerance ({device})"
    yield Finding(AlarmKey("ERR_RATE_1H", device), active, words, rate, limits.error_rate_percent)


def _above(value: float, limit: float) -> bool | None:
    return True if value > limit else False if value <= limit * STILL else None


def _mass(grams: float | None) -> str:
    return "?" if grams is None else f"{grams:.2f} g"
