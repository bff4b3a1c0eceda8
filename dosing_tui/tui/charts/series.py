"""Series over time for charts: a value per bucket, None without a measurement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from statistics import fmean

from dosing_tui.tui.charts.primitives.braille import Polyline
from dosing_tui.tui.charts.primitives.scale import BucketWindow, find_round_top
from dosing_tui.tui.rendering.number_format import NO_VALUE


@dataclass(frozen=True, slots=True)
class Curve:
    name: str
    values: tuple[float | None, ...]


class AnnotationGlyph(StrEnum):
    """Glyph of an annotation; of several in a column, the first of these is drawn."""

    NOTE = "◆"
    ABORT = "✗"
    START_AND_END = "│"
    """A start and an end."""
    START = "╷"
    END = "╵"


@dataclass(frozen=True, slots=True)
class ChartAnnotation:
    """A batch event or a note: a glyph on the time axis, a text at the cursor."""

    at: datetime
    glyph: AnnotationGlyph
    text: str


@dataclass(frozen=True, slots=True)
class ChartData:
    """``unit`` is that of all values. ``is_additive``: a sum over the window makes sense."""

    curves: tuple[Curve, ...]
    window: BucketWindow
    zone: tzinfo
    unit: str = ""
    decimals: int = 1
    is_additive: bool = False
    limit: float | None = None
    is_low_limit: bool = False
    """Values below the limit are abnormal, not those above."""
    min_top: float = 0.0
    """Minimum upper end of the scale."""
    partial_bucket: int | None = None
    """The bucket in progress."""
    annotations: tuple[ChartAnnotation, ...] = ()
    omitted_count: int = 0
    """Series that are left out of ``curves``, which are the largest."""

    @property
    def top(self) -> float:
        largest = max((value or 0.0 for curve in self.curves for value in curve.values), default=0.0)
        return max(self.min_top, find_round_top(largest))

    def is_beyond_limit(self, value: float) -> bool:
        """On the abnormal side of the limit."""
        return self.limit is not None and (value < self.limit if self.is_low_limit else value > self.limit)

    def format_value(self, value: float | None) -> str:
        return NO_VALUE if value is None else f"{value:.{self.decimals}f}"

    def get_bucket_span(self, bucket: int) -> tuple[datetime, datetime]:
        """Start and end of a bucket, in the plant's zone."""
        start = self.window.since + self.window.bucket_width * bucket
        return start.astimezone(self.zone), (start + self.window.bucket_width).astimezone(self.zone)

    def list_annotations(self, bucket: int) -> tuple[ChartAnnotation, ...]:
        """The annotations within a bucket."""
        return tuple(flag for flag in self.annotations if self.window.find_bucket(flag.at) == bucket)


@dataclass(frozen=True, slots=True)
class SeriesStatistics:
    """Over the buckets with a value; None if no bucket has one."""

    minimum: float | None
    mean: float | None
    maximum: float | None
    total: float | None
    last: float | None


def compute_statistics(values: Sequence[float | None]) -> SeriesStatistics:
    """
    >>> compute_statistics([1.0, None, 3.0])
    SeriesStatistics(minimum=1.0, mean=2.0, maximum=3.0, total=4.0, last=3.0)
    """
    measured = [value for value in values if value is not None]
    if not measured:
        return SeriesStatistics(None, None, None, None, None)
    return SeriesStatistics(min(measured), fmean(measured), max(measured), sum(measured), measured[-1])


def split_at_gaps(values: Sequence[float | None], top: float) -> list[Polyline]:
    """The unbroken stretches of a series, from 0 to 1 in both directions; a gap is a gap."""
    found: list[list[tuple[float, float]]] = [[]]
    count = len(values)
    for number, value in enumerate(values):
        if value is None:
            found.append([])
        else:
            found[-1].append(((number + 0.5) / count, value / top if top > 0 else 0.0))
    return [piece for piece in found if piece]
