"""A batch from its start to its end on one line: doses as long as they took, gaps, alarms. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from dosing_tui.domain.batch_review.query_models import Happenings
from dosing_tui.domain.batches.models import Batch, Status
from dosing_tui.domain.messages.models import Dose
from dosing_tui.tui.batches.list_view import is_loud
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, cells, plain
from dosing_tui.tui.rendering.palette import DIM, HOT, LINE, TEXT, Pen, Tone

GAP_S = 5.0
"""Shorter ones are not worth a word."""


@dataclass(frozen=True, slots=True)
class Line:
    """The time axis of ``width`` cells."""

    since: datetime
    until: datetime
    width: int

    def x(self, at: datetime) -> int:
        length = (self.until - self.since).total_seconds() or 1.0
        share = (at - self.since).total_seconds() / length
        return max(0, min(self.width - 1, round(share * (self.width - 1))))


def begun(dose: Dose) -> datetime:
    """A dose is told when it is over."""
    return dose.time - timedelta(milliseconds=dose.duration_ms or 0)


def timeline_rows(batch: Batch, told: Happenings, now: datetime, zone: tzinfo, width: int) -> Rows:
    """What was dosed, when, and from when to when; a row more where alarms or notes fell into it."""
    marked = bool(told.alarms or told.notes)
    canvas = Canvas(width, 3 + marked)
    until = batch.ends_at or max(batch.last_at, min(now, batch.last_at + timedelta(minutes=30)))
    since = min([batch.begins_at, *(begun(dose) for dose in batch.doses)])
    line = Line(since, until, width)
    canvas.text(0, 1, "·" * width, LINE)
    _draw_doses(canvas, batch, line)
    canvas.put(0, 1, "│", HOT)
    shape, pen = _ending(batch)
    canvas.put(width - 1, 1, shape, pen)
    if marked:
        _draw_happenings(canvas, told, line)
    _draw_times(canvas, batch, since, zone)
    return canvas.rows


def longest_gap(batch: Batch) -> tuple[float, str]:
    """Seconds in which nothing was dosed, and what came then ('' is the end)."""
    last, found = batch.begins_at, (0.0, "")
    for dose in sorted(batch.doses, key=lambda dose: dose.time):
        found = max(found, ((begun(dose) - last).total_seconds(), dose.chemical))
        last = max(last, dose.time)
    if batch.ends_at is not None:
        found = max(found, ((batch.ends_at - last).total_seconds(), ""))
    return found


def _ending(batch: Batch) -> tuple[str, Pen]:
    if batch.status is Status.OPEN:
        return "→", Pen(Tone.CREST, bold=True)
    return ("■", Pen(Tone.WARN, bold=True)) if is_loud(batch.status) else ("│", HOT)


def _draw_doses(canvas: Canvas, batch: Batch, line: Line) -> None:
    free = 0
    for dose in sorted(batch.doses, key=lambda dose: dose.time):
        first, last = line.x(begun(dose)), line.x(dose.time)
        canvas.text(first, 1, "▇" * max(1, last - first), Pen(Tone.BAR))
        name = plain(dose.chemical, 24)
        x = max(free, min(first, line.width - len(cells(name))))
        if x <= last + 1 and x + len(cells(name)) <= line.width:
            free = canvas.text(x, 0, name, TEXT) + 1


def _draw_happenings(canvas: Canvas, told: Happenings, line: Line) -> None:
    for alarm in told.alarms:
        first = line.x(max(alarm.since, line.since))
        last = line.x(min(alarm.until or line.until, line.until))
        canvas.text(first, 2, "▲" + "─" * (last - first), Pen(Tone.WARN))
    for note in told.notes:
        canvas.put(line.x(note.at), 2, "◆", Pen(Tone.CREST))


def _draw_times(canvas: Canvas, batch: Batch, since: datetime, zone: tzinfo) -> None:
    y = canvas.height - 1
    canvas.text(0, y, number_format.clock(since, zone), DIM)
    end = "now" if batch.ends_at is None else number_format.clock(batch.ends_at, zone)
    canvas.right(canvas.width, y, end, DIM)
    seconds, before = longest_gap(batch)
    if seconds >= GAP_S:
        said = f"longest gap {seconds:.0f} s, before {plain(before, 24) or 'the end'}"
        canvas.text(max(10, (canvas.width - len(said)) // 2), y, said, DIM, width=canvas.width - 22)
