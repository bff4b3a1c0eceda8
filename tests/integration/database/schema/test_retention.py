"""Nothing is dropped unasked: neither adopted history, nor what a shorter setting would drop."""

from datetime import UTC, datetime
from typing import LiteralString

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import RetentionSettings, Settings
from dosing_tui.database.connection import Session
from dosing_tui.database.legacy_import import hourly_history
from dosing_tui.database.schema.maintenance import run_maintenance
from dosing_tui.database.schema.migrate import check_schema, migrate_schema
from dosing_tui.database.schema.retention import HistoryChoice
from dosing_tui.database.server_flavour import ServerFlavour
from tests.support.database.guide_database import guide_database
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value, flavour_of
from tests.support.database_servers import Server

LEVELS: LiteralString = """
    -- half a day from the limit: on the day itself, a clock change on the way would decide
    INSERT INTO inventory_levels (time, device_id, chemical, remaining_g, capacity_g, percent_full)
    SELECT now() - (i + 0.5) * INTERVAL '1 day', 'd', 'BDO', i, 1000, i / 10.0
      FROM generate_series(0, 199) AS i
"""
DOSES: LiteralString = """
    INSERT INTO dosing_consumption (time, device_id, pump, chemical, actual_g)
    SELECT now() - (i + 0.5) * INTERVAL '1 day', 'd', 1, 'BDO', 2.5 FROM generate_series(0, 199) AS i
"""
LEFT: LiteralString = "SELECT count(*) FROM inventory_levels"
STATES: LiteralString = "SELECT table_name, keep_days, is_decided FROM data_retention ORDER BY 1"


def with_retention(dsn: str, **days: int) -> Settings:
    return replace(settings_for(dsn), retention=RetentionSettings(**days))


def drop_old_rows(dsn: str) -> None:
    """What a day of the plant does: the server's own jobs, and the collector's maintenance."""
    if flavour_of(dsn) is ServerFlavour.COMMUNITY:
        execute_statements(dsn, "SELECT _timescaledb_functions.stop_background_workers()")
        jobs = "SELECT job_id FROM timescaledb_information.jobs WHERE proc_name LIKE 'policy%%' ORDER BY 1"
        for (job,) in fetch_rows(dsn, jobs):
            execute_statements(dsn, f"CALL run_job({job})")
    run_maintenance(settings_for(dsn), now=datetime.now(UTC))


@pytest.fixture
def adopted(flavour: Server, database: str) -> str:
    guide_database(database)
    execute_statements(database, DOSES, LEVELS)
    question = "110 of 200 rows of inventory_levels are older than 90 days"
    assert any(line.startswith(question) for line in check_schema(settings_for(database)).questions)
    told: list[str] = []
    migrate_schema(settings_for(database), report=told.append)
    assert any(line.startswith(question) for line in told)
    return database


def test_adopted_history_stays_until_somebody_decides(adopted: str) -> None:
    drop_old_rows(adopted)
    assert fetch_value(adopted, LEFT) == 200
    assert fetch_value(adopted, "SELECT sum(dose_count)::int FROM dosing_consumption_hourly") == 200
    checked = check_schema(settings_for(adopted))
    assert checked.pending_steps == []
    assert [line for line in checked.questions if line.startswith("No row of batch_events is older")]
    migrate_schema(settings_for(adopted), report=print, history=HistoryChoice.KEEP)
    drop_old_rows(adopted)
    assert fetch_value(adopted, LEFT) == 200
    assert check_schema(settings_for(adopted)).questions == ()


def test_applied_retention_drops_by_whole_weeks(adopted: str) -> None:
    migrate_schema(settings_for(adopted), report=print, history=HistoryChoice.APPLY)
    assert ("inventory_levels", 90, True) in fetch_rows(adopted, STATES)
    drop_old_rows(adopted)
    assert 90 <= fetch_value(adopted, LEFT) <= 97
    assert fetch_value(adopted, "SELECT sum(doses)::int FROM dosing_rollup_6h") == 200


def test_a_longer_retention_is_entered_and_a_shorter_one_asked_for(flavour: Server, migrated: str) -> None:
    longer = with_retention(migrated, readings_days=400)
    migrate_schema(longer, report=print, keeps_newer_rules=True)  # a collector's start decides nothing
    assert ("inventory_levels", 90, True) in fetch_rows(migrated, STATES)
    assert "retention/inventory_levels" in check_schema(longer).pending_steps
    migrate_schema(longer, report=print)
    assert ("inventory_levels", 400, True) in fetch_rows(migrated, STATES)
    execute_statements(migrated, LEVELS)
    shorter = check_schema(settings_for(migrated))
    assert shorter.pending_steps == ["retention/batch_events", "retention/dosing_consumption"]
    assert [line for line in shorter.questions if "110 of 200 rows of inventory_levels" in line]
    migrate_schema(settings_for(migrated), report=print)
    drop_old_rows(migrated)
    assert fetch_value(migrated, LEFT) == 200
    migrate_schema(settings_for(migrated), report=print, history=HistoryChoice.APPLY)
    assert check_schema(settings_for(migrated)).questions == ()


def test_a_new_database_keeps_rows_as_the_settings_say(flavour: Server, database: str) -> None:
    migrate_schema(with_retention(database, readings_days=0, sums_days=0), report=print)
    assert {days for _, days, _ in fetch_rows(database, STATES)} == {None}
    execute_statements(database, LEVELS)
    drop_old_rows(database)
    assert fetch_value(database, LEFT) == 200


def test_hours_filled_late_are_in_the_hourly_view(flavour: Server, migrated: str) -> None:
    """A back-fill older than the refresh window was hidden by the policy's first run."""
    migrate_schema(with_retention(migrated, readings_days=0), report=print)
    execute_statements(migrated, DOSES)
    drop_old_rows(migrated)
    assert fetch_value(migrated, "SELECT sum(dose_count)::int FROM dosing_consumption_hourly") == 200


def test_what_is_kept_for_ever_is_dropped_only_if_it_is_named(flavour: Server, migrated: str) -> None:
    migrate_schema(with_retention(migrated, readings_days=0), report=print)
    execute_statements(
        migrated, LEVELS, "UPDATE data_retention SET keep_days = 95 WHERE table_name = 'batch_events'"
    )
    checked = check_schema(settings_for(migrated))
    assert checked.questions == ()
    assert [note for note in checked.notes if "--apply-retention --table inventory_levels" in note]
    migrate_schema(settings_for(migrated), report=print, history=HistoryChoice.APPLY)
    assert fetch_rows(migrated, STATES)[:3] == [
        ("batch_events", 90, True),
        ("dosing_consumption", None, True),
        ("inventory_levels", None, True),
    ]
    drop_old_rows(migrated)
    assert fetch_value(migrated, LEFT) == 200
    named = ("inventory_levels",)
    assert "110 of 200 rows" in check_schema(settings_for(migrated), named).questions[0]
    steps = migrate_schema(
        settings_for(migrated), report=print, history=HistoryChoice.APPLY, named_tables=named
    )
    assert steps == ["retention/inventory_levels"]
    assert ("inventory_levels", 90, True) in fetch_rows(migrated, STATES)


def test_history_that_a_shorter_setting_would_drop_is_kept_for_good(flavour: Server, migrated: str) -> None:
    migrate_schema(with_retention(migrated, readings_days=400), report=print)
    execute_statements(migrated, LEVELS)
    settings = settings_for(migrated)
    steps = migrate_schema(settings, report=print, history=HistoryChoice.KEEP)
    assert steps == ["retention/batch_events", "retention/dosing_consumption", "retention/inventory_levels"]
    assert ("inventory_levels", None, True) in fetch_rows(migrated, STATES)
    checked = check_schema(settings)
    assert (checked.questions, checked.pending_steps) == ((), [])


def test_a_table_is_kept_for_good_by_its_name_also_unasked(flavour: Server, migrated: str) -> None:
    settings, named = settings_for(migrated), ("inventory_levels",)
    assert check_schema(settings).questions == ()
    for steps in (["retention/inventory_levels"], []):
        found = migrate_schema(settings, report=print, history=HistoryChoice.KEEP, named_tables=named)
        assert found == steps
    assert [days for _, days, _ in fetch_rows(migrated, STATES)] == [90, 90, None, 730]
    execute_statements(migrated, LEVELS)
    drop_old_rows(migrated)
    assert fetch_value(migrated, LEFT) == 200


def test_a_shorter_setting_that_drops_nothing_is_entered(flavour: Server, migrated: str) -> None:
    shorter = with_retention(migrated, readings_days=60, sums_days=80, compress_after_days=3)
    steps = [
        f"retention/{name}" for name in ("batch_events", "dosing_consumption", "inventory_levels", "sums")
    ]
    if flavour_of(migrated) is ServerFlavour.COMMUNITY:
        steps.append("retention/compression")
    assert check_schema(shorter).pending_steps == steps
    assert migrate_schema(shorter, report=print, keeps_newer_rules=True) == []
    assert migrate_schema(shorter, report=print) == steps
    assert check_schema(shorter).pending_steps == []
    assert [days for _, days, _ in fetch_rows(migrated, STATES)] == [60, 60, 60, 80]


def test_the_question_about_sums_names_all_that_would_go(flavour: Server, migrated: str) -> None:
    rejected: LiteralString = """
        INSERT INTO rejected_messages (received_at, topic, record, reason)
        VALUES (now() - INTERVAL '800 days', 't', '', 'why')
    """
    execute_statements(
        migrated, rejected, "UPDATE data_retention SET keep_days = 900 WHERE table_name = 'sums'"
    )
    (question,) = check_schema(settings_for(migrated)).questions
    assert question.startswith(
        "1 of 1 row of the sums (rollups, hourly history, rejected messages) are older"
    )


def test_a_refresh_deletes_no_hours_of_what_retention_drops_meanwhile(
    flavour: Server, migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if flavour_of(migrated) is not ServerFlavour.COMMUNITY:
        return
    migrate_schema(with_retention(migrated, readings_days=0), report=print)
    execute_statements(migrated, "SELECT _timescaledb_functions.stop_background_workers()", DOSES)
    run_maintenance(settings_for(migrated), now=datetime.now(UTC))
    refresh = hourly_history.call_refresh

    def drop_first(session: Session, since: datetime, until: datetime) -> None:
        execute_statements(migrated, "SELECT drop_chunks('dosing_consumption', INTERVAL '90 days')")
        refresh(session, since, until)

    monkeypatch.setattr(hourly_history, "call_refresh", drop_first)
    execute_statements(migrated, "UPDATE data_retention SET keep_days = 90 WHERE table_name <> 'sums'")
    run_maintenance(settings_for(migrated), now=datetime.now(UTC))
    assert fetch_value(migrated, "SELECT count(*) FROM dosing_consumption") < 100
    assert fetch_value(migrated, "SELECT sum(dose_count)::int FROM dosing_consumption_hourly") == 200
