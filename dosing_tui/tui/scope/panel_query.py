"""Which stretch of time each panel is asked for, and how it is cut into buckets."""

from datetime import timedelta
from typing import TypeVar

from dosing_tui.domain.panels.panel_catalog import Panel, Query
from dosing_tui.domain.time.time_range import RangeSpec, TimeRange, last_24h
from dosing_tui.tui.charts.primitives.scale import EPOCH, Window
from dosing_tui.tui.scope.render_context import Moment
from dosing_tui.tui.scope.scope import Present, Scope, resolved

Row = TypeVar("Row")

HOUR = timedelta(hours=1)


def query(panel: Panel[Row], scope: Scope, present: Present) -> Query:
    """Raises: RangeError, when the chosen range has no meaning now."""
    since, until = _asked(panel, scope, present)
    return Query(since, until, present.now, scope.selection.narrowed_to(panel.dimensions))


def _asked(panel: Panel[Row], scope: Scope, present: Present) -> TimeRange:
    """The chosen range; else the panel's own, a day of it ending with the newest bucket."""
    if scope.spec is not None:
        return resolved(scope.spec, present, scope.selection)
    if panel.range == "now-24h":
        return last_24h(present.now, panel.bucket or HOUR)
    until = "now/d" if panel.range.endswith("/d") else "now"
    return resolved(RangeSpec(panel.range, until), present, scope.selection)


def window(moment: Moment, panel: Panel[Row]) -> Window:
    """The buckets of a panel's chart: all that its rows may be in."""
    asked = moment.answer(panel).query or query(panel, Scope(), moment.present)
    bucket = panel.bucket_in(asked.since, asked.until) or HOUR
    since = EPOCH + (asked.since - EPOCH) // bucket * bucket
    return Window(since, bucket, -((since - asked.until) // bucket))
