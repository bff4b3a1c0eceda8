"""Scales: a round top for the y-axis, buckets for the x-axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import floor, log10

_ROUND_TOPS = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""Round numbers whose halves are short to write."""


def find_round_top(largest: float) -> float:
    """The least round number that is not below ``largest``; 1 for nothing."""
    if largest <= 0:
        return 1.0
    magnitude = 10.0 ** floor(log10(largest))
    tops = (step * magnitude for step in _ROUND_TOPS)
    return next((top for top in tops if top >= largest * (1 - 1e-9)), 10.0 * magnitude)


def format_tick(value: float) -> str:
    """A round number in as few characters as it needs."""
    return f"{value / 1_000:.4g}k" if value >= 1_000 else f"{value:.4g}"


BUCKET_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Buckets begin at whole multiples since then."""


@dataclass(frozen=True, slots=True)
class BucketWindow:
    """The time axis: ``bucket_count`` equal spans from ``since`` on."""

    since: datetime
    bucket_width: timedelta
    bucket_count: int

    @property
    def until(self) -> datetime:
        return self.since + self.bucket_width * self.bucket_count

    def find_bucket(self, time: datetime) -> int | None:
        """Which bucket a moment falls into, None when outside."""
        number = (time - self.since) // self.bucket_width
        return number if 0 <= number < self.bucket_count else None

    def merge_buckets(self, bucket_width: timedelta) -> "BucketWindow":
        """The whole buckets of this width that lie within, the last one also where it is not over."""
        if bucket_width <= self.bucket_width:
            return self
        since = BUCKET_EPOCH + -((BUCKET_EPOCH - self.since) // bucket_width) * bucket_width
        return BucketWindow(since, bucket_width, max(1, -((since - self.until) // bucket_width)))

    def keep_newest(self, bucket_count: int) -> "BucketWindow":
        """The newest part of this window."""
        kept = min(bucket_count, self.bucket_count)
        return BucketWindow(self.until - self.bucket_width * kept, self.bucket_width, kept)


def column_to_bucket(column: int, width: int, buckets: int) -> int:
    """Which bucket a column shows, when buckets are spread evenly over the columns."""
    return column * buckets // width


def resample_values(values: Sequence[float | None], width: int) -> list[float | None]:
    """One value for each column; where a column has several buckets, their largest: no peak is lost."""
    if not values or width < 1:
        return [None] * max(0, width)
    count = len(values)
    if count <= width:
        return [values[column_to_bucket(column, width, count)] for column in range(width)]
    parts = (values[column * count // width : (column + 1) * count // width] for column in range(width))
    return [max((value for value in part if value is not None), default=None) for part in parts]
