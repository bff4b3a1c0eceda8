"""The frame around a plot: a y-axis with its labels, a time axis with round times of the plant's clock."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from msgspec import Struct

from dosing_tui.tui.charts.primitives.scale import BucketWindow, column_to_bucket, format_tick
from dosing_tui.tui.charts.primitives.value_axis import ValueAxis
from dosing_tui.tui.rendering.canvas import Canvas
from dosing_tui.tui.rendering.palette import DIM, FRAME

_MINUTE_STEPS = (5, 10, 15, 30, 60, 120, 180, 360, 720)
_DAY_STEPS = (1, 2, 7, 14, 28, 56, 112, 364)
_DAY_MINUTES = 24 * 60
_MONDAY = date(2024, 1, 1)
_LABEL_WIDTH = 8
"""Cells a label takes, with the room around it."""
_DAY_LABELS_ABOVE = timedelta(hours=36)
"""A window longer than this names its days."""


class Tick(Struct, frozen=True):
    column: int
    label: str


def place_time_ticks(window: BucketWindow, width: int, zone: tzinfo) -> Sequence[Tick]:
    """Times of day, and the day itself where a day begins; days alone in a long window."""
    if width < 6 or window.bucket_count < 1:
        return ()
    minutes = window.bucket_width.total_seconds() * window.bucket_count / 60
    step = next((m for m in _MINUTE_STEPS if m / minutes * width >= _LABEL_WIDTH), None)
    days = next((d for d in _DAY_STEPS if d * _DAY_MINUTES / minutes * width >= _LABEL_WIDTH), _DAY_STEPS[-1])
    named = window.bucket_width * window.bucket_count > _DAY_LABELS_ABOVE
    return tuple(_iterate_ticks(window, width, zone, step, days if step is None else 1, show_days=named))


def _iterate_ticks(
    window: BucketWindow, width: int, zone: tzinfo, step: int | None, days: int, *, show_days: bool
) -> Iterator[Tick]:
    before = -1
    for column in range(width):
        number = column_to_bucket(column, width, window.bucket_count)
        # where a column has several buckets, none of them is passed over
        for bucket in range(before + 1, number + 1):
            label = _format_label(
                window.since + window.bucket_width * bucket,
                window.bucket_width,
                zone,
                step,
                days,
                show_days=show_days,
            )
            if label:
                yield Tick(column, label)
                break
        before = number


def _format_label(
    start: datetime, bucket: timedelta, zone: tzinfo, step: int | None, days: int, *, show_days: bool
) -> str:
    """What a bucket is labelled with: the round time it contains; '' when it contains none."""
    last = (start + bucket - timedelta(microseconds=1)).astimezone(zone)
    if step is None or (show_days and last.replace(hour=0, minute=0, second=0, microsecond=0) >= start):
        midnight = last.replace(hour=0, minute=0, second=0, microsecond=0)
        due = midnight >= start and (midnight.date() - _MONDAY).days % days == 0
        return midnight.strftime("%d %b") if due else ""
    minute = (last.hour * 60 + last.minute) // step * step
    whole = last.replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0)
    # a time that the clock skips in spring is none
    real = whole.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == whole.replace(tzinfo=None)
    return whole.strftime("%H:%M") if whole >= start and real else ""


def measure_labels(axis: ValueAxis) -> int:
    """Cells of the longest label of a scale."""
    return max(len(format_tick(value)) for value in (axis.bottom, *axis.ticks))


def draw_y_axis(canvas: Canvas, x: int, y: int, rows: int, axis: ValueAxis, values: Sequence[float]) -> None:
    """A scale in column ``x`` of ``rows`` rows from ``y`` on, with the labels that fit on its left.

    Of labels that touch each other, the later ones of ``values`` are left out.
    """
    for row in range(rows):
        canvas.set_cell(x, y + row, "│", FRAME)
    taken: set[int] = set()
    for value in values:
        row, label = axis.to_row(value, rows), format_tick(value)
        if len(label) <= x and row not in taken:
            canvas.write_right(x, y + row, label, DIM)
            canvas.set_cell(x, y + row, "┤", FRAME)
            taken.add(row)


def draw_time_axis(canvas: Canvas, x: int, y: int, ticks: Sequence[Tick], bottom: float = 0.0) -> None:
    """From the end of the scale in column ``x`` to the edge; the labels of the ticks below row ``y``."""
    if len(label := format_tick(bottom)) <= x:
        canvas.write_right(x, y, label, DIM)
    canvas.write_text(x, y, "└" + "─" * (canvas.width - x - 1), FRAME)
    for tick in ticks:
        canvas.set_cell(x + 1 + tick.column, y, "┬", FRAME)
    write_tick_labels(canvas, y + 1, ticks, left=x + 1, start=x)


def write_tick_labels(canvas: Canvas, y: int, ticks: Sequence[Tick], *, left: int, start: int) -> None:
    """The labels that fit between column ``start`` and the edge without touching each other."""
    free = start
    for tick in ticks:
        x = left + tick.column - len(tick.label) // 2
        if x >= free and x + len(tick.label) <= canvas.width:
            canvas.write_text(x, y, tick.label, DIM)
            free = x + len(tick.label) + 1
