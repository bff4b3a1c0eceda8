"""One dashboard for each usual range of the panels, so that both ask for the same until somebody chooses.

Grafana's ranges belong to a dashboard: a panel with one of its own would not follow the one that is chosen.
"""

from collections.abc import Iterable, Iterator, Sequence

from dosing_tui.config.settings import Settings
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.domain.panels.panel_catalog import Panel
from dosing_tui.grafana.datasource import MADE, SOURCE, TAG, Json, Object, query
from dosing_tui.grafana.panel_json import drawn, height, width
from dosing_tui.grafana.sql_macros import ALL, annotations_sql, variable_sql

SCHEMA = 41
"""Of Grafana 12.0; newer ones bring it up to date themselves."""
COLUMNS = 24
TITLES = {
    "now-24h": ("dosing-24h", "Dosing: last 24 hours"),
    "now/d": ("dosing-today", "Dosing: today"),
    "now-6d/d": ("dosing-days", "Dosing: last 7 days"),
}
"""Address and title by usual range; a range that is not here names its dashboard itself."""


def dashboards(panels: Iterable[Panel[object]], settings: Settings) -> list[Object]:
    """All panels, in their order."""
    grouped: dict[str, list[Panel[object]]] = {}
    for panel in panels:
        grouped.setdefault(panel.range, []).append(panel)
    return [_dashboard(range_, members, settings) for range_, members in grouped.items()]


def _dashboard(range_: str, panels: Sequence[Panel[object]], settings: Settings) -> Object:
    own = "dosing-" + "".join(letter if letter.isalnum() else "-" for letter in range_)
    uid, title = TITLES.get(range_, (own, f"Dosing: {range_}"))
    zone = settings.plant.timezone
    return {
        "uid": uid,
        "title": title,
        "description": MADE,
        "tags": [TAG],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": False,
        "timezone": zone,
        "weekStart": "monday",
        "time": {"from": range_, "to": "now/d" if range_ == "now/d" else "now"},
        "refresh": "30s",
        "graphTooltip": 1,
        "links": [_LINKS],
        "annotations": {"list": [_annotations(zone)]},
        "templating": {"list": [_variable(dimension) for dimension in Dimension]},
        "panels": [
            drawn(panel, number=number, at=at, zone=zone, limits=settings.limits)
            for number, (panel, at) in enumerate(_placed(panels), start=1)
        ],
    }


_LINKS: Json = {
    "title": "Dosing", "type": "dashboards", "tags": [TAG], "asDropdown": False, "includeVars": True,
    "keepTime": False,
}  # fmt: skip


def _placed(panels: Iterable[Panel[object]]) -> Iterator[tuple[Panel[object], tuple[int, int]]]:
    """From left to right, row below row."""
    column = row = tallest = 0
    for panel in panels:
        if column + width(panel) > COLUMNS:
            column, row, tallest = 0, row + tallest, 0
        yield panel, (column, row)
        column, tallest = column + width(panel), max(tallest, height(panel))


def _annotations(zone: str) -> Json:
    return {
        "name": "Batches and notes",
        "datasource": SOURCE,
        "enable": True,
        "hide": False,
        "iconColor": "blue",
        "target": query(annotations_sql(zone=zone), ref="Anno"),
    }


def _variable(dimension: Dimension) -> Json:
    sql = variable_sql(dimension)
    return {
        "name": dimension.value,
        "label": dimension.value.capitalize(),
        "type": "query",
        "datasource": SOURCE,
        "query": sql,
        "definition": sql,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ALL,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
        "options": [],
    }
