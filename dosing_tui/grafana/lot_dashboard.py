"""The dashboard of lots: the batches with a lot, and the lots of a batch, by the statements of ``trace``."""

from dosing_tui.config.settings import Settings
from dosing_tui.grafana.dashboards import SCHEMA_VERSION
from dosing_tui.grafana.datasource import DATASOURCE, FILE_HEADER, TAG, Json, JsonObject, build_query
from dosing_tui.grafana.sql_macros import (
    ALL_VALUES,
    TIME_FROM,
    TIME_TO,
    build_chosen_text_sql,
    substitute_parameters,
)

UID = "dosing-lots"
_COLUMNS = ("chemical", "lot_number", "share", "mass_g")
_BATCH_COLUMNS = ("batch_id", "device_id", "recipe", "begins_at", "ends_at", "status", "review_state")
_LOT_COLUMNS = ("supplier", "expires_on", "is_expired", "opened_on", "certificate")
_UNITS = {"share": ("percentunit", 1), "mass_g": ("suffix:g", 2)}


def build_lot_dashboard(settings: Settings) -> JsonObject:
    """Its variables are one lot and one batch; a click on a lot or a batch chooses it."""
    chosen = {"lot": build_chosen_text_sql("lot"), "chemical": ALL_VALUES}
    lots = _build_table(
        1, "Batches with lot $lot", "trace --lot", (*_BATCH_COLUMNS, *_COLUMNS, *_LOT_COLUMNS),
        substitute_parameters("lots/trace_lot", chosen),
    )  # fmt: skip
    batches = _build_table(
        2, "Lots of batch ${batch:text}", "trace --batch", (*_COLUMNS, *_LOT_COLUMNS, *_BATCH_COLUMNS),
        substitute_parameters("lots/trace_batch", {"batch_key": build_chosen_text_sql("batch")}),
    )  # fmt: skip
    return {
        "uid": UID,
        "title": "Dosing: lots",
        "description": FILE_HEADER,
        "tags": [TAG],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "timezone": settings.plant.timezone,
        "weekStart": "monday",
        "time": {"from": "now-90d", "to": "now"},
        "refresh": "",
        "templating": {"list": [_build_variable("lot", "Lot"), _build_variable("batch", "Batch")]},
        "panels": [lots, batches],
    }


def _build_variable(name: str, label: str) -> Json:
    """The values of the dashboard's range, the newest first."""
    sql = substitute_parameters(f"lots/select_{name}_names", {"from": TIME_FROM, "to": TIME_TO})
    return {
        "name": name,
        "label": label,
        "description": "At most the newest 1 000 of the range.",
        "type": "query",
        "datasource": DATASOURCE,
        "query": sql,
        "definition": sql,
        "refresh": 2,
        "sort": 0,
        "multi": False,
        "includeAll": False,
        "options": [],
    }


def _build_table(number: int, title: str, command: str, columns: tuple[str, ...], sql: str) -> Json:
    overrides: list[Json] = [
        {
            "matcher": {"id": "byName", "options": name},
            "properties": [{"id": "unit", "value": unit}, {"id": "decimals", "value": decimals}],
        }
        for name, (unit, decimals) in _UNITS.items()
    ]
    overrides += [
        _build_link("lot_number", "lot"),
        _build_link("batch_id", "batch"),
    ]
    order: dict[str, Json] = {name: place for place, name in enumerate(columns)}
    return {
        "id": number,
        "title": title,
        "description": f"Of all times, whatever the range. In the console: dosing-tui {command}",
        "type": "table",
        "datasource": DATASOURCE,
        "gridPos": {"x": 0, "y": 12 * (number - 1), "w": 24, "h": 12},
        "targets": [build_query(sql)],
        "transformations": [{"id": "organize", "options": {"indexByName": order}}],
        "fieldConfig": {
            "defaults": {"noValue": "no data", "color": {"mode": "fixed", "fixedColor": "text"}},
            "overrides": overrides,
        },
        "options": {"showHeader": True, "cellHeight": "sm"},
    }


def _build_link(column: str, variable: str) -> Json:
    field = {"lot": "lot_number", "batch": "batch_key"}[variable]
    url = f"/d/{UID}?${{__url_time_range}}&var-{variable}=${{__data.fields.{field}:percentencode}}"
    return {
        "matcher": {"id": "byName", "options": column},
        "properties": [{"id": "links", "value": [{"title": f"Trace this {variable}", "url": url}]}],
    }
