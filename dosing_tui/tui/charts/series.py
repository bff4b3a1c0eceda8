"""Series over time for charts: a value per bucket, None without a measurement."""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from statistics import fmean

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.tui.charts.primitives.braille import Polyline
from dosing_tui.tui.charts.primitives.scale import BucketWindow, choose_bins, merge_values
from dosing_tui.tui.charts.primitives.value_axis import (
    ValueAxis,
    build_fitted_axis,
    build_zero_axis,
    find_usual_top,
    trim_outliers,
)
from dosing_tui.tui.rendering.number_format import format_decimal


class Curve(Struct, frozen=True):
    name: str
    values: tuple[float | None, ...]
    weights: tuple[float, ...] = ()
    """What each value counts in a mean: the doses that a rate is of. Empty: all the same."""

    @property
    def largest(self) -> float:
        return max((value for value in self.values if value is not None), default=0.0)

    @property
    def usual_top(self) -> float:
        """Of amounts: ``largest``, without what is far beyond the others."""
        return find_usual_top(self.values)


class AnnotationGlyph(StrEnum):
    """Glyph of an annotation; of several in a column, the first of these is drawn."""

    NOTE = "◆"
    ABORT = "✗"
    START_AND_END = "│"
    """A start and an end."""
    START = "╷"
    END = "╵"


class ChartAnnotation(Struct, frozen=True):
    """A batch event or a note: a glyph on the time axis, a text at the cursor."""

    at: datetime
    glyph: AnnotationGlyph
    text: str


class AxisMode(StrEnum):
    """How the scale of values is chosen; the value is its name in a caption."""

    AUTO = ""
    """From 0 for amounts, shares and values with a limit; fitted to the values otherwise."""
    ZERO = "axis from 0"
    FITTED = "axis fitted"
    TRIMMED = "axis without outliers"


MAX_LINES = 4
"""Series that share a plot; more are drawn one under the other."""


class ChartData(Struct, frozen=True):
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

    min_bin: timedelta = timedelta(0)
    """Narrower buckets are added up."""
    measured_from: datetime | None = None
    """The range within the window, if its first or last bucket is shorter than the others: begin, ..."""
    measured_until: datetime | None = None
    """... and end."""
    axis_mode: AxisMode = AxisMode.AUTO

    @property
    def starts_at_zero(self) -> bool:
        """Lengths are compared: the scale begins at 0, a single series is drawn as bars."""
        if self.axis_mode is AxisMode.AUTO:
            return self.is_additive or self.limit is not None or self.unit == "%"
        return self.axis_mode is AxisMode.ZERO

    def build_axis(self, *, parts: int = 2) -> ValueAxis:
        """The scale of all series; ``parts`` is the number of steps of one from 0."""
        values = [value for curve in self.curves for value in curve.values if value is not None]
        limits = [] if self.limit is None else [self.limit]
        if self.starts_at_zero and min(values, default=0.0) >= 0:
            return build_zero_axis(self._find_top(), min_top=self.min_top, parts=parts)
        if self.axis_mode is AxisMode.TRIMMED:
            return build_fitted_axis(trim_outliers(values))
        return build_fitted_axis([*values, *limits, *([0.0] if self.starts_at_zero else [])])

    @property
    def axis_name(self) -> str:
        """For a caption: how the scale was chosen, if it is not the usual one."""
        if self.axis_mode is AxisMode.AUTO and self._is_cut:
            return AxisMode.TRIMMED.value
        return self.axis_mode.value

    @property
    def _is_cut(self) -> bool:
        return self.is_additive and any(curve.usual_top < curve.largest for curve in self.curves)

    def _find_top(self) -> float:
        """The largest value; of amounts, without the few that are far beyond the others of their series."""
        is_usual = self.is_additive and self.axis_mode is AxisMode.AUTO
        return max((curve.usual_top if is_usual else curve.largest for curve in self.curves), default=0.0)

    @property
    def has_bars(self) -> bool:
        """A single series from 0. Values below 0 are drawn as a line."""
        return (
            len(self.curves) == 1
            and self.starts_at_zero
            and all(value >= 0 for value in self.curves[0].values if value is not None)
        )

    def fit_bins(self, columns: int) -> "ChartData":
        """Amounts in bins of which each has a column: sums of buckets. Other values stay as they are."""
        if not self.is_additive:
            return self
        bins = choose_bins(self.window, max(1, columns), self.zone, self.min_bin)
        if bins == self.window:
            return self
        size = bins.bucket_width // self.window.bucket_width
        before = (self.window.since - bins.since) // self.window.bucket_width
        return replace(
            self,
            curves=tuple(
                Curve(curve.name, merge_values((None,) * before + curve.values, size))
                for curve in self.curves
            ),
            window=bins,
            partial_bucket=None if self.partial_bucket is None else (self.partial_bucket + before) // size,
            measured_from=self.measured_from or self.window.since,
            measured_until=self.measured_until or self.window.until,
        )

    def is_beyond_limit(self, value: float) -> bool:
        """On the abnormal side of the limit."""
        return self.limit is not None and (value < self.limit if self.is_low_limit else value > self.limit)

    def format_value(self, value: float | None) -> str:
        return format_decimal(value, self.decimals)

    def get_bucket_span(self, bucket: int) -> tuple[datetime, datetime]:
        """Start and end of a bucket, in the plant's zone."""
        start = self.window.since + self.window.bucket_width * bucket
        end = start + self.window.bucket_width
        start = start if self.measured_from is None else max(start, self.measured_from)
        end = end if self.measured_until is None else min(end, self.measured_until)
        return start.astimezone(self.zone), end.astimezone(self.zone)

    def list_partial_buckets(self) -> tuple[int, ...]:
        """The bucket in progress, and the first and the last if they are shorter than the others."""
        found = set() if self.partial_bucket is None else {self.partial_bucket}
        if self.measured_from is not None and self.measured_from > self.window.since:
            found.add(0)
        if self.measured_until is not None and self.measured_until < self.window.until:
            found.add(self.window.bucket_count - 1)
        return tuple(sorted(found))

    def keep_curve(self, number: int) -> "ChartData":
        """One of the series alone."""
        return replace(self, curves=self.curves[number : number + 1])

    def list_annotations(self, bucket: int) -> tuple[ChartAnnotation, ...]:
        """The annotations within a bucket."""
        return tuple(flag for flag in self.annotations if self.window.find_bucket(flag.at) == bucket)


class SeriesStatistics(Struct, frozen=True):
    """Over the buckets with a value; None if no bucket has one."""

    minimum: float | None
    mean: float | None
    maximum: float | None
    total: float | None
    last: float | None


def compute_statistics(values: Sequence[float | None], weights: Sequence[float] = ()) -> SeriesStatistics:
    """The mean is weighted: a rate of 1 dose in 2 and one of 0 in 6 have the mean 1 in 8.

    >>> compute_statistics([1.0, None, 3.0])
    SeriesStatistics(minimum=1.0, mean=2.0, maximum=3.0, total=4.0, last=3.0)
    >>> compute_statistics([50.0, None, 0.0], [2, 0, 6]).mean
    12.5
    """
    weighed = zip(values, weights or [1.0] * len(values), strict=True)
    measured = [(value, weight) for value, weight in weighed if value is not None]
    if not measured:
        return SeriesStatistics(None, None, None, None, None)
    found = [value for value, _ in measured]
    counted = [weight for _, weight in measured]
    mean = fmean(found, weights=counted if any(counted) else None)
    return SeriesStatistics(min(found), mean, max(found), sum(found), found[-1])


def split_at_gaps(values: Sequence[float | None], axis: ValueAxis) -> list[Polyline]:
    """The unbroken stretches of a series, from 0 to 1 in both directions; a gap is a gap."""
    found: list[list[tuple[float, float]]] = [[]]
    count = len(values)
    for number, value in enumerate(values):
        if value is None:
            found.append([])
        else:
            found[-1].append(((number + 0.5) / count, axis.to_share(value)))
    return [piece for piece in found if piece]
