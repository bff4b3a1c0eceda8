"""Panels over time as curves: their rows put into buckets, in one unit, the incomplete one marked."""

from collections.abc import Sequence
from datetime import timedelta

from dosing_tui.domain.panels.panel_catalog import Panel, SeriesPoint
from dosing_tui.tui.charts.primitives.scale import BucketWindow
from dosing_tui.tui.charts.series import ChartData, Curve
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import sanitize_text
from dosing_tui.tui.scope import panel_query
from dosing_tui.tui.scope.render_context import RenderContext

ZERO_WIDTH = timedelta(0)
MAX_NAME_WIDTH = 24
"""Cells of a series' name, at most."""


def build_mass_chart(context: RenderContext, panel: Panel[SeriesPoint], *, combine_all: bool = False,
           min_bucket: timedelta = ZERO_WIDTH) -> ChartData:  # fmt: skip
    """What was dosed, in the unit that fits the largest bucket; all series as one if ``combine_all``.

    ``min_bucket`` is the narrowest bucket that is wanted: narrower ones are added up.
    """
    window = panel_query.build_window(context, panel).merge_buckets(min_bucket)
    points = context.get_rows(panel)
    names = ["all"] if combine_all else sorted({point.series for point in points})
    found = {
        name: sum_by_bucket(points if combine_all else _select_series(points, name), window) for name in names
    }
    mass = number_format.choose_mass_unit(
        max((v or 0.0 for values in found.values() for v in values), default=0.0)
    )
    curves = tuple(
        Curve(
            sanitize_text(name, MAX_NAME_WIDTH), tuple(None if v is None else v / mass.grams for v in values)
        )
        for name, values in found.items()
    )
    return ChartData(
        curves, window, context.zone, mass.symbol, mass.decimals, is_additive=True,
        partial_bucket=find_partial_bucket(context, panel, window), annotations=context.annotations,
    )  # fmt: skip


def build_value_chart(
    context: RenderContext,
    panel: Panel[SeriesPoint],
    *,
    unit: str,
    limit: float | None = None,
    min_top: float = 0.0,
) -> ChartData:
    """What cannot be added up: percent, seconds. Each bucket has one value of each series."""
    window = panel_query.build_window(context, panel)
    points = context.get_rows(panel)
    curves = tuple(
        Curve(sanitize_text(name, MAX_NAME_WIDTH), place_in_buckets(_select_series(points, name), window))
        for name in sorted({point.series for point in points})
    )
    return ChartData(
        curves, window, context.zone, unit, 1, limit=limit, min_top=min_top,
        partial_bucket=find_partial_bucket(context, panel, window), annotations=context.annotations,
    )  # fmt: skip


def _select_series(points: Sequence[SeriesPoint], name: str) -> list[SeriesPoint]:
    return [point for point in points if point.series == name]


def sum_by_bucket(points: Sequence[SeriesPoint], window: BucketWindow) -> tuple[float | None, ...]:
    """The window's buckets, all series added up; None where nothing was measured."""
    values: list[float | None] = [None] * window.bucket_count
    for point in points:
        number = window.find_bucket(point.at)
        if number is not None and point.value is not None:
            values[number] = (values[number] or 0.0) + point.value
    return tuple(values)


def place_in_buckets(points: Sequence[SeriesPoint], window: BucketWindow) -> tuple[float | None, ...]:
    """The window's buckets with their values as they are."""
    values: list[float | None] = [None] * window.bucket_count
    for point in points:
        number = window.find_bucket(point.at)
        if number is not None:
            values[number] = point.value
    return tuple(values)


def find_partial_bucket(
    context: RenderContext, panel: Panel[SeriesPoint], window: BucketWindow
) -> int | None:
    """The bucket that was not over when the panel was answered."""
    at = context.get_result(panel).loaded_at
    return None if at is None else window.find_bucket(at)


def has_values(curves: ChartData) -> bool:
    return any(value is not None for curve in curves.curves for value in curve.values)
