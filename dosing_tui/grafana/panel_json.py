"""A declared panel as a Grafana panel: kind of chart, unit, limits and colours.

A limit is read from the database by a query of its own, so that a changed setting needs no new dashboard.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from dosing_tui.config.alarm_limits import build_tolerance_rules
from dosing_tui.config.settings import Settings
from dosing_tui.domain.messages.tank_level import LevelBand
from dosing_tui.domain.panels.panel_catalog import ChartKind, Panel, PlantLimit, SeriesPoint
from dosing_tui.domain.panels.panel_columns import list_panel_columns
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.domain.tolerances.rules_text import describe_rules
from dosing_tui.grafana.datasource import DATASOURCE, Json, JsonObject, build_query
from dosing_tui.grafana.sql_macros import COLUMN_NAMES, build_limit_sql, build_panel_sql

RED, YELLOW, GREEN, NEUTRAL = "red", "yellow", "green", "text"
_BANDS = {
    LevelBand.UNKNOWN: ("A", NEUTRAL),
    LevelBand.LOW: ("B", RED),
    LevelBand.WARN: ("C", YELLOW),
    LevelBand.NORMAL: ("D", GREEN),
}
"""Query and colour of the tanks in each band."""
PANEL_SIZES = {**dict.fromkeys(ChartKind, (12, 8)), ChartKind.STATS: (12, 5), ChartKind.TABLE: (24, 10)}
"""Width and height in Grafana's grid of 24 columns."""
_COUNT = ("none", 0)
"""A count with all its digits: Grafana's unit short turns 1612 into 2 K."""
_KILOGRAMS = ("suffix:kg", 3)
_PANEL_UNITS = {"g": _KILOGRAMS, "g/h": _KILOGRAMS, "error g": ("suffix:g", 2), "%": ("percent", 1),
                "s": ("suffix:s", 1)}  # fmt: skip
_COLUMN_UNITS = {
    "g": ("suffix:g", 2),
    "%": ("percent", 1),
    "s": ("suffix:s", 1),
    "g/s": ("suffix:g/s", 3),
    "d": ("suffix:d", 1),
    "dBm": ("suffix:dBm", 0),
    "B": ("suffix:B", 0),
}
"""Grafana's unit and decimals by ours. Only units that do not scale: s would turn 90.0 s into 1.5 mins."""
_DECIMAL_COLUMNS = {"cpk": ("none", 2)}
"""Columns without a unit that are not counts."""
_HIDDEN_COLUMNS = {
    ChartKind.GAUGES: ("remaining_g", "capacity_g", "time", "received_at"),
    ChartKind.HISTOGRAM: ("lower_g", "upper_g"),
    ChartKind.STATS: ("day",),
}
"""Columns that the console needs and that this chart would draw."""
_COUNT_CHARTS = (ChartKind.HISTOGRAM, ChartKind.STATS, ChartKind.TABLE)
"""Their columns are counts, unless the column's name ends in a unit."""
_PANEL_TYPES = {
    ChartKind.BARS: "barchart",
    ChartKind.LINES: "timeseries",
    ChartKind.AREA: "timeseries",
    ChartKind.HISTOGRAM: "barchart",
    ChartKind.GAUGES: "gauge",
    ChartKind.STATS: "stat",
    ChartKind.TABLE: "table",
}
_NO_LEGEND: JsonObject = {"legend": {"showLegend": False, "displayMode": "hidden", "placement": "bottom"}}
_SERIES_OPTIONS: JsonObject = {
    "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
    "tooltip": {"mode": "multi", "sort": "none"},
}
_OPTIONS: Mapping[ChartKind, JsonObject] = {
    ChartKind.LINES: _SERIES_OPTIONS,
    ChartKind.AREA: _SERIES_OPTIONS,
    ChartKind.BARS: {
        "xField": "label", "orientation": "horizontal", "showValue": "always", **_NO_LEGEND,
    },
    ChartKind.HISTOGRAM: {
        "xField": "bin", "orientation": "vertical", "showValue": "auto", **_NO_LEGEND,
    },
    ChartKind.GAUGES: {
        "reduceOptions": {"values": True, "calcs": [], "fields": "/^percent_full$/", "limit": 200},
        "showThresholdMarkers": False,
        "showThresholdLabels": False,
    },
    ChartKind.STATS: {
        "reduceOptions": {"values": False, "calcs": ["first"], "fields": "/.*/"},
        "graphMode": "none",
        "colorMode": "none",
        "textMode": "value_and_name",
    },
    ChartKind.TABLE: {"showHeader": True, "cellHeight": "sm"},
}  # fmt: skip


def build_panel(
    panel: Panel[object], *, number: int, at: tuple[int, int], settings: Settings
) -> dict[str, Json]:
    """``at`` is the place of its upper left corner: column and row of Grafana's grid."""
    row_format = "time_series" if panel.row_type is SeriesPoint else "table"
    width, height = PANEL_SIZES[panel.chart]
    limits = _list_limits(panel)
    hidden: dict[str, Json] = dict.fromkeys(_HIDDEN_COLUMNS.get(panel.chart, ()), True)
    return {
        "id": number,
        "title": panel.title,
        "description": _format_description(panel, settings),
        "type": _PANEL_TYPES[panel.chart],
        "datasource": DATASOURCE,
        "gridPos": {"x": at[0], "y": at[1], "w": width, "h": height},
        "targets": [*_build_targets(panel, settings, row_format), *map(_build_limit_query, limits)],
        "transformations": [
            *map(_build_limit_step, limits),
            *_hide_columns(hidden),
        ],
        "fieldConfig": {"defaults": _build_defaults(panel), "overrides": _build_overrides(panel)},
        "options": _OPTIONS[panel.chart],
    }


def _hide_columns(hidden: dict[str, Json]) -> Sequence[Json]:
    return [{"id": "organize", "options": {"excludeByName": hidden}}] if hidden else []


def _build_targets(panel: Panel[object], settings: Settings, row_format: str) -> Sequence[Json]:
    """A query; of tanks one for each band, which colours its gauges."""
    zone, site = settings.plant.timezone, settings.plant.site
    if panel.chart is ChartKind.GAUGES:
        return [
            build_query(build_panel_sql(panel, zone=zone, site=site, band=band), ref=ref)
            for band, (ref, _) in _BANDS.items()
        ]
    return [build_query(build_panel_sql(panel, zone=zone, site=site), format=row_format)]


class PanelThreshold(Struct, frozen=True):
    """A limit of the database as thresholds of one column, or of all numbers; ``colors``: of each part."""

    ref: str
    limit: PlantLimit
    column: str
    colors: tuple[tuple[str, str], ...]


def _list_limits(panel: Panel[object]) -> Sequence[PanelThreshold]:
    found: list[tuple[PlantLimit, str, tuple[tuple[str, str], ...]]] = []
    if panel.limit is not None:
        found.append((panel.limit, "", (("base", GREEN), ("high", RED))))
    two_sided = ("base", RED), ("low", NEUTRAL), ("high", RED)
    found += [
        (limit, name, two_sided) for name, limit in panel.column_limits if isinstance(limit, PlantLimit)
    ]
    found += [(limit, name, (("base", RED), ("high", NEUTRAL))) for name, limit in panel.column_minimums]
    return [PanelThreshold(f"limit{number}", *each) for number, each in enumerate(found, start=1)]


def _build_limit_query(threshold: PanelThreshold) -> Json:
    return build_query(build_limit_sql(threshold.limit), ref=threshold.ref)


def _build_limit_step(threshold: PanelThreshold) -> Json:
    """Each colour holds from its part on."""
    colors = dict(threshold.colors)
    applies: Json = (
        {"id": "byName", "options": threshold.column}
        if threshold.column
        else {"id": "numeric", "options": ""}
    )
    mappings: list[Json] = [
        _map_threshold(part, colors[part])
        if part in colors
        else {"fieldName": part, "handlerKey": "__ignore"}
        for part in ("base", "low", "high")
    ]
    options: Json = {"configRefId": threshold.ref, "mappings": mappings, "applyTo": applies}
    return {"id": "configFromData", "options": options}


def _map_threshold(part: str, color: str) -> Json:
    step: Json = {"threshold": {"color": color}}
    return {"fieldName": part, "handlerKey": "threshold1", "handlerArguments": step}


def _format_description(panel: Panel[object], settings: Settings) -> str:
    number = panel.guide_panel_number
    guide = f"Panel {number} of the integration guide. " if number else ""
    tolerance = ""
    if panel.chart is ChartKind.HISTOGRAM:
        rules = describe_rules(build_tolerance_rules(settings))
        tolerance = f"Tolerance {rules}, unless the master recipe has its own. "
    cut = f"At most the newest {count_noun(panel.max_rows, 'row')}. " if panel.max_rows else ""
    return f"{guide}{tolerance}{cut}In the console: dosing-tui panel {panel.id}"


def _build_defaults(panel: Panel[object]) -> dict[str, Json]:
    """Options of every column without an override."""
    unit, decimals = _COUNT if panel.chart in _COUNT_CHARTS else _PANEL_UNITS.get(panel.unit, _COUNT)
    common: dict[str, Json] = {
        "unit": unit,
        "decimals": decimals,
        "custom": _build_custom_options(panel),
        "noValue": "no data",
        "color": {"mode": "palette-classic-by-name"},
    }
    if panel.chart is ChartKind.GAUGES:
        return {**common, "min": 0, "max": 100}
    if panel.limit is not None:
        return {**common, "min": 0}
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
        "thresholdsStyle": {"mode": "off" if panel.limit is None else "line"},
    }


def _build_thresholds(*steps: tuple[str, float | None]) -> dict[str, Json]:
    """Each colour holds from its value on."""
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in steps]}


def _build_overrides(panel: Panel[object]) -> Sequence[Json]:
    """Unit of each column that has one of its own; colours of bands and of columns with limits."""
    if panel.chart is ChartKind.GAUGES:
        return [*_build_column_overrides(panel), *map(_build_band_override, _BANDS.values())]
    return _build_column_overrides(panel)


def _build_band_override(band: tuple[str, str]) -> Json:
    ref, color = band
    fixed: Json = {"mode": "fixed", "fixedColor": color}
    return {
        "matcher": {"id": "byFrameRefID", "options": ref},
        "properties": [{"id": "color", "value": fixed}],
    }


def _build_column_overrides(panel: Panel[object]) -> Sequence[Json]:
    if panel.chart not in (ChartKind.STATS, ChartKind.TABLE, ChartKind.GAUGES):
        return []
    limits, minimums = dict(panel.column_limits), dict(panel.column_minimums)
    overrides: list[Json] = []
    for column in list_panel_columns(panel, ""):
        properties: list[Json] = []
        name = COLUMN_NAMES.get(column.field, column.field)
        if (shown := _DECIMAL_COLUMNS.get(column.field) or _COLUMN_UNITS.get(column.unit)) is not None:
            unit, decimals = _KILOGRAMS if name != column.field else shown
            properties += [{"id": "unit", "value": unit}, {"id": "decimals", "value": decimals}]
        if column.field in limits or column.field in minimums:
            limit = {**limits, **minimums}[column.field]
            if not isinstance(limit, PlantLimit):  # a number of its own
                steps = _build_thresholds((RED, None), (NEUTRAL, -limit), (RED, limit))
                properties.append({"id": "thresholds", "value": steps})
            properties.append({"id": "color", "value": {"mode": "thresholds"}})
        if properties:
            overrides.append({"matcher": {"id": "byName", "options": name}, "properties": properties})
    return overrides
