"""Scales: a round top for the y-axis, buckets for the x-axis."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from math import floor, log10

from msgspec import Struct

_ROUND_TOPS = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""Round numbers whose halves are short to write."""


_SMALLEST = 1e-290


def find_round_top(largest: float) -> float:
    """The least round number that is not below ``largest``; 1 for nothing, and what has no round number."""
    if largest < _SMALLEST:
        return 1.0
    magnitude = 10.0 ** floor(log10(largest))
    tops = (step * magnitude for step in _ROUND_TOPS)
    return next((top for top in tops if top >= largest * (1 - 1e-9)), 10.0 * magnitude)


def format_tick(value: float) -> str:
    """A round number in as few characters as it needs."""
    return f"{value / 1_000:.4g}k" if abs(value) >= 10_000 else f"{value:.4g}"


BUCKET_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Buckets begin at whole multiples since then."""


class BucketWindow(Struct, frozen=True):
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

    def merge_buckets(self, bucket_width: timedelta, zone: tzinfo) -> "BucketWindow":
        """Wider buckets that hold this window, aligned to midnight of the plant as far as its buckets are.

        The first one may begin earlier, the last one may end later than the window.
        """
        if bucket_width <= self.bucket_width:
            return self
        local = self.since.astimezone(zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)
        before = (self.since - midnight) % bucket_width // self.bucket_width * self.bucket_width
        since = self.since - before
        return BucketWindow(since, bucket_width, -((since - self.until) // bucket_width))


_ROUND_MINUTES = tuple(
    [1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720]
    + [days * 24 * 60 for days in (1, 2, 7, 14, 28, 56, 112, 364, 728)]
)
"""Widths of a bin that are easily named."""


def choose_bins(
    window: BucketWindow, max_bins: int, zone: tzinfo, min_width: timedelta = timedelta(0)
) -> BucketWindow:
    """The window in the narrowest round bins, multiples of its buckets, of which there are ``max_bins``."""
    if window.bucket_count <= max_bins and window.bucket_width >= min_width:
        return window
    widths = [timedelta(minutes=minutes) for minutes in _ROUND_MINUTES]
    merged = (
        window.merge_buckets(width, zone)
        for width in widths
        if width >= max(min_width, window.bucket_width) and not width % window.bucket_width
    )
    whole = BucketWindow(window.since, window.bucket_width * max(1, window.bucket_count), 1)
    return next((bins for bins in merged if bins.bucket_count <= max_bins), whole)


def merge_values(values: Sequence[float | None], size: int) -> tuple[float | None, ...]:
    """The sums of ``size`` neighbours; None where none of them has a value.

    >>> merge_values([1.0, None, None, None, 5.0], 2)
    (1.0, None, 5.0)
    """
    parts = (
        [value for value in values[i : i + size] if value is not None] for i in range(0, len(values), size)
    )
    return tuple(sum(part) if part else None for part in parts)


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
