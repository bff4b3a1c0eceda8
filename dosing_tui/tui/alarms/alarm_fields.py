"""What is known of one alarm, as labelled texts: for its dialog and for the pane beside the list. Pure."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from math import isfinite

from dosing_tui.domain.alarms.snapshot import AlarmView
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.alarms.alarm_list import format_operator, format_remaining_time
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas
from dosing_tui.tui.rendering.palette import DIM, STRONG, CellStyle, ColourRole
from dosing_tui.tui.rendering.priority_style import STATE_LABELS

BAR_WIDTH = 30
"""Cells of a value's bar in the dialog."""
_PERCENT, _GRAMS, _SECONDS = "%", "g", "s"
VALUE_UNITS: Mapping[str, str] = {
    **dict.fromkeys(("STOCK_LOW", "STOCK_CRITICAL", "ERR_RATE_1H"), _PERCENT),
    **dict.fromkeys(
        ("STOCK_RESET", "STOCK_MISMATCH", "DOSE_OUT_OF_TOL", "DOSE_GROSS", "ERR_MEAN_1H"), _GRAMS
    ),
    **dict.fromkeys(("BATCH_STALLED", "DEVICE_OFFLINE", "CLOCK_SKEW", "BROKER_DOWN", "DB_DOWN"), _SECONDS),
    "BATCH_INGREDIENT": "doses",
}
"""Unit of a rule's value and limit, as its detection gives them. The spool's is percent or seconds."""
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def format_alarm_value(rule: str, value: float | None) -> str:
    """With its unit, and digits that mean something.

    >>> [format_alarm_value("DEVICE_OFFLINE", seconds) for seconds in (432_470.49, 600.0, 45.2)]
    ['5 d 0 h', '10 min', '45 s']
    >>> format_alarm_value("STOCK_LOW", 16.3), format_alarm_value("STOCK_RESET", 5_230.4)
    ('16.3 %', '5 230 g')
    """
    unit = VALUE_UNITS.get(rule, "")
    if value is None or not isfinite(value):
        return number_format.NO_VALUE
    if unit == _SECONDS:
        return f"{'−' if value < 0 else ''}{_format_duration(abs(value))}"
    if unit == _PERCENT:
        return f"{number_format.round_down_to_tenths(value):.1f} %"
    if unit == _GRAMS:
        return f"{number_format.format_count(round(value)) if abs(value) >= 1_000 else f'{value:.2f}'} g"
    return f"{value:g} {unit}" if unit else f"{value:.2f}"


def _format_duration(seconds: float) -> str:
    """Two parts at most: 45 s, 10 min, 3 h 5 min, 5 d 0 h."""
    whole = int(seconds)
    if whole < 2 * _MINUTE:
        return f"{whole} s"
    if whole < 2 * _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < 2 * _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def list_state_fields(view: AlarmView, now: datetime, zone: tzinfo) -> list[tuple[str, str]]:
    state, hiding = view.state, view.state.hiding
    first = ", first of its group" if view.is_first_out else ""
    raised = ""
    if state.raised_at is not None:
        times = f", {state.count} times since it was normal" if state.count > 1 else ""
        raised = f"{number_format.format_full_timestamp(state.raised_at, zone)}{times}"
    acked = ""
    if state.acked_at is not None:
        comment = f": {clean_line(state.comment)}" if state.comment else ""
        acked_at = number_format.format_full_timestamp(state.acked_at, zone)
        acked = f"{acked_at} by {format_operator(state.acked_by)}{comment}"
    hidden = ""
    if hiding is not None:
        person = f" by {format_operator(hiding.who)}" if format_operator(hiding.who) else ""
        ends = f", {format_remaining_time(hiding.until, now)} left" if hiding.until else ""
        since = number_format.format_full_timestamp(hiding.since, zone)
        hidden = f"{since}{person}{ends}: {clean_line(hiding.why)}"
    return [
        ("State", f"{STATE_LABELS[state.state_name]}, {state.priority} priority{first}"),
        ("Raised", raised), ("Acknowledged", acked), ("Hidden", hidden),
    ]  # fmt: skip


def list_rule_fields(view: AlarmView) -> list[tuple[str, str]]:
    if (rule := view.rule) is None:
        return [("Rule", "Not known here: another release raised this alarm.")]
    return [("Cause", rule.cause), ("Consequence", rule.consequence), ("Action", rule.action)]


def draw_value(canvas: Canvas, x: int, y: int, view: AlarmView, bar_width: int = BAR_WIDTH) -> None:
    """The value as a bar, the limit as a mark on it."""
    if view.value is None or view.limit is None:
        return
    end = max(abs(view.value), abs(view.limit)) * 1.2 or 1.0
    filled, tick = (round(abs(part) / end * (bar_width - 1)) for part in (view.value, view.limit))
    canvas.write_text(x, y, " " * bar_width, CellStyle(bg=ColourRole.TRACK))
    canvas.write_text(x, y, "▇" * filled, CellStyle(ColourRole.BAR, ColourRole.TRACK))
    canvas.set_cell(x + tick, y, "│", CellStyle(ColourRole.STRONG, ColourRole.TRACK, bold=True))
    rule = view.state.key.rule
    x = canvas.write_text(x + bar_width + 2, y, format_alarm_value(rule, view.value), STRONG)
    canvas.write_text(x, y, f"   limit {format_alarm_value(rule, view.limit)}", DIM)
