"""One dashboard for each default range: Grafana and the console start with the same range.

Grafana's range belongs to the dashboard: a panel with a range of its own would not follow the selected one.
"""

from collections.abc import Iterable, Iterator, Sequence

from dosing_tui.config.settings import Settings
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.domain.panels.panel_catalog import Panel
from dosing_tui.grafana.datasource import DATASOURCE, FILE_HEADER, TAG, Json, JsonObject, build_query
from dosing_tui.grafana.panel_json import PANEL_SIZES, build_panel
from dosing_tui.grafana.sql_macros import ALL_VALUES, build_annotations_sql, build_variable_sql

SCHEMA_VERSION = 41
"""Of Grafana 12.0; later versions migrate it."""
GRID_COLUMNS = 24
DASHBOARD_TITLES = {
    "now-24h": ("dosing-24h", "Dosing: last 24 hours"),
    "now/d": ("dosing-today", "Dosing: today"),
    "now-6d/d": ("dosing-days", "Dosing: last 7 days"),
}
"""Address and title by default range; any other range is its own title."""


def build_dashboards(panels: Iterable[Panel[object]], settings: Settings) -> list[JsonObject]:
    """All panels, in their order."""
    grouped: dict[str, list[Panel[object]]] = {}
    for panel in panels:
        grouped.setdefault(panel.default_range, []).append(panel)
    return [_build_dashboard(range_, members, settings) for range_, members in grouped.items()]


def _build_dashboard(range_: str, panels: Sequence[Panel[object]], settings: Settings) -> JsonObject:
    own = "dosing-" + "".join(letter if letter.isalnum() else "-" for letter in range_)
    uid, title = DASHBOARD_TITLES.get(range_, (own, f"Dosing: {range_}"))
    zone = settings.plant.timezone
    return {
        "uid": uid,
        "title": title,
        "description": FILE_HEADER,
        "tags": [TAG],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "timezone": zone,
        "weekStart": "monday",
        "time": {"from": range_, "to": "now/d" if range_ == "now/d" else "now"},
        "refresh": "30s",
        "graphTooltip": 1,
        "links": [_LINKS],
        "annotations": {"list": [_build_annotations(zone)]},
        "templating": {"list": [_build_variable(dimension) for dimension in Dimension]},
        "panels": [
            build_panel(panel, number=number, at=at, settings=settings)
            for number, (panel, at) in enumerate(_place_panels(panels), start=1)
        ],
    }


_LINKS: Json = {
    "title": "Dosing", "type": "dashboards", "tags": [TAG], "asDropdown": False, "includeVars": True,
    "keepTime": False,
}  # fmt: skip


def _place_panels(panels: Iterable[Panel[object]]) -> Iterator[tuple[Panel[object], tuple[int, int]]]:
    """From left to right, row below row."""
    column = row = tallest = 0
    for panel in panels:
        width, height = PANEL_SIZES[panel.chart]
        if column + width > GRID_COLUMNS:
            column, row, tallest = 0, row + tallest, 0
        yield panel, (column, row)
        column, tallest = column + width, max(tallest, height)


def _build_annotations(zone: str) -> Json:
    return {
        "name": "Batches and notes",
        "datasource": DATASOURCE,
        "enable": True,
        "hide": False,
        "iconColor": "blue",
        "target": build_query(build_annotations_sql(zone=zone), ref="Anno"),
    }


def _build_variable(dimension: Dimension) -> Json:
    sql = build_variable_sql(dimension)
    return {
        "name": dimension.value,
        "label": dimension.value.capitalize(),
        "type": "query",
        "datasource": DATASOURCE,
        "query": sql,
        "definition": sql,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ALL_VALUES,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "options": [],
    }
