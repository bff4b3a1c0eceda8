"""Ticks of a time axis: round times of the plant's clock, as many as there is room for labels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from dosing_tui.tui.charts.primitives.scale import Window, bucket_of

_MINUTES = (5, 10, 15, 30, 60, 120, 180, 360, 720)
_DAYS = (1, 2, 7, 14, 28, 56, 112, 364)
_DAY_MINUTES = 24 * 60
_MONDAY = date(2024, 1, 1)
_LABEL = 8
"""Cells a label takes, with the room around it."""
_ALL_DAY = timedelta(hours=36)
"""A window longer than this names its days."""


@dataclass(frozen=True, slots=True)
class Tick:
    column: int
    label: str


def time_ticks(window: Window, width: int, zone: tzinfo) -> Sequence[Tick]:
    """Times of day, and the day itself where a day begins; days alone in a long window."""
    if width < 6 or window.buckets < 1:
        return ()
    minutes = window.bucket.total_seconds() * window.buckets / 60
    step = next((m for m in _MINUTES if m / minutes * width >= _LABEL), None)
    days = next((d for d in _DAYS if d * _DAY_MINUTES / minutes * width >= _LABEL), _DAYS[-1])
    named = window.bucket * window.buckets > _ALL_DAY
    return tuple(_ticks(window, width, zone, step, days if step is None else 1, named=named))


def _ticks(
    window: Window, width: int, zone: tzinfo, step: int | None, days: int, *, named: bool
) -> Iterator[Tick]:
    before = -1
    for column in range(width):
        number = bucket_of(column, width, window.buckets)
        # where a column has several buckets, none of them is passed over
        for bucket in range(before + 1, number + 1):
            label = _label(
                window.since + window.bucket * bucket, window.bucket, zone, step, days, named=named
            )
            if label:
                yield Tick(column, label)
                break
        before = number


def _label(
    start: datetime, bucket: timedelta, zone: tzinfo, step: int | None, days: int, *, named: bool
) -> str:
    """What a bucket is labelled with: the round time it contains; '' when it contains none."""
    last = (start + bucket - timedelta(microseconds=1)).astimezone(zone)
    if step is None or (named and last.replace(hour=0, minute=0, second=0, microsecond=0) >= start):
        midnight = last.replace(hour=0, minute=0, second=0, microsecond=0)
        due = midnight >= start and (midnight.date() - _MONDAY).days % days == 0
        return midnight.strftime("%d %b") if due else ""
    minute = (last.hour * 60 + last.minute) // step * step
    whole = last.replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0)
    # a time that the clock skips in spring is none
    real = whole.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == whole.replace(tzinfo=None)
    return whole.strftime("%H:%M") if whole >= start and real else ""
