"""Panels over time as curves: their rows put into buckets, in one unit, the incomplete one marked."""

from collections.abc import Sequence
from datetime import timedelta

from dosing_tui.domain.panels.panel_catalog import Panel, SeriesPoint
from dosing_tui.tui.charts.primitives.scale import Window
from dosing_tui.tui.charts.series import Curve, Curves
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import plain
from dosing_tui.tui.scope import panel_query
from dosing_tui.tui.scope.render_context import Moment

NO_TIME = timedelta(0)
NAME = 24
"""Cells of a series' name, at most."""


def masses(moment: Moment, panel: Panel[SeriesPoint], *, together: bool = False,
           least: timedelta = NO_TIME) -> Curves:  # fmt: skip
    """What was dosed, in the unit that fits the largest bucket; all series as one if ``together``.

    ``least`` is the narrowest bucket that is wanted: narrower ones are added up.
    """
    window = panel_query.window(moment, panel).coarser(least)
    points = moment.rows(panel)
    names = ["all"] if together else sorted({point.series for point in points})
    found = {name: summed(points if together else _of(points, name), window) for name in names}
    mass = number_format.mass_for(max((v or 0.0 for values in found.values() for v in values), default=0.0))
    curves = tuple(
        Curve(plain(name, NAME), tuple(None if v is None else v / mass.grams for v in values))
        for name, values in found.items()
    )
    return Curves(
        curves, window, moment.zone, mass.unit, mass.decimals, adds_up=True,
        partial=partial_bucket(moment, panel, window), flags=moment.flags,
    )  # fmt: skip


def measures(
    moment: Moment,
    panel: Panel[SeriesPoint],
    *,
    unit: str,
    limit: float | None = None,
    least_top: float = 0.0,
) -> Curves:
    """What cannot be added up: percent, seconds. Each bucket has one value of each series."""
    window = panel_query.window(moment, panel)
    points = moment.rows(panel)
    curves = tuple(
        Curve(plain(name, NAME), placed(_of(points, name), window))
        for name in sorted({point.series for point in points})
    )
    return Curves(
        curves, window, moment.zone, unit, 1, limit=limit, least_top=least_top,
        partial=partial_bucket(moment, panel, window), flags=moment.flags,
    )  # fmt: skip


def _of(points: Sequence[SeriesPoint], name: str) -> list[SeriesPoint]:
    return [point for point in points if point.series == name]


def summed(points: Sequence[SeriesPoint], window: Window) -> tuple[float | None, ...]:
    """The window's buckets, all series added up; None where nothing was measured."""
    values: list[float | None] = [None] * window.buckets
    for point in points:
        number = window.index(point.at)
        if number is not None and point.value is not None:
            values[number] = (values[number] or 0.0) + point.value
    return tuple(values)


def placed(points: Sequence[SeriesPoint], window: Window) -> tuple[float | None, ...]:
    """The window's buckets with their values as they are."""
    values: list[float | None] = [None] * window.buckets
    for point in points:
        number = window.index(point.at)
        if number is not None:
            values[number] = point.value
    return tuple(values)


def partial_bucket(moment: Moment, panel: Panel[SeriesPoint], window: Window) -> int | None:
    """The bucket that was not over when the panel was answered."""
    at = moment.answer(panel).at
    return None if at is None else window.index(at)


def measured(curves: Curves) -> bool:
    return any(value is not None for curve in curves.curves for value in curve.values)
