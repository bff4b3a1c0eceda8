"""What Grafana reads at start is whole, holds no secret, and its alert rules always answer with a number."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import yaml
from click.testing import CliRunner
from msgspec import structs
from msgspec.structs import replace

from dosing_tui.cli.main import main
from dosing_tui.config.notification_channel import NotificationKind, NotificationSettings
from dosing_tui.config.settings import (
    AlarmLimitSettings,
    AlarmSettings,
    DatabaseSettings,
    LimitSettings,
    PlantSettings,
    Settings,
)
from dosing_tui.database.presence.station_status_writer import StationStatusWriter
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.domain.panels.panel_catalog import PANELS, PlantLimit
from dosing_tui.domain.presence.models import ConnectionReport, StationReport
from dosing_tui.errors import ExportError
from dosing_tui.grafana.provisioning import GrafanaOptions, build_provisioning_files, write_files
from dosing_tui.grafana.sql_macros import build_alert_sql, build_limit_sql
from tests.support.database.reading_samples import DOSE, LEVEL, number_rows, settings_for

SETTINGS = Settings(
    plant=PlantSettings(timezone="America/New_York", devices=("station-1", "it's new")),
    database=DatabaseSettings(dsn="host=timescaledb dbname=factory_metrics user=dosing_writer"),
    limits=LimitSettings(stock_low_percent=15, stock_warn_percent=40),
)
SEEN = GrafanaOptions(
    user="dosing_viewer", password="$__env{SECRET}", sslmode="disable", dashboards="/boards"
)
FILES = build_provisioning_files(SETTINGS, SEEN)
READ: dict[str, Any] = {
    name: json.loads(text) if name.endswith(".json") else yaml.safe_load(text) for name, text in FILES.items()
}
"""Of whatever form."""
BOARDS = [read for name, read in READ.items() if name.endswith(".json") and "dosing-lots" not in name]
"""Those of the panels of the catalog."""
SHOWN = [panel for board in BOARDS for panel in board["panels"]]
RULES = {rule["uid"]: rule for rule in READ["alerting/dosing.yaml"]["groups"][0]["rules"]}


def _find_panel(id_: str) -> Any:
    [found] = [panel for panel in SHOWN if panel["description"].endswith(f" {id_}")]
    return found


def test_every_panel_is_on_one_dashboard() -> None:
    assert sorted(panel["title"] for panel in SHOWN) == sorted(panel.title for panel in PANELS.values())
    assert len({board["uid"] for board in BOARDS}) == len(BOARDS)


def test_each_dashboard_starts_with_the_range_the_console_starts_with() -> None:
    ranges = {
        panel["description"].rsplit(" ", 1)[-1]: b["time"]["from"] for b in BOARDS for panel in b["panels"]
    }
    assert ranges == {panel.id: panel.default_range for panel in PANELS.values()}
    assert {board["timezone"] for board in BOARDS} == {"America/New_York"}
    assert {board["weekStart"] for board in BOARDS} == {"monday"}


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board["uid"])
def test_panels_do_not_overlap_and_fit(board: Any) -> None:
    taken = [
        (x, y)
        for panel in board["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_limits_are_the_plants() -> None:
    tanks = _find_panel("inventory")
    bands = {target["refId"]: target["rawSql"] for target in tanks["targets"]}
    colors = {
        override["matcher"]["options"]: override["properties"][0]["value"]["fixedColor"]
        for override in tanks["fieldConfig"]["overrides"]
        if override["matcher"]["id"] == "byFrameRefID"
    }
    assert colors == {"A": "text", "B": "red", "C": "yellow", "D": "green"}
    assert "percent_full < own.low_percent" in bands["B"]
    rate = _find_panel("error_rate")
    assert rate["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"] == {"mode": "line"}
    [step] = rate["transformations"]
    assert step["id"] == "configFromData"
    assert step["options"]["applyTo"] == {"id": "numeric", "options": ""}
    assert "FROM alarm_limits" in rate["targets"][1]["rawSql"]


def test_no_limit_of_the_settings_is_in_a_file() -> None:
    """A changed setting counts for Grafana as soon as the database has it."""
    changed = replace(
        SETTINGS,
        plant=replace(SETTINGS.plant, devices=("another",)),
        limits=replace(SETTINGS.limits, stock_low_percent=17.0, stock_warn_percent=61.0, cpk_low=0.9),
        alarms=AlarmSettings(
            stock_critical_percent=7.0, stock_cover_days=3.0, mean_error_g=1.7, mean_error_doses=9,
            error_rate_percent=8.0, offline_minutes=13.0, stock_deadband_percent=1.0,
        ),
        alarm_limits=(AlarmLimitSettings(chemical="T-12", stock_low_percent=44.0),),
    )  # fmt: skip
    assert build_provisioning_files(changed, SEEN) == FILES


@pytest.mark.parametrize(
    ("limit", "values"),
    [
        (PlantLimit.ERROR_RATE, (-8, 8)),
        (PlantLimit.MEAN_ERROR, (-1.7, 1.7)),
        (PlantLimit.CPK_LOW, (-0.9, 0.9)),
    ],
)
def test_the_limits_of_panels_are_those_of_the_database(
    migrated: str, grafana: psycopg.Connection, limit: PlantLimit, values: tuple[float, float]
) -> None:
    ours = settings_for(migrated)
    changed = replace(
        ours, limits=replace(ours.limits, cpk_low=0.9),
        alarms=AlarmSettings(error_rate_percent=8.0, mean_error_g=1.7),
    )  # fmt: skip
    migrate_schema(changed, report=print)
    assert grafana.execute(build_limit_sql(limit)).fetchall() == [(-1e9, *values)]


def test_every_query_goes_to_the_data_source_that_is_provisioned() -> None:
    [source] = READ["datasources/dosing.yaml"]["datasources"]
    queries = [
        *(target for panel in SHOWN for target in panel["targets"]),
        *(board["annotations"]["list"][0]["target"] for board in BOARDS),
        *(step["model"] for rule in RULES.values() for step in rule["data"] if step["refId"] in "AVL"),
    ]
    assert {(q["datasource"]["type"], q["datasource"]["uid"]) for q in queries} == {
        (source["type"], source["uid"])
    }
    assert source["url"] == "timescaledb:5432"
    assert source["user"] == "dosing_viewer"
    assert source["secureJsonData"] == {"password": "$__env{SECRET}"}


def test_no_parameter_of_ours_is_left_for_grafana_to_choke_on() -> None:
    assert all("%(" not in text for text in FILES.values())


def test_the_rules_ask_for_a_number_and_compare_it() -> None:
    assert set(RULES) == {
        "dosing-low-inventory", "dosing-critical-inventory", "dosing-low-cover", "dosing-high-error",
        "dosing-offline",
    }  # fmt: skip
    for rule in RULES.values():
        steps = {step["refId"]: step["model"] for step in rule["data"]}
        assert [steps[ref]["expression"] for ref in "BWM"] == ["A", "V", "L"]
        assert (rule["condition"], steps["C"]["expression"]) == ("C", "B")
        [compared] = steps["C"]["conditions"]
        assert compared["evaluator"] == {"type": "gt", "params": [0.5]}
        assert compared["unloadEvaluator"] == {"type": "lt", "params": [-0.5]}
        assert all("$__" not in steps[ref]["rawSql"] for ref in "AVL")


@pytest.fixture
def grafana(migrated: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(migrated, autocommit=True) as session:
        yield session


def _run_alert_query(session: psycopg.Connection, rule: str) -> list[tuple[Any, ...]]:
    return session.execute(build_alert_sql(rule, site="plant1")).fetchall()


def _list_silences(session: psycopg.Connection) -> dict[str, float]:
    return {device: silent_s for device, silent_s, *_ in _run_alert_query(session, "offline")}


def test_an_empty_database_is_a_number_too(migrated: str, grafana: psycopg.Connection) -> None:
    for rule in ("low_inventory", "critical_inventory", "low_cover", "high_error"):
        assert [row[-1] for row in _run_alert_query(grafana, rule)] == [-1], rule
    assert _run_alert_query(grafana, "offline") == [("any station", 3155760000.0, 600.0, 1)]
    ours = settings_for(migrated)
    expecting = replace(ours, plant=replace(ours.plant, devices=("it's new",)))
    migrate_schema(expecting, report=print)
    assert _run_alert_query(grafana, "offline") == [("it's new", 3155760000.0, 600.0, 1)]


def test_a_station_that_was_heard_and_one_that_never_was(migrated: str, grafana: psycopg.Connection) -> None:
    now = datetime.now(UTC)
    writer = ReadingWriter(settings_for(migrated))
    future = structs.replace(
        DOSE,
        time=now + timedelta(minutes=4),
        received_at=now - timedelta(minutes=20),
        error_g=-3.0,
        target_g=5.0,
    )
    low = structs.replace(
        LEVEL, time=now, received_at=now - timedelta(minutes=20), remaining_g=10, capacity_g=200
    )
    writer.write(uuid4(), number_rows(future, low))
    writer.close()
    silent = _list_silences(grafana)
    assert silent[DOSE.device_id] == pytest.approx(20 * 60, abs=60)
    stations = StationStatusWriter(settings_for(migrated))
    kept, live = (
        StationReport(DOSE.device_id, now, is_retained, ConnectionReport.OFFLINE)
        for is_retained in (True, False)
    )
    stations.write_news([kept])
    silent = _list_silences(grafana)
    assert silent[DOSE.device_id] == pytest.approx(20 * 60, abs=60)
    stations.write_news([live])
    assert _list_silences(grafana)[DOSE.device_id] == 3155760000
    stations.write_news([structs.replace(live, status=None)])  # a sign of life
    assert _list_silences(grafana)[DOSE.device_id] == pytest.approx(0, abs=60)
    stations.close()
    assert _run_alert_query(grafana, "low_inventory") == [(LEVEL.device_id, LEVEL.chemical, 5.0, 20.0, 1)]
    assert _run_alert_query(grafana, "high_error") == [
        (DOSE.device_id, "all pumps", 3.0, 1.0, -1), (DOSE.device_id, "pump 1", 3.0, 1.0, -1),
    ]  # fmt: skip


def test_what_was_made_is_made_again_and_anything_else_is_replaced_only_by_force(tmp_path: Path) -> None:
    written = write_files(tmp_path, FILES, force=False)
    assert {path.relative_to(tmp_path).as_posix() for path in written} == set(FILES)
    assert write_files(tmp_path, {name: text + " " for name, text in FILES.items()}, force=False) == written
    for path in written:
        path.write_text("somebody's own")
        with pytest.raises(ExportError, match=f"{path.name} exists and is not dosing-tui's"):
            write_files(tmp_path, FILES, force=False)
        assert path.read_text() == "somebody's own"
        assert write_files(tmp_path, FILES, force=True) == written
        assert path.read_text() == FILES[path.relative_to(tmp_path).as_posix()]


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "datasources").write_text("a file")
    with pytest.raises(ExportError, match="cannot be written"):
        write_files(tmp_path, FILES, force=False)


@pytest.mark.parametrize(
    ("dsn", "url"),
    [
        ("host=db.plant port=5433 user=a dbname=b", "db.plant:5433"),
        ("host=/run/postgresql user=a dbname=b", "/run/postgresql"),
        ("user=a dbname=b password=geheim", "localhost:5432"),
    ],
)
def test_the_data_source_is_the_settings_database_without_its_password(dsn: str, url: str) -> None:
    files = build_provisioning_files(replace(SETTINGS, database=DatabaseSettings(dsn=dsn)), SEEN)
    [source] = yaml.safe_load(files["datasources/dosing.yaml"])["datasources"]
    assert (source["url"], source["jsonData"]["database"]) == (url, "b")
    assert source["user"] == "dosing_viewer", "the settings' role may write"
    assert "geheim" not in "".join(files.values())


def test_the_statements_of_the_rules_are_readable_and_keep_their_comments() -> None:
    text = FILES["alerting/dosing.yaml"]
    assert "rawSql: |-\n" in text
    assert "-- How full every tank is" in text
    for rule in RULES.values():
        id_ = rule["uid"].removeprefix("dosing-").replace("-", "_")
        asked = rule["data"][0]["model"]["rawSql"]
        assert build_alert_sql(id_, site=SETTINGS.plant.site, zone=SETTINGS.plant.timezone) in asked
    statement = RULES["dosing-low-cover"]["data"][0]["model"]["rawSql"]
    assert f"'{SETTINGS.plant.timezone}'" in statement


def test_numbers_of_doses_are_not_drawn_as_grams() -> None:
    shown = _find_panel("accuracy_summary")["fieldConfig"]
    assert (shown["defaults"]["unit"], shown["defaults"]["decimals"]) == ("none", 0)
    units = {
        override["matcher"]["options"]: override["properties"][0]["value"] for override in shown["overrides"]
    }
    assert units == {"mean_g": "suffix:g", "sd_g": "suffix:g", "out_percent": "percent"}


def test_contact_points_are_the_channels_without_their_secrets() -> None:
    made = build_provisioning_files(
        replace(
            SETTINGS,
            notifications=(
                NotificationSettings(
                    "shift", NotificationKind.MAIL, ("high",), to=("a@b.example", "c@b.example")
                ),
                NotificationSettings(
                    "chat", NotificationKind.SLACK, on=("raise", "return"), url="https://secret"
                ),
                NotificationSettings("hook", NotificationKind.WEBHOOK, url_file="/run/secrets/hook"),
                NotificationSettings("siren", NotificationKind.COMMAND, command=("siren",)),
            ),
        ),
        SEEN,
    )["alerting/dosing-notifications.yaml"]
    assert "https://secret" not in made
    found = yaml.safe_load(made)
    points = {point["name"]: point["receivers"][0] for point in found["contactPoints"]}
    assert {name: (point["type"], point["disableResolveMessage"]) for name, point in points.items()} == {
        "dosing-shift": ("email", True), "dosing-chat": ("slack", False), "dosing-hook": ("webhook", True),
    }  # fmt: skip
    assert points["dosing-shift"]["settings"]["addresses"] == "a@b.example;c@b.example"
    assert points["dosing-chat"]["settings"] == {"url": "$__env{DOSING_NOTIFICATIONS_CHAT_URL}"}
    assert points["dosing-hook"]["settings"] == {"url": "$__file{/run/secrets/hook}"}
    [policy] = found["policies"]
    assert [(route["receiver"], route["object_matchers"][1][2]) for route in policy["routes"]] == [
        ("dosing-shift", "high"), ("dosing-chat", "high|medium|low"), ("dosing-hook", "high|medium|low"),
    ]  # fmt: skip
    assert {rule["labels"]["priority"] for rule in RULES.values()} == {"medium", "high"}


def test_a_plant_without_channels_leaves_grafanas_policy_alone() -> None:
    assert READ["alerting/dosing-notifications.yaml"] == {"apiVersion": 1}


def test_the_command_writes_the_files_and_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOSING_DATABASE_DSN", "host=db1 dbname=factory_metrics user=dosing_viewer")
    done = CliRunner().invoke(main, ["grafana", "--output", str(tmp_path / "new")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "new/alerting/dosing.yaml").exists()
    again = CliRunner().invoke(
        main, ["grafana", "--output", str(tmp_path / "new"), "--host", "timescaledb:5432", "--user", "viewer"]
    )
    assert again.exit_code == 0, again.output
    [source] = yaml.safe_load((tmp_path / "new/datasources/dosing.yaml").read_text())["datasources"]
    assert (source["url"], source["user"]) == ("timescaledb:5432", "viewer")
    assert source["secureJsonData"] == {"password": "$__file{/run/secrets/database-password}"}
    refused = CliRunner().invoke(main, ["grafana", "--output", str(tmp_path), "--password", "secret"])
    assert refused.exit_code == 2
    assert "a password does not belong in a file" in refused.output
