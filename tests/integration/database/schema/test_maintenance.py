"""Partitions are there before the readings, and nothing is kept longer than it should be."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from dosing_tui.database.schema import maintenance, migrate, process_locks
from dosing_tui.database.schema.maintenance import run_maintenance
from dosing_tui.database.server_flavour import ServerFlavour
from dosing_tui.errors import DatabaseAccessError, DatabaseUnavailableError
from dosing_tui.ipc.supervised_thread import start_one_shot
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value, flavour_of
from tests.support.database_servers import Server
from tests.support.polling import wait_until

NOW = datetime.now(UTC)
DOSE: LiteralString = """
    INSERT INTO dosing_consumption (time, device_id, pump, chemical, actual_g) VALUES (%s, 'd', 1, 'BDO', 2.5)
"""


def insert_doses(dsn: str, *ages: timedelta) -> None:
    with psycopg.connect(dsn) as session:
        for age in ages:
            session.execute(DOSE, (NOW - age,))


def count_default_rows(dsn: str) -> int:
    return int(fetch_value(dsn, "SELECT count(*) FROM dosing_consumption_default"))


def is_plain(dsn: str) -> bool:
    return flavour_of(dsn) is ServerFlavour.PLAIN


def test_readings_of_the_coming_month_have_partitions(flavour: Server, migrated: str) -> None:
    for month in range(3):
        later = NOW + timedelta(days=28 * month)
        run_maintenance(settings_for(migrated), now=later)
        insert_doses(migrated, NOW - later - timedelta(days=27))
        assert not is_plain(migrated) or count_default_rows(migrated) == 0


def test_readings_that_found_no_partition_get_one_and_are_not_counted_again(migrated: str) -> None:
    insert_doses(migrated, timedelta(days=80), timedelta(days=79), timedelta(days=70))
    before = fetch_value(migrated, "SELECT sum(doses) FROM plant_rollup WHERE grain = 5")
    run_maintenance(settings_for(migrated), now=NOW)
    assert fetch_value(migrated, "SELECT count(*) FROM dosing_consumption") == 3
    assert fetch_value(migrated, "SELECT sum(doses) FROM plant_rollup WHERE grain = 5") == before
    if is_plain(migrated):
        assert count_default_rows(migrated) == 0


def test_a_reading_of_a_far_future_waits_in_no_partition_of_its_own(migrated: str) -> None:
    insert_doses(migrated, timedelta(days=-3000))
    run_maintenance(settings_for(migrated), now=NOW)
    assert fetch_value(migrated, "SELECT count(*) FROM dosing_consumption") == 1
    if is_plain(migrated):
        assert count_default_rows(migrated) == 1


def test_raw_readings_are_kept_for_ninety_days_and_their_sums_for_two_years(
    flavour: Server, migrated: str
) -> None:
    insert_doses(migrated, timedelta(days=10), timedelta(days=300), timedelta(days=800))
    run_maintenance(settings_for(migrated), now=NOW)
    if flavour_of(migrated) is ServerFlavour.COMMUNITY:
        run_jobs(migrated, "policy_retention")
    assert fetch_value(migrated, "SELECT count(*) FROM dosing_consumption") == 1
    for table in ("dosing_rollup_15m", "dosing_rollup_6h", "plant_rollup WHERE grain = 5"):
        assert fetch_value(migrated, f"SELECT sum(doses)::int FROM {table}") == 2


def test_weeks_are_dropped_whole(flavour: Server, migrated: str) -> None:
    run_maintenance(settings_for(migrated), now=NOW)
    insert_doses(migrated, *(timedelta(days=day) for day in range(60)))
    run_maintenance(settings_for(migrated), now=NOW + timedelta(days=60))
    left = fetch_value(migrated, "SELECT count(*) FROM dosing_consumption")
    if flavour_of(migrated) is not ServerFlavour.COMMUNITY:
        assert 30 <= left < 38


def test_old_refusals_are_forgotten(migrated: str) -> None:
    with psycopg.connect(migrated) as session:
        for age in (timedelta(days=1), timedelta(days=800)):
            session.execute(
                "INSERT INTO rejected_messages (received_at, topic, record, reason)"
                " VALUES (%s, 't', '', 'why')",
                (NOW - age,),
            )
    run_maintenance(settings_for(migrated), now=NOW)
    assert fetch_value(migrated, "SELECT count(*) FROM rejected_messages") == 1


def test_twice_is_as_good_as_once(flavour: Server, migrated: str) -> None:
    insert_doses(migrated, timedelta(days=10))
    relations: LiteralString = "SELECT count(*) FROM pg_class WHERE relname LIKE 'dosing_consumption_p%%'"
    run_maintenance(settings_for(migrated), now=NOW)
    before = fetch_value(migrated, relations)
    run_maintenance(settings_for(migrated), now=NOW)
    assert fetch_value(migrated, relations) == before


def test_nothing_is_dropped_while_a_database_is_being_adopted(flavour: Server, migrated: str) -> None:
    execute_statements(
        migrated, "INSERT INTO legacy_imports (table_name, old_name) VALUES ('dosing_consumption', 'none')"
    )
    insert_doses(migrated, timedelta(days=300), timedelta(days=800))
    run_maintenance(settings_for(migrated), now=NOW)
    if flavour_of(migrated) is not ServerFlavour.COMMUNITY:  # whose policies come after an adoption
        assert fetch_value(migrated, "SELECT count(*) FROM dosing_consumption") == 2
    assert fetch_value(migrated, "SELECT sum(doses)::int FROM plant_rollup WHERE grain = 5") == 2


def test_only_one_tidies_up_at_a_time(migrated: str) -> None:
    insert_doses(migrated, timedelta(days=800))
    with psycopg.connect(migrated) as other, process_locks.hold_lock(other, maintenance.LOCK_NAME):
        run_maintenance(settings_for(migrated), now=NOW)
    assert fetch_value(migrated, "SELECT count(*) FROM plant_rollup WHERE grain = 2") == 1


def test_a_database_without_the_schema_is_named(database: str) -> None:
    with pytest.raises(DatabaseAccessError, match="no schema yet: run dosing-tui migrate"):
        run_maintenance(settings_for(database), now=NOW)


def test_a_community_schema_keeps_late_and_repeated_readings_right_in_the_columnstore(
    flavour: Server, migrated: str
) -> None:
    insert_doses(migrated, timedelta(days=20), timedelta(days=19))
    if flavour_of(migrated) is ServerFlavour.COMMUNITY:
        run_jobs(migrated, "policy_compression")
        compressed: LiteralString = """
            SELECT count(*) FROM timescaledb_information.chunks
             WHERE hypertable_name = 'dosing_consumption' AND is_compressed
        """
        assert fetch_value(migrated, compressed) > 0
    with psycopg.connect(migrated) as session:
        for age in (timedelta(days=20), timedelta(days=20, seconds=1)):
            session.execute(DOSE + " ON CONFLICT DO NOTHING", (NOW - age,))
    assert fetch_value(migrated, "SELECT count(*) FROM dosing_consumption") == 3
    assert fetch_value(migrated, "SELECT sum(doses)::int FROM dosing_rollup_15m") == 3
    assert fetch_value(migrated, "SELECT sum(dose_count)::int FROM dosing_consumption_hourly") == 3


def run_jobs(dsn: str, procedure: str) -> None:
    query: LiteralString = """
        SELECT job_id FROM timescaledb_information.jobs WHERE job_id >= 1000 AND proc_name = %s
    """
    for (job,) in fetch_rows(dsn, query, procedure):
        with psycopg.connect(dsn, autocommit=True) as session:
            session.execute(sql.SQL("CALL run_job({})").format(job))


def test_who_keeps_maintenance_and_migrations_from_their_locks_is_named(
    migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader's open transaction is enough; what waits for it ends in time, and what waits behind it too."""
    monkeypatch.setattr(maintenance, "LOCK_WAIT_S", 0.2)
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "200ms")
    settings = settings_for(migrated)
    execute_statements(migrated, "DROP ROLE IF EXISTS looks_on", "CREATE ROLE looks_on LOGIN")
    execute_statements(migrated, "GRANT SELECT ON dosing_consumption, plant_limits TO looks_on",
                       "UPDATE plant_limits SET stock_low_percent = 33")  # fmt: skip
    viewer = make_conninfo(migrated, user="looks_on", application_name="psql")
    try:
        with psycopg.connect(viewer) as reading:
            reading.execute("SELECT FROM dosing_consumption, plant_limits")
            said = (
                rf"Session {reading.info.backend_pid} of user looks_on \(psql\) holds a lock since"
                r" \d\d:\d\d:\d\d \(last statement \d\d:\d\d:\d\d\)\. Let it end, or end it"
            )
            with pytest.raises(DatabaseUnavailableError, match=said):
                run_maintenance(settings, now=NOW + timedelta(days=400))
            with pytest.raises(DatabaseUnavailableError, match=said), lock_limits(migrated):
                migrate.migrate_schema(settings, report=print)
        run_maintenance(settings, now=NOW + timedelta(days=400))
        assert migrate.migrate_schema(settings, report=print) == ["limits/stock_low"]
    finally:
        execute_statements(migrated, "DROP OWNED BY looks_on", "DROP ROLE looks_on")


@contextmanager
def lock_limits(dsn: str) -> Iterator[None]:
    """Another session that waits behind the reader for the table that a migration changes."""
    with psycopg.connect(dsn) as waiting:
        thread = start_one_shot("waits", lambda: lock_table(waiting))
        try:
            wait_until(lambda: fetch_value(dsn, "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"))
            yield
        finally:
            waiting.cancel_safe()
            thread.join(10)


def lock_table(session: psycopg.Connection) -> None:
    with suppress(psycopg.Error):
        session.execute("LOCK TABLE plant_limits IN ACCESS EXCLUSIVE MODE")
