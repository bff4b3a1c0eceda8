"""One logical schema on every flavour, and what its keys and checks refuse."""

from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg
import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.database.server_flavour import ServerFlavour
from tests.support.database import schema_inspection
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value, flavour_of
from tests.support.database_servers import Server

GUIDE: dict[str, list[str]] = {
    "dosing_consumption": [
        "time timestamp with time zone",
        "device_id text",
        "pump integer",
        "chemical text",
        "target_g double precision",
        "actual_g double precision",
        "error_g double precision",
        "recipe text",
        "mode text",
        "duration_ms bigint",
    ],
    "batch_events": [
        "time timestamp with time zone",
        "device_id text",
        "event text",
        "recipe text",
        "pumps integer",
    ],
    "inventory_levels": [
        "time timestamp with time zone",
        "device_id text",
        "chemical text",
        "remaining_g double precision",
        "capacity_g double precision",
        "percent_full double precision",
    ],
    "latest_inventory": [
        "time timestamp with time zone",
        "device_id text",
        "chemical text",
        "remaining_g double precision",
        "capacity_g double precision",
        "percent_full double precision",
    ],
    "dosing_consumption_hourly": [
        "bucket timestamp with time zone",
        "device_id text",
        "chemical text",
        "recipe text",
        "mode text",
        "dose_count bigint",
        "total_grams double precision",
        "avg_grams double precision",
        "avg_error double precision",
        "avg_duration_ms numeric",
    ],
}
"""The guide's relations, with the columns and types that a dashboard built on it finds."""

POLICIES = {
    ("dosing_consumption", "policy_retention", "90 days"),
    ("batch_events", "policy_retention", "90 days"),
    ("inventory_levels", "policy_retention", "90 days"),
    ("dosing_consumption_hourly", "policy_retention", "730 days"),
    ("dosing_consumption", "policy_compression", "7 days"),
    ("batch_events", "policy_compression", "7 days"),
    ("inventory_levels", "policy_compression", "7 days"),
    ("dosing_consumption_hourly", "policy_refresh_continuous_aggregate", "80 days"),
}
JOBS: LiteralString = """
    SELECT hypertable_name, proc_name,
           coalesce(config->>'drop_after', config->>'compress_after', config->>'start_offset')
      FROM timescaledb_information.jobs WHERE job_id >= 1000
"""

DOSE = """
    INSERT INTO dosing_consumption (time, device_id, pump, chemical, {0}) VALUES (now(), 'd', 1, 'c', {1})
"""
EVENT = "INSERT INTO batch_events (time, device_id, event) VALUES ({0}, {1}, 'start')"
LEVEL = "INSERT INTO inventory_levels (time, device_id, chemical, percent_full) VALUES ({0}, 'd', 'c', {1})"
REFUSED: dict[LiteralString, str] = {
    DOSE.format("actual_g", "'NaN'"): "dosing_mass_sane",
    DOSE.format("error_g", "'-Infinity'"): "dosing_mass_sane",
    DOSE.format("target_g", "1e13"): "dosing_mass_sane",
    DOSE.format("duration_ms", "1e15"): "dosing_duration_sane",
    DOSE.format("recipe", "repeat('x', 513)"): "dosing_text_short",
    DOSE.format("recipe", "NULL"): "recipe",
    DOSE.format("dedup", "NULL"): "dedup",
    "INSERT INTO dosing_consumption (time, device_id, pump, chemical) VALUES ('1970-01-02', 'd', 1, 'c')": (
        "dosing_time_sane"
    ),
    EVENT.format("'2106-02-07'", "'d'"): "batch_time_sane",
    EVENT.format("now()", "repeat('x', 513)"): "batch_text_short",
    LEVEL.format("'infinity'", "1"): "inventory_time_sane",
    LEVEL.format("now()", "'NaN'"): "inventory_level_sane",
}


def test_every_flavour_has_the_same_logical_schema(embedded: Server, flavour: Server, migrated: str) -> None:
    with embedded.create_database() as plain:
        migrate_schema(settings_for(plain), report=print)
        assert schema_inspection.describe_schema(migrated) == schema_inspection.describe_schema(plain)


@pytest.mark.parametrize("relation", GUIDE)
def test_the_guides_columns_come_first(flavour: Server, migrated: str, relation: str) -> None:
    query: LiteralString = """
        SELECT attname || ' ' || format_type(atttypid, atttypmod) FROM pg_attribute
         WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum
    """
    found = [column for (column,) in fetch_rows(migrated, query, relation)]
    assert found[: len(GUIDE[relation])] == GUIDE[relation]


def test_the_session_zone_leaves_no_trace_in_the_schema(flavour: Server) -> None:
    def made_in(zone: str) -> dict[str, Any]:
        with flavour.create_database() as dsn:
            settings: Settings = settings_for(dsn)
            settings = replace(settings, plant=replace(settings.plant, timezone=zone))
            migrate_schema(settings, report=print)
            bounds = fetch_rows(  # of the partitions
                dsn, "SELECT coalesce(pg_get_expr(relpartbound, oid), '') FROM pg_class"
            )
            return schema_inspection.describe_schema(dsn) | {"bounds": sorted(bounds)}

    assert made_in("Asia/Kathmandu") == made_in("America/St_Johns")


@pytest.mark.parametrize("statement", REFUSED)
def test_what_would_spoil_sums_or_keys_is_refused(migrated: str, statement: LiteralString) -> None:
    with pytest.raises(psycopg.IntegrityError, match=REFUSED[statement]):
        execute_statements(migrated, statement)


@pytest.mark.parametrize(
    ("table", "columns", "values"),
    [
        ("dosing_consumption", "time, device_id, pump, chemical, dedup", "'2026-11-23', 'd', 1, 'c', 7"),
        ("batch_events", "time, device_id, event, dedup", "'2026-11-23', 'd', 'start', 7"),
        ("inventory_levels", "time, device_id, chemical, dedup", "'2026-11-23', 'd', 'c', 7"),
    ],
)
def test_the_same_reading_goes_in_once_and_another_of_its_second_too(
    flavour: Server, migrated: str, table: LiteralString, columns: LiteralString, values: LiteralString
) -> None:
    insert: LiteralString = f"INSERT INTO {table} ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING"
    execute_statements(migrated, insert, insert, insert.replace("7)", "8)"))
    assert fetch_value(migrated, f"SELECT count(*) FROM {table}") == 2


def test_a_rejected_message_is_kept_once(flavour: Server, migrated: str) -> None:
    insert: LiteralString = """
        INSERT INTO rejected_messages (received_at, topic, record, reason)
        VALUES ('2026-11-23', 't', '\\x00ff', 'why') ON CONFLICT DO NOTHING
    """
    execute_statements(migrated, insert, insert)
    assert fetch_value(migrated, "SELECT count(*) FROM rejected_messages") == 1


def test_only_community_has_policies_and_they_are_the_guides_with_a_window_that_works(
    flavour: Server, migrated: str
) -> None:
    kind = flavour_of(migrated)
    found = set() if kind is ServerFlavour.PLAIN else set(fetch_rows(migrated, JOBS))
    assert found == (POLICIES if kind is ServerFlavour.COMMUNITY else set())


def test_the_tables_are_partitioned_by_time(flavour: Server, migrated: str) -> None:
    execute_statements(
        migrated,
        "INSERT INTO dosing_consumption (time, device_id, pump, chemical)"
        " SELECT now() - i * INTERVAL '7 days', 'd', 1, 'c' FROM generate_series(0, 3) AS i",
    )
    parts = fetch_value(migrated, "SELECT count(DISTINCT tableoid) FROM dosing_consumption")
    assert parts == 4


def test_time_bucket_says_the_same_everywhere(flavour: Server, migrated: str) -> None:
    at = datetime(2026, 3, 29, 3, 20, tzinfo=UTC)
    query: LiteralString = """
        SELECT time_bucket('15 minutes', %s), time_bucket('1 day', %s),
               time_bucket('1 day', %s, 'Europe/Berlin'), time_bucket('1 month', %s, 'Asia/Kathmandu')
    """
    ((quarter, day, berlin, month),) = fetch_rows(migrated, query, at, at, at, at)
    assert quarter == datetime(2026, 3, 29, 3, 15, tzinfo=UTC)
    assert day == datetime(2026, 3, 29, tzinfo=UTC)
    assert berlin == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert month == datetime(2026, 3, 1, tzinfo=UTC) - timedelta(hours=5, minutes=45)
