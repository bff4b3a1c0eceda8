"""A panel's declaration, as a panel of Grafana: kind of chart, unit, limits and colours."""

from collections.abc import Sequence
from dataclasses import fields

from dosing_tui.config.settings import LimitSettings
from dosing_tui.domain.panels.panel_catalog import ChartKind, Panel, SeriesPoint
from dosing_tui.grafana.datasource import DATASOURCE, Json, build_query
from dosing_tui.grafana.sql_macros import build_panel_sql

RED, YELLOW, GREEN, NEUTRAL = "red", "yellow", "green", "text"
PANEL_WIDTHS = {ChartKind.STATS: 12, ChartKind.GAUGES: 12, ChartKind.TABLE: 24}
PANEL_HEIGHTS = {ChartKind.STATS: 5, ChartKind.TABLE: 10}
"""In Grafana's grid of 24 columns; other charts are half as wide as the screen."""
_PANEL_UNITS = {"g": "massg", "error g": "massg", "g/h": "massg", "%": "percent", "s": "s"}
_COLUMN_UNITS = (
    ("_g", "massg", 2),
    ("percent_full", "percent", 1),
    ("_percent", "percent", 1),
    ("_s", "s", 1),
)
_HIDDEN_COLUMNS = {
    ChartKind.GAUGES: ("remaining_g", "capacity_g", "time", "received_at"),
    ChartKind.HISTOGRAM: ("lower_g", "upper_g"),
    ChartKind.STATS: ("day",),
}
"""Columns that the console needs, and this chart would draw."""
_COUNT_CHARTS = (ChartKind.HISTOGRAM, ChartKind.STATS, ChartKind.TABLE)
"""Columns are numbers of something, unless their name says another unit."""
_PANEL_TYPES = {
    ChartKind.BARS: "barchart",
    ChartKind.LINES: "timeseries",
    ChartKind.AREA: "timeseries",
    ChartKind.HISTOGRAM: "barchart",
    ChartKind.GAUGES: "gauge",
    ChartKind.STATS: "stat",
    ChartKind.TABLE: "table",
}
_MAX_GAP_MS = 90 * 60 * 1000
"""Points further apart are not joined: an hour without a dose is a gap. (Grafana knows one length only.)"""


def build_panel(
    panel: Panel[object], *, number: int, at: tuple[int, int], zone: str, limits: LimitSettings
) -> dict[str, Json]:
    """``at`` is its place, column and row."""
    told = "time_series" if panel.row_type is SeriesPoint else "table"
    hidden: dict[str, Json] = dict.fromkeys(_HIDDEN_COLUMNS.get(panel.chart, ()), True)
    return {
        "id": number,
        "title": panel.title,
        "description": _format_description(panel),
        "type": _PANEL_TYPES[panel.chart],
        "datasource": DATASOURCE,
        "gridPos": {"x": at[0], "y": at[1], "w": get_panel_width(panel), "h": get_panel_height(panel)},
        "targets": [build_query(build_panel_sql(panel, zone=zone), format=told)],
        "transformations": [{"id": "organize", "options": {"excludeByName": hidden}}] if hidden else [],
        "fieldConfig": {"defaults": _build_defaults(panel, limits), "overrides": _build_overrides(panel)},
        "options": _build_options(panel),
    }


def get_panel_width(panel: Panel[object]) -> int:
    return PANEL_WIDTHS.get(panel.chart, 12)


def get_panel_height(panel: Panel[object]) -> int:
    return PANEL_HEIGHTS.get(panel.chart, 8)


def _format_description(panel: Panel[object]) -> str:
    number = (
        f"Panel {panel.guide_panel_number} of the integration guide. " if panel.guide_panel_number else ""
    )
    return f"{number}As in the console: dosing-tui panel {panel.id}"


def _build_defaults(panel: Panel[object], limits: LimitSettings) -> dict[str, Json]:
    """What holds for every column that has no rule of its own."""
    unit = "short" if panel.chart in _COUNT_CHARTS else _PANEL_UNITS.get(panel.unit, "short")
    common: dict[str, Json] = {
        "unit": unit,
        "decimals": {"massg": 2, "short": 0}.get(unit, 1),
        "custom": _build_custom_options(panel),
        "noValue": "no data",
        "color": {"mode": "palette-classic-by-name"},
    }
    if panel.chart is ChartKind.GAUGES:
        steps = _build_thresholds(
            (RED, None), (YELLOW, limits.stock_low_percent), (GREEN, limits.stock_warn_percent)
        )
        return {**common, "min": 0, "max": 100, "color": {"mode": "thresholds"}, "thresholds": steps}
    if panel.limit is not None:
        return {**common, "min": 0, "thresholds": _build_thresholds((GREEN, None), (RED, panel.limit))}
    if panel.chart in (ChartKind.STATS, ChartKind.TABLE):
        return {**common, "color": {"mode": "fixed", "fixedColor": NEUTRAL}}
    return common


def _build_custom_options(panel: Panel[object]) -> dict[str, Json]:
    if panel.row_type is not SeriesPoint:
        return {}
    bars = panel.chart is ChartKind.AREA
    return {
        "drawStyle": "bars" if bars else "line",
        "fillOpacity": 60 if bars else 0,
        "lineWidth": 1,
        "showPoints": "never" if bars else "always",
        "spanNulls": False,
        "insertNulls": _MAX_GAP_MS,
        "thresholdsStyle": {"mode": "off" if panel.limit is None else "line"},
    }


def _build_thresholds(*steps: tuple[str, float | None]) -> dict[str, Json]:
    """Each colour holds from its value on."""
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in steps]}


def _build_overrides(panel: Panel[object]) -> Sequence[Json]:
    """Units of the columns that say theirs in the name, where a panel has several."""
    if panel.chart not in (ChartKind.STATS, ChartKind.TABLE, ChartKind.GAUGES):
        return []
    found: list[Json] = []
    for column in (field.name for field in fields(panel.row_type)):  # type: ignore[arg-type]  # every row is a dataclass
        for ending, unit, decimals in _COLUMN_UNITS:
            if column.endswith(ending):
                found.append(_override_unit(column, unit, decimals))
                break
    return found


def _override_unit(column: str, unit: str, decimals: int) -> Json:
    return {
        "matcher": {"id": "byName", "options": column},
        "properties": [{"id": "unit", "value": unit}, {"id": "decimals", "value": decimals}],
    }


def _build_options(panel: Panel[object]) -> dict[str, Json]:
    match panel.chart:
        case ChartKind.LINES | ChartKind.AREA:
            legend: Json = {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}
            return {"legend": legend, "tooltip": {"mode": "multi", "sort": "none"}}
        case ChartKind.BARS:
            return {"xField": "label", "orientation": "horizontal", "showValue": "always", **_NO_LEGEND}
        case ChartKind.HISTOGRAM:
            return {"xField": "bin", "orientation": "vertical", "showValue": "auto", **_NO_LEGEND}
        case ChartKind.GAUGES:
            shown: Json = {
                "values": True,
                "calcs": [],
                "fields": "/^percent_full$/",
                "limit": 200,
            }
            return {"reduceOptions": shown, "showThresholdMarkers": True, "showThresholdLabels": True}
        case ChartKind.STATS:
            first: Json = {"values": False, "calcs": ["first"], "fields": "/.*/"}
            return {
                "reduceOptions": first,
                "graphMode": "none",
                "colorMode": "none",
                "textMode": "value_and_name",
            }
        case ChartKind.TABLE:
            return {"showHeader": True, "cellHeight": "sm"}


_NO_LEGEND: dict[str, Json] = {
    "legend": {"showLegend": False, "displayMode": "hidden", "placement": "bottom"}
}
