"""Scales: a round top for the y-axis, buckets for the x-axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Buckets begin at whole multiples since then."""


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

    def coarser(self, bucket: timedelta) -> "Window":
        """The whole buckets of this width that lie within, the last one also where it is not over."""
        if bucket <= self.bucket:
            return self
        since = EPOCH + -((EPOCH - self.since) // bucket) * bucket
        return Window(since, bucket, max(1, -((since - self.until) // bucket)))

    def last(self, buckets: int) -> "Window":
        """The newest part of this window."""
        kept = min(buckets, self.buckets)
        return Window(self.until - self.bucket * kept, self.bucket, kept)


def bucket_of(column: int, width: int, buckets: int) -> int:
    """Which bucket a column shows, when buckets are spread evenly over the columns."""
    return column * buckets // width


def spread(values: Sequence[float | None], width: int) -> list[float | None]:
    """One value for each column; where a column has several buckets, their largest: no peak is lost."""
    if not values or width < 1:
        return [None] * max(0, width)
    count = len(values)
    if count <= width:
        return [values[bucket_of(column, width, count)] for column in range(width)]
    return [
        _largest(values[column * count // width : (column + 1) * count // width]) for column in range(width)
    ]


def _largest(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
