"""The range of each panel's query, and its buckets."""

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
    """Raises: RangeError, if the selected range has no meaning now."""
    since, until = _resolve_panel_range(panel, scope, time_context)
    return PanelQuery(since, until, time_context.now, scope.selection.restrict_to(panel.dimensions))


def _resolve_panel_range(panel: Panel[Row], scope: Scope, time_context: TimeContext) -> TimeRange:
    """The selected range, or the panel's default; 24 h end with the current hour, the same for all panels."""
    if scope.spec is not None:
        return resolve_range(scope.spec, time_context, scope.selection)
    if panel.default_range == "now-24h":
        return get_last_24h(time_context.now, HOUR)
    until = "now/d" if panel.default_range.endswith("/d") else "now"
    return resolve_range(RangeSpec(panel.default_range, until), time_context, scope.selection)


def build_window(context: RenderContext, panel: Panel[Row]) -> BucketWindow:
    """The buckets of a panel's chart: all that contain rows of its range."""
    query = context.get_result(panel).query or build_query(panel, Scope(), context.time_context)
    bucket = panel.get_bucket_width(query.since, query.until) or HOUR
    since = BUCKET_EPOCH + (query.since - BUCKET_EPOCH) // bucket * bucket
    return BucketWindow(since, bucket, -((since - query.until) // bucket))
