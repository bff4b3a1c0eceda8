"""A panel's declaration, as a panel of Grafana: kind of chart, unit, limits and colours."""

from collections.abc import Sequence
from dataclasses import fields

from dosing_tui.config.settings import LimitSettings
from dosing_tui.domain.panels.panel_catalog import Chart, Panel, SeriesPoint
from dosing_tui.grafana.datasource import SOURCE, Json, query
from dosing_tui.grafana.sql_macros import panel_sql

RED, YELLOW, GREEN, NEUTRAL = "red", "yellow", "green", "text"
WIDTH = {Chart.STATS: 12, Chart.GAUGES: 12, Chart.TABLE: 24}
HEIGHT = {Chart.STATS: 5, Chart.TABLE: 10}
"""In Grafana's grid of 24 columns; other charts are half as wide as the screen."""
_UNITS = {"g": "massg", "error g": "massg", "g/h": "massg", "%": "percent", "s": "s"}
_COLUMN_UNITS = (
    ("_g", "massg", 2),
    ("percent_full", "percent", 1),
    ("_percent", "percent", 1),
    ("_s", "s", 1),
)
_HIDDEN = {
    Chart.GAUGES: ("remaining_g", "capacity_g", "time", "received_at"),
    Chart.HISTOGRAM: ("lower_g", "upper_g"),
    Chart.STATS: ("day",),
}
"""Columns that the console needs, and this chart would draw."""
_COUNTED = (Chart.HISTOGRAM, Chart.STATS, Chart.TABLE)
"""Columns are numbers of something, unless their name says another unit."""
_KIND = {
    Chart.BARS: "barchart",
    Chart.LINES: "timeseries",
    Chart.AREA: "timeseries",
    Chart.HISTOGRAM: "barchart",
    Chart.GAUGES: "gauge",
    Chart.STATS: "stat",
    Chart.TABLE: "table",
}
_GAP_MS = 90 * 60 * 1000
"""Points further apart are not joined: an hour without a dose is a gap. (Grafana knows one length only.)"""


def drawn(
    panel: Panel[object], *, number: int, at: tuple[int, int], zone: str, limits: LimitSettings
) -> dict[str, Json]:
    """``at`` is its place, column and row."""
    told = "time_series" if panel.row is SeriesPoint else "table"
    hidden: dict[str, Json] = dict.fromkeys(_HIDDEN.get(panel.chart, ()), True)
    return {
        "id": number,
        "title": panel.title,
        "description": _description(panel),
        "type": _KIND[panel.chart],
        "datasource": SOURCE,
        "gridPos": {"x": at[0], "y": at[1], "w": width(panel), "h": height(panel)},
        "targets": [query(panel_sql(panel, zone=zone), format=told)],
        "transformations": [{"id": "organize", "options": {"excludeByName": hidden}}] if hidden else [],
        "fieldConfig": {"defaults": _defaults(panel, limits), "overrides": _overrides(panel)},
        "options": _options(panel),
    }


def width(panel: Panel[object]) -> int:
    return WIDTH.get(panel.chart, 12)


def height(panel: Panel[object]) -> int:
    return HEIGHT.get(panel.chart, 8)


def _description(panel: Panel[object]) -> str:
    number = f"Panel {panel.guide} of the integration guide. " if panel.guide else ""
    return f"{number}As in the console: dosing-tui panel {panel.id}"


def _defaults(panel: Panel[object], limits: LimitSettings) -> dict[str, Json]:
    """What holds for every column that has no rule of its own."""
    unit = "short" if panel.chart in _COUNTED else _UNITS.get(panel.unit, "short")
    common: dict[str, Json] = {
        "unit": unit,
        "decimals": {"massg": 2, "short": 0}.get(unit, 1),
        "custom": _custom(panel),
        "noValue": "no data",
        "color": {"mode": "palette-classic-by-name"},
    }
    if panel.chart is Chart.GAUGES:
        steps = _steps((RED, None), (YELLOW, limits.stock_low_percent), (GREEN, limits.stock_warn_percent))
        return {**common, "min": 0, "max": 100, "color": {"mode": "thresholds"}, "thresholds": steps}
    if panel.limit is not None:
        return {**common, "min": 0, "thresholds": _steps((GREEN, None), (RED, panel.limit))}
    if panel.chart in (Chart.STATS, Chart.TABLE):
        return {**common, "color": {"mode": "fixed", "fixedColor": NEUTRAL}}
    return common


def _custom(panel: Panel[object]) -> dict[str, Json]:
    if panel.row is not SeriesPoint:
        return {}
    bars = panel.chart is Chart.AREA
    return {
        "drawStyle": "bars" if bars else "line",
        "fillOpacity": 60 if bars else 0,
        "lineWidth": 1,
        "showPoints": "never" if bars else "always",
        "spanNulls": False,
        "insertNulls": _GAP_MS,
        "thresholdsStyle": {"mode": "off" if panel.limit is None else "line"},
    }


def _steps(*steps: tuple[str, float | None]) -> dict[str, Json]:
    """Each colour holds from its value on."""
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in steps]}


def _overrides(panel: Panel[object]) -> Sequence[Json]:
    """Units of the columns that say theirs in the name, where a panel has several."""
    if panel.chart not in (Chart.STATS, Chart.TABLE, Chart.GAUGES):
        return []
    found: list[Json] = []
    for column in (field.name for field in fields(panel.row)):  # type: ignore[arg-type]  # every row is a dataclass
        for ending, unit, decimals in _COLUMN_UNITS:
            if column.endswith(ending):
                found.append(_override(column, unit, decimals))
                break
    return found


def _override(column: str, unit: str, decimals: int) -> Json:
    return {
        "matcher": {"id": "byName", "options": column},
        "properties": [{"id": "unit", "value": unit}, {"id": "decimals", "value": decimals}],
    }


def _options(panel: Panel[object]) -> dict[str, Json]:
    match panel.chart:
        case Chart.LINES | Chart.AREA:
            legend: Json = {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}
            return {"legend": legend, "tooltip": {"mode": "multi", "sort": "none"}}
        case Chart.BARS:
            return {"xField": "label", "orientation": "horizontal", "showValue": "always", **_NO_LEGEND}
        case Chart.HISTOGRAM:
            return {"xField": "bin", "orientation": "vertical", "showValue": "auto", **_NO_LEGEND}
        case Chart.GAUGES:
            shown: Json = {
                "values": True,
                "calcs": [],
                "fields": "/^percent_full$/",
                "limit": 200,
            }
            return {"reduceOptions": shown, "showThresholdMarkers": True, "showThresholdLabels": True}
        case Chart.STATS:
            first: Json = {"values": False, "calcs": ["first"], "fields": "/.*/"}
            return {
                "reduceOptions": first,
                "graphMode": "none",
                "colorMode": "none",
                "textMode": "value_and_name",
            }
        case Chart.TABLE:
            return {"showHeader": True, "cellHeight": "sm"}


_NO_LEGEND: dict[str, Json] = {
    "legend": {"showLegend": False, "displayMode": "hidden", "placement": "bottom"}
}
