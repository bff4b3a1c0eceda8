"""How exactly was dosed: the spread of errors, and the share of doses out of tolerance."""

from dosing_tui.domain.panels.panel_catalog import (
    ACCURACY,
    ACCURACY_SUMMARY,
    DURATION,
    ERROR_RATE,
    ErrorSummary,
)
from dosing_tui.tui.charts.series import Curves
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.scope.render_context import Moment
from dosing_tui.tui.tiles.consumption import paint_area, paint_lines
from dosing_tui.tui.tiles.shared.bucketing import measured, measures
from dosing_tui.tui.tiles.shared.error_histogram import RATE_LIMIT, Spread, paint_spread
from dosing_tui.tui.tiles.shared.number_list import Figure, Figures, paint_figures
from dosing_tui.tui.tiles.shared.tile_content import Content, age_of_panel


def accuracy(moment: Moment) -> Content[Spread]:
    bins, summaries = moment.rows(ACCURACY), moment.rows(ACCURACY_SUMMARY)
    tolerance = moment.settings.limits.tolerance_g
    age, stale = age_of_panel(moment, ACCURACY, ACCURACY_SUMMARY)
    empty = ""
    if not any(bin_.doses for bin_ in bins):
        empty = moment.nothing_from(ACCURACY, "no dose")
    data = Spread(bins, summaries[0] if summaries else None, tolerance)
    unit = f"error g · limit ±{tolerance:g}"
    return Content(ACCURACY.title, data, paint_spread, unit, age, stale, empty)


def numbers(moment: Moment) -> Content[Figures]:
    rows = moment.rows(ACCURACY_SUMMARY)
    age, stale = age_of_panel(moment, ACCURACY_SUMMARY)
    summary = rows[0] if rows and rows[0].doses else None
    empty = "" if summary else moment.nothing_from(ACCURACY_SUMMARY, "no dose")
    figures = _figures(summary, moment.settings.limits.tolerance_g) if summary else Figures(())
    return Content("Accuracy in numbers", figures, paint_figures, "", age, stale, empty)


def _figures(summary: ErrorSummary, tolerance_g: float) -> Figures:
    out = summary.out_percent
    loud = out is not None and out > RATE_LIMIT
    return Figures(
        (
            Figure("Doses", number_format.count(summary.doses)),
            Figure("Mean error", _grams(summary.mean_g, signed=True)),
            Figure("Standard deviation", _grams(summary.sd_g)),
            Figure(
                f"Beyond ±{tolerance_g:g} g", number_format.NOTHING if out is None else f"{out:.1f} %", loud
            ),
        )
    )


def _grams(value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return number_format.NOTHING
    return f"{number_format.signed(value) if signed else f'{value:.2f}'} g"


def error_rate(moment: Moment) -> Content[Curves]:
    curves = measures(moment, ERROR_RATE, unit="%", limit=RATE_LIMIT, least_top=2 * RATE_LIMIT)
    age, stale = age_of_panel(moment, ERROR_RATE)
    empty = "" if measured(curves) else moment.nothing_from(ERROR_RATE, "no dose")
    unit = f"% of doses · limit {RATE_LIMIT:g}"
    return Content(ERROR_RATE.title, curves, paint_area, unit, age, stale, empty)


def duration(moment: Moment) -> Content[Curves]:
    curves = measures(moment, DURATION, unit="s")
    age, stale = age_of_panel(moment, DURATION)
    empty = "" if measured(curves) else moment.nothing_from(DURATION, "no dose")
    unit = f"mean s in {number_format.span(curves.window.bucket)}"
    return Content(DURATION.title, curves, paint_lines, unit, age, stale, empty)
