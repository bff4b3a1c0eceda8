"""Scales: a round top for the y-axis, wall-clock ticks for the x-axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from math import floor, log10

_TOPS = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""Round numbers whose halves are short to write."""


def nice_top(largest: float) -> float:
    """The least round number that is not below ``largest``; 1 for nothing."""
    if largest <= 0:
        return 1.0
    magnitude = 10.0 ** floor(log10(largest))
    for step in _TOPS:
        if step * magnitude >= largest * (1 - 1e-9):
            return step * magnitude
    return 10.0 * magnitude


def tick_label(value: float) -> str:
    """A round number in as few characters as it needs."""
    return f"{value / 1_000:.4g}k" if value >= 1_000 else f"{value:.4g}"


@dataclass(frozen=True, slots=True)
class Window:
    """The time axis: ``buckets`` equal spans from ``since`` on."""

    since: datetime
    bucket: timedelta
    buckets: int

    @property
    def until(self) -> datetime:
        return self.since + self.bucket * self.buckets

    def index(self, moment: datetime) -> int | None:
        """Which bucket a moment falls into, None when outside."""
        number = (moment - self.since) // self.bucket
        return number if 0 <= number < self.buckets else None

    def last(self, buckets: int) -> "Window":
        """The newest part of this window."""
        kept = min(buckets, self.buckets)
        return Window(self.until - self.bucket * kept, self.bucket, kept)


def bucket_of(column: int, width: int, buckets: int) -> int:
    """Which bucket a column shows, when buckets are spread evenly over the columns."""
    return column * buckets // width


@dataclass(frozen=True, slots=True)
class Tick:
    column: int
    label: str


def time_ticks(window: Window, width: int, zone: tzinfo) -> Sequence[Tick]:
    """Whole hours of the plant's clock, as many as there is room for labels."""
    if width < 6 or window.buckets < 1:
        return ()
    hours = window.bucket.total_seconds() * window.buckets / 3_600
    step = next((h for h in (1, 2, 3, 6, 12, 24) if h / hours * width >= 8), 24)
    ticks = []
    for column in range(width):
        number = bucket_of(column, width, window.buckets)
        if column and bucket_of(column - 1, width, window.buckets) == number:
            continue
        hour = _hour_within(window.since + window.bucket * number, window.bucket, zone)
        if hour is not None and hour % step == 0:
            ticks.append(Tick(column, f"{hour:02}:00"))
    return ticks


def _hour_within(start: datetime, bucket: timedelta, zone: tzinfo) -> int | None:
    """The whole hour of the plant's clock that a bucket contains, None when it has none."""
    last = (start + bucket - timedelta(microseconds=1)).astimezone(zone)
    whole = last.replace(minute=0, second=0, microsecond=0)
    return whole.hour if whole >= start else None
