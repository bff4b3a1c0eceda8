"""What is known of one alarm, as labelled texts: for its dialog and for the pane beside the list. Pure."""

from datetime import datetime, tzinfo

from dosing_tui.domain.alarms.catalog import format_alarm_value
from dosing_tui.domain.alarms.snapshot import AlarmView
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.alarms.alarm_list import format_operator, format_remaining_time
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas
from dosing_tui.tui.rendering.palette import DIM, STRONG, CellStyle, ColourRole
from dosing_tui.tui.rendering.priority_style import STATE_LABELS

BAR_WIDTH = 30
"""Cells of a value's bar in the dialog."""


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
