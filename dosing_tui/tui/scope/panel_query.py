"""Which stretch of time each panel is asked for, and how it is cut into buckets."""

from datetime import timedelta
from typing import TypeVar

from dosing_tui.domain.panels.panel_catalog import Panel, PanelQuery
from dosing_tui.domain.time.time_range import RangeSpec, TimeRange, get_last_24h
from dosing_tui.tui.charts.primitives.scale import BUCKET_EPOCH, BucketWindow
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.scope.scope import Scope, TimeContext, resolve_range

Row = TypeVar("Row")

HOUR = timedelta(hours=1)


def build_query(panel: Panel[Row], scope: Scope, time_context: TimeContext) -> PanelQuery:
    """Raises: RangeError, when the chosen range has no meaning now."""
    since, until = _resolve_panel_range(panel, scope, time_context)
    return PanelQuery(since, until, time_context.now, scope.selection.restrict_to(panel.dimensions))


def _resolve_panel_range(panel: Panel[Row], scope: Scope, time_context: TimeContext) -> TimeRange:
    """The chosen range; else the panel's own, a day of it ending with the newest bucket."""
    if scope.spec is not None:
        return resolve_range(scope.spec, time_context, scope.selection)
    if panel.default_range == "now-24h":
        return get_last_24h(time_context.now, panel.bucket_width or HOUR)
    until = "now/d" if panel.default_range.endswith("/d") else "now"
    return resolve_range(RangeSpec(panel.default_range, until), time_context, scope.selection)


def build_window(context: RenderContext, panel: Panel[Row]) -> BucketWindow:
    """The buckets of a panel's chart: all that its rows may be in."""
    asked = context.get_result(panel).query or build_query(panel, Scope(), context.time_context)
    bucket = panel.get_bucket_width(asked.since, asked.until) or HOUR
    since = BUCKET_EPOCH + (asked.since - BUCKET_EPOCH) // bucket * bucket
    return BucketWindow(since, bucket, -((since - asked.until) // bucket))
