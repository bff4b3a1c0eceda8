"""Rows of panels over time as curves: one value per bucket, one unit, the incomplete bucket marked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from heapq import nlargest

from msgspec.structs import replace

from dosing_tui.domain.panels.panel_catalog import Panel, SeriesPoint
from dosing_tui.tui.charts.primitives.scale import BucketWindow
from dosing_tui.tui.charts.series import ChartData, Curve
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import sanitize_text
from dosing_tui.tui.scope import panel_query
from dosing_tui.tui.scope.render_context import RenderContext

ZERO_WIDTH = timedelta(0)
MAX_SERIES = 100
"""Series of a chart: so many of the largest if there are more."""
_TYPICAL_BINS = 48
"""Bins of a chart, about: the unit of mass is chosen for them."""


def build_mass_chart(
    context: RenderContext, panel: Panel[SeriesPoint], *, combine_all: bool = False,
    min_bin: timedelta = ZERO_WIDTH,
) -> ChartData:  # fmt: skip
    """Dosed masses, in the unit that fits the largest bin; all series as one if ``combine_all``.

    Buckets narrower than ``min_bin`` are added up when the chart is drawn.
    """
    window = panel_query.build_window(context, panel)
    points, omitted_count = context.get_rows(panel), 0
    if not combine_all:
        points, omitted_count = _keep_largest(points, MAX_SERIES)
    sums = _place_in_buckets(points, window, name="all" if combine_all else None)
    chart = replace(_build_chart(context, panel, window, sums), is_additive=True, min_bin=min_bin)
    mass = number_format.choose_mass_unit(find_largest_value(chart.fit_bins(_TYPICAL_BINS)))
    curves = tuple(
        Curve(curve.name, tuple(None if value is None else value / mass.grams for value in curve.values))
        for curve in chart.curves
    )
    return replace(
        chart, curves=curves, unit=mass.symbol, decimals=mass.decimals, omitted_count=omitted_count
    )


def find_largest_value(chart: ChartData) -> float:
    return max((value or 0.0 for curve in chart.curves for value in curve.values), default=0.0)


def build_value_chart(
    context: RenderContext, panel: Panel[SeriesPoint], *, unit: str, limit: float | None = None,
    min_top: float = 0.0,
) -> ChartData:  # fmt: skip
    """Values that cannot be added up: percent, seconds. Each bucket has one value of each series.

    In a mean, a bucket counts by its doses.
    """
    window = panel_query.build_window(context, panel)
    points, omitted_count = _keep_largest(context.get_rows(panel), MAX_SERIES)
    chart = _build_chart(context, panel, window, _place_in_buckets(points, window))
    chart = _weigh_curves(chart, points)
    return replace(chart, unit=unit, limit=limit, min_top=min_top, omitted_count=omitted_count)


def _weigh_curves(chart: ChartData, points: Iterable[SeriesPoint]) -> ChartData:
    """The curves of these points, each with the number of doses of its values."""
    weights = _place_in_buckets((replace(point, value=point.doses) for point in points), chart.window)
    curves = (
        replace(curve, weights=tuple(weight or 0.0 for weight in weights[name]))
        for curve, name in zip(chart.curves, sorted(weights), strict=True)
    )
    return replace(chart, curves=tuple(curves))


def _build_chart(
    context: RenderContext, panel: Panel[SeriesPoint], window: BucketWindow,
    curves: Mapping[str, Sequence[float | None]],
) -> ChartData:  # fmt: skip
    loaded_at = context.get_result(panel).loaded_at
    return ChartData(
        tuple(Curve(sanitize_text(name), tuple(curves[name])) for name in sorted(curves)),
        window, context.zone,
        # the bucket that had not ended when the panel was loaded
        partial_bucket=None if loaded_at is None else window.find_bucket(loaded_at),
        annotations=context.annotations,
    )  # fmt: skip


def _keep_largest(points: tuple[SeriesPoint, ...], limit: int) -> tuple[tuple[SeriesPoint, ...], int]:
    """All points of up to ``limit`` series; else those of the largest, and the number of the other series."""
    sums: dict[str, float] = defaultdict(float)
    for point in points:
        sums[point.series] += point.value or 0.0
    if len(sums) <= limit:
        return points, 0
    kept = set(nlargest(limit, sums, key=sums.__getitem__))
    return tuple(point for point in points if point.series in kept), len(sums) - len(kept)


def _place_in_buckets(
    points: Iterable[SeriesPoint], window: BucketWindow, *, name: str | None = None
) -> dict[str, list[float | None]]:
    """The sums of the window's buckets, None without a value, by series; as one series with a ``name``."""
    series: dict[str, list[float | None]] = {} if name is None else {name: [None] * window.bucket_count}
    for point in points:
        values = series.setdefault(name or point.series, [None] * window.bucket_count)
        number = window.find_bucket(point.at)
        if number is not None and point.value is not None:
            values[number] = (values[number] or 0.0) + point.value
    return series


def has_values(curves: ChartData) -> bool:
    return any(value is not None for curve in curves.curves for value in curve.values)
