"""The timeline of a batch on one line: doses with their duration, gaps, alarms, notes. Pure."""

from datetime import datetime, timedelta, tzinfo

from msgspec import Struct

from dosing_tui.domain.batch_review.query_models import ContextEvents
from dosing_tui.domain.batches.models import Batch, BatchStatus
from dosing_tui.domain.labels.name_labels import fit_labels
from dosing_tui.domain.messages.models import Dose
from dosing_tui.domain.quantities.quantity_text import format_duration
from dosing_tui.tui.batches.list_view import is_abnormal
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text, split_cells
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, FRAME, STRONG, TEXT, CellStyle, ColourRole

MIN_GAP_S, _NAME_WIDTH = 5.0, 24
"""Shorter gaps are not reported."""


class TimeAxis(Struct, frozen=True):
    """A time axis of ``width`` cells."""

    since: datetime
    until: datetime
    width: int

    def time_to_x(self, at: datetime) -> int:
        length = (self.until - self.since).total_seconds() or 1.0
        share = (at - self.since).total_seconds() / length
        return max(0, min(self.width - 1, round(share * (self.width - 1))))


def get_dose_start(dose: Dose) -> datetime:
    """The dose's start; its message is sent at its end."""
    return dose.time - timedelta(milliseconds=dose.plausible_duration_ms or 0)


def render_timeline(
    batch: Batch, context_events: ContextEvents, now: datetime, zone: tzinfo, width: int
) -> Rows:
    """Names, doses and times; one more row if the batch has alarms or notes."""
    marked = bool(context_events.alarms or context_events.notes)
    canvas = Canvas(width, 3 + marked)
    until = batch.ends_at or max(batch.last_at, min(now, batch.last_at + timedelta(minutes=30)))
    since = min([batch.begins_at, *(get_dose_start(dose) for dose in batch.doses)])
    line = TimeAxis(since, until, width)
    canvas.write_text(0, 1, "·" * width, FRAME)
    _draw_doses(canvas, batch, line)
    canvas.set_cell(0, 1, "│", STRONG)
    canvas.set_cell(width - 1, 1, *_choose_end_mark(batch))
    if marked:
        _draw_context_events(canvas, context_events, line)
    _draw_times(canvas, batch, since, zone)
    return canvas.rows


def find_longest_gap(batch: Batch) -> tuple[float, str]:
    """The longest time without a dose in seconds, and the chemical dosed after it ('' at the end)."""
    last, longest = batch.begins_at, (0.0, "")
    for dose in sorted(batch.doses, key=lambda dose: dose.time):
        longest = max(longest, ((get_dose_start(dose) - last).total_seconds(), dose.chemical))
        last = max(last, dose.time)
    if batch.ends_at is not None:
        longest = max(longest, ((batch.ends_at - last).total_seconds(), ""))
    return longest


def _choose_end_mark(batch: Batch) -> tuple[str, CellStyle]:
    if batch.status is BatchStatus.OPEN:
        return "→", CellStyle(ColourRole.ACCENT, bold=True)
    return ("■", DEVIATION) if is_abnormal(batch.status) else ("│", STRONG)


def _draw_doses(canvas: Canvas, batch: Batch, axis: TimeAxis) -> None:
    free = 0
    names = fit_labels((sanitize_text(dose.chemical) for dose in batch.doses), _NAME_WIDTH)
    for dose in sorted(batch.doses, key=lambda dose: dose.time):
        first, last = axis.time_to_x(get_dose_start(dose)), axis.time_to_x(dose.time)
        canvas.write_text(first, 1, "▇" * max(1, last - first), CellStyle(ColourRole.BAR))
        name = names[sanitize_text(dose.chemical)]
        x = max(free, min(first, axis.width - len(split_cells(name))))
        if x <= last + 1 and x + len(split_cells(name)) <= axis.width:
            free = canvas.write_text(x, 0, name, TEXT) + 1


def _draw_context_events(canvas: Canvas, context_events: ContextEvents, axis: TimeAxis) -> None:
    for alarm in context_events.alarms:
        first = axis.time_to_x(max(alarm.since, axis.since))
        last = axis.time_to_x(min(alarm.until or axis.until, axis.until))
        canvas.write_text(first, 2, "▲" + "─" * (last - first), CellStyle(ColourRole.DEVIATION))
    for note in context_events.notes:
        canvas.set_cell(axis.time_to_x(note.at), 2, "◆", CellStyle(ColourRole.ACCENT))


def _draw_times(canvas: Canvas, batch: Batch, since: datetime, zone: tzinfo) -> None:
    y = canvas.height - 1
    canvas.write_text(0, y, number_format.format_clock(since, zone), DIM)
    end = "now" if batch.ends_at is None else number_format.format_clock(batch.ends_at, zone)
    canvas.write_right(canvas.width, y, end, DIM)
    seconds, before = find_longest_gap(batch)
    if seconds >= MIN_GAP_S:
        text = f"longest gap {format_duration(seconds)}, before {sanitize_text(before, 24) or 'the end'}"
        canvas.write_text(max(10, (canvas.width - len(text)) // 2), y, text, DIM, width=canvas.width - 22)
