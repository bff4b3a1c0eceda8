"""The limits that Grafana shows and alarms by: what its files ask, and what the database answers."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import yaml
from msgspec.structs import replace
from psycopg.rows import DictRow, dict_row

from dosing_tui.config.settings import Settings
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.grafana.provisioning import GrafanaOptions, build_provisioning_files
from dosing_tui.grafana.sql_macros import ALL_VALUES
from tests.support.database.reading_samples import settings_for
from tests.support.grafana.query_interpolation import interpolate_query

SEEN = GrafanaOptions("viewer", "$__env{P}", "disable", "/boards")
FILES = build_provisioning_files(Settings(), SEEN)
"""Made once, before anybody changed a limit."""

Step = tuple[float | None, str]
"""A value, and the colour from there on."""


def enter_limits(dsn: str, chosen: Settings) -> Settings:
    """Enter the settings' limits as a collector does at its start; the settings with this database."""
    ours = settings_for(dsn)
    entered = replace(chosen, database=ours.database, plant=replace(chosen.plant, site=ours.plant.site))
    migrate_schema(entered, report=print)
    return entered


def find_grafana_panel(title: str, files: Mapping[str, str] = FILES, *, panel: str = "") -> Any:
    """The panel with this title; ``panel``: its name for the console, where there are two."""
    boards = [json.loads(text) for name, text in files.items() if name.endswith(".json")]
    [found] = [
        shown
        for board in boards
        for shown in board["panels"]
        if shown["title"] == title and shown["description"].endswith(f" {panel}".rstrip())
    ]
    return found


def read_thresholds(dsn: str, panel: Any, column: str = "") -> list[Step]:
    """Thresholds of a column, '' for every number, as Grafana's transformation sets them, lowest first."""
    matcher = {"id": "byName", "options": column} if column else {"id": "numeric", "options": ""}
    [step] = [
        one["options"]
        for one in panel["transformations"]
        if one["id"] == "configFromData" and one["options"]["applyTo"] == matcher
    ]
    [sql] = [one["rawSql"] for one in panel["targets"] if one["refId"] == step["configRefId"]]
    [row] = _fetch_rows(dsn, sql)
    shown = [one for one in step["mappings"] if one["handlerKey"] != "__ignore"]
    assert {one["handlerKey"] for one in shown} == {"threshold1"}
    return sorted((row[one["fieldName"]], one["handlerArguments"]["threshold"]["color"]) for one in shown)


def read_tank_colors(dsn: str, now: datetime) -> dict[str, str]:
    """The colour of each chemical's gauge."""
    panel = find_grafana_panel("Inventory")
    colors = {
        one["matcher"]["options"]: one["properties"][0]["value"]["fixedColor"]
        for one in panel["fieldConfig"]["overrides"]
        if one["matcher"]["id"] == "byFrameRefID"
    }
    return {
        row["chemical"]: colors[target["refId"]]
        for target in panel["targets"]
        for row in _fetch_rows(dsn, target["rawSql"], now)
    }


def read_alert(dsn: str, uid: str, ref: str) -> list[DictRow]:
    """What one query of an alert rule answers."""
    [group] = yaml.safe_load(FILES["alerting/dosing.yaml"])["groups"]
    [rule] = [one for one in group["rules"] if one["uid"] == uid]
    [sql] = [one["model"]["rawSql"] for one in rule["data"] if one["refId"] == ref]
    return _fetch_rows(dsn, sql)


def _fetch_rows(dsn: str, sql: str, now: datetime | None = None) -> list[DictRow]:
    moment = now or datetime.now(UTC)
    names = [name.value for name in Dimension]
    text = interpolate_query(
        sql, since=moment - timedelta(hours=1), until=moment, now=now,
        chosen=dict.fromkeys(names, ()), all_value=dict.fromkeys(names, ALL_VALUES),
    )  # fmt: skip
    with psycopg.connect(dsn, autocommit=True, row_factory=dict_row) as session:
        session.execute("SET default_transaction_read_only = on")
        return session.execute(text).fetchall()
