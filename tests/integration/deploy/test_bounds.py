"""What the plant's roles may set has bounds; what runs with its owner's rights is nobody else's to run."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from dosing_tui.database.alarms import journal
from dosing_tui.database.connection import use_session
from dosing_tui.database.diagnosis.fact_reader import read_database_facts
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.database.schema.migration_history import (
    create_history_table,
    list_migrations,
    record_migration,
)
from dosing_tui.database.server_flavour import detect_server
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.alarms.models import AlarmEvent
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value
from tests.support.database.stored_journal import read_journal
from tests.support.database_servers import Server
from tests.support.deploy.deploy_database import DeployedPlant, plant_on
from tests.support.domain.alarm_entries import make_entry

READINGS = ("dosing_consumption", "batch_events", "inventory_levels")
BY_TRIGGER = {(table, name) for table in READINGS for name in ("received_at", "time_quality", "flags")} | {
    ("batch_events", "chemical"),
    *((table, name) for table in READINGS[:2] for name in ("batch_id", "lot", "operator")),
}
"""The triggers refuse, as a compressed hypertable takes no new CHECK."""
COLLECTORS_BOOKS = frozenset(
    {
        "alarm_checkpoints", "alarm_notification_channels", "alarm_notifications", "batch_duration_baselines",
        "batch_lots", "batch_numbers", "batch_rebuild_queue", "batch_records", "batches", "collector_leases",
        "process_locks", "rejected_messages", "spool_progress", "station_changes", "station_status",
        "tank_mixes",
    }
)  # fmt: skip
"""Written by the collector alone, whose program bounds them."""
UNBOUNDED = """
SELECT c.relname, a.attname
  FROM pg_class AS c
  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND a.attgenerated = ''
   AND a.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype, 'text'::regtype,
                      'text[]'::regtype, 'bytea'::regtype, 'json'::regtype, 'jsonb'::regtype)
   AND EXISTS (SELECT FROM pg_roles AS r
                WHERE r.rolname IN ('dosing_writer', 'dosing_operator', 'dosing_viewer', 'dosing_telegraf')
                  AND (has_column_privilege(r.oid, c.oid, a.attnum, 'INSERT')
                       OR has_column_privilege(r.oid, c.oid, a.attnum, 'UPDATE')
                       OR EXISTS (SELECT  -- by a view whose trigger stores what is inserted
                                    FROM pg_depend AS d
                                    JOIN pg_rewrite AS w ON w.oid = d.objid
                                   WHERE d.refobjid = c.oid AND d.refobjsubid = a.attnum
                                     AND has_table_privilege(r.oid, w.ev_class, 'INSERT'))))
   AND NOT EXISTS (SELECT FROM pg_constraint AS k
                    WHERE k.conrelid = c.oid AND k.contype = 'c' AND a.attnum = ANY (k.conkey))
 ORDER BY 1, 2
"""
OPEN_DEFINERS = """
SELECT p.oid::regprocedure::text
  FROM pg_proc AS p
 WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
   AND (has_function_privilege('public', p.oid, 'EXECUTE')
        OR NOT coalesce(p.proconfig::text ~ 'search_path=[^=]*pg_temp"?[,}]', false))
"""


@pytest.fixture(scope="module")
def plant(rights_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedPlant]:
    with plant_on(rights_server, tmp_path_factory.mktemp("secrets")) as plant:
        yield plant


def test_every_time_and_text_that_a_role_may_set_has_a_bound(plant: DeployedPlant) -> None:
    found = {(str(table), str(column)) for table, column in fetch_rows(plant.dsn, UNBOUNDED)}
    assert {each for each in found if each[0] not in COLLECTORS_BOOKS} == BY_TRIGGER
    assert {table for table, _ in found} - set(READINGS) <= COLLECTORS_BOOKS


def test_rows_of_other_writers_have_the_bounds_of_readings_and_their_own(plant: DeployedPlant) -> None:
    """The tables that collect a statement's rows before they are stored together."""
    missing = fetch_rows(
        plant.dsn,
        """
        SELECT c.relname, a.attname
          FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
         WHERE c.relname ~ '^ingest_(dosing|event|level)_rows$' AND a.attname <> 'received_at'
           AND a.atttypid IN ('timestamptz'::regtype, 'text'::regtype, 'text[]'::regtype)
           AND NOT EXISTS (SELECT FROM pg_constraint AS k
                            WHERE k.conrelid = c.oid AND k.contype = 'c' AND a.attnum = ANY (k.conkey))
        """,
    )
    assert missing == []


def test_nobody_may_run_what_has_its_owner_s_rights_and_no_search_path_is_a_caller_s(
    plant: DeployedPlant,
) -> None:
    assert fetch_rows(plant.dsn, OPEN_DEFINERS) == []


def test_another_writer_cannot_pin_the_level_of_a_tank(plant: DeployedPlant) -> None:
    insert = (
        "INSERT INTO ingest_inventory_levels (time, device_id, chemical, remaining_g, received_at, flags)"
        " VALUES ({time}, 'pinned', 'T-12', {grams}, {received}, {flags})"
    )
    forged = insert.format(time="'2099-12-31'", grams=999_999, received="'infinity'", flags="NULL")
    with psycopg.connect(plant.dsn_of("dosing_telegraf"), autocommit=True) as telegraf:
        telegraf.execute(forged.encode())
        telegraf.execute(insert.format(time="now()", grams=5, received="NULL", flags="NULL").encode())
        huge = insert.format(time="now()", grams=7, received="NULL", flags="ARRAY[repeat('x', 30000000)]")
        telegraf.execute(huge.encode())
    latest = "SELECT remaining_g, received_at <= now() FROM inventory_latest WHERE device_id = 'pinned'"
    assert fetch_rows(plant.dsn, latest) == [(5.0, True)]
    kept = "SELECT length(record) <= 20000, reason FROM rejected_messages"
    ((is_short, reason),) = fetch_rows(plant.dsn, kept)
    assert (is_short, "ingest_level_short" in str(reason)) == (True, True)


def test_an_entry_that_no_program_can_read_is_left_out_and_counted(plant: DeployedPlant) -> None:
    """Of an earlier version, which took it."""
    settings = plant.settings_of("dosing_writer")
    journal.append_entries(settings, [make_entry(AlarmEvent.RAISE, number=1)])
    with psycopg.connect(plant.dsn, autocommit=True) as session:
        (bound,) = session.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'alarm_receipt_sane'"
        ).fetchone() or ("",)
        session.execute("ALTER TABLE alarm_journal DROP CONSTRAINT alarm_receipt_sane")
        for received, until in (("infinity", None), ("now", "infinity"), ("-infinity", None)):
            session.execute(
                "INSERT INTO alarm_journal"
                " (uuid, site, rule, event, at, received_at, until, priority, rule_version)"
                " VALUES (gen_random_uuid(), %s, 'FORGED', 'raise', now(), %s, %s, 'high', 1)",
                (settings.plant.site, received, until),
            )
        session.execute(f"ALTER TABLE alarm_journal ADD CONSTRAINT alarm_receipt_sane {bound}".encode())
    journal.append_entries(settings, [make_entry(AlarmEvent.RETURN, number=2)])
    assert [entry.event for entry in read_journal(settings)] == [AlarmEvent.RAISE, AlarmEvent.RETURN]
    assert journal.read_alarm_states(settings).keys() <= {make_entry(AlarmEvent.RAISE).key}
    assert read_database_facts(settings).unreadable_entries == 3


def test_a_reading_that_no_program_can_read_stops_no_reader(plant: DeployedPlant) -> None:
    execute_statements(
        plant.dsn,
        "SET session_replication_role = replica;"
        " INSERT INTO inventory_latest (device_id, chemical, time, dedup, received_at, time_quality)"
        " VALUES ('odd', 'a', now(), 0, 'infinity', 'device'), ('odd', 'b', now(), 0, '-infinity', 'device'),"
        " ('odd', 'c', now(), 0, '20000-01-01', 'device'), ('odd', 'd', now(), 0, '0044-03-15 BC', 'device')",
    )
    with use_session(plant.settings_of("dosing_viewer"), application="test") as session:
        for binary in (False, True):
            times = session.execute(
                "SELECT received_at FROM inventory_latest WHERE device_id = 'odd' ORDER BY chemical",
                binary=binary,
            ).fetchall()
            now = datetime.now(UTC)
            assert [at > now for (at,) in times] == [True, False, True, False]
            for (at,) in times:
                assert isinstance(at.astimezone() - now, timedelta)
        assert session.execute(read_statement("reads/select_latest_levels")).fetchall()


def test_the_migration_frees_what_an_impossible_receipt_had_pinned(database: str) -> None:
    """A station's last sign and a tank's level, in a database of an earlier version."""
    with psycopg.connect(database, autocommit=True) as session:
        flavour = detect_server(session).flavour
        session.execute("SET search_path = public")
        create_history_table(session)
        for migration in list_migrations(flavour):
            if migration.number < 53:
                session.execute(migration.text.encode())
                record_migration(session, migration, flavour)
        session.execute(
            "INSERT INTO inventory_levels (time, device_id, chemical, remaining_g, received_at)"
            " VALUES (now(), 'd', 'T', 5, now()), ('2099-12-31', 'd', 'T', 9, 'infinity')"
        )
        assert session.execute("SELECT remaining_g FROM inventory_latest").fetchone() == (9.0,)
    migrate_schema(settings_for(database), report=print)
    assert fetch_value(database, "SELECT remaining_g FROM inventory_latest") == 5.0
    assert fetch_value(database, "SELECT received_at <= now() AND last_time <= now() FROM device_last_seen")
