"""A database that the guide's SQL made is taken over without losing a row."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import psycopg
import pytest

from dosing_tui.database.schema.migrate import list_pending_steps, migrate_schema
from dosing_tui.errors import DatabaseAccessError
from tests.integration.database.schema.test_rollups import RECOMPUTED
from tests.support.database.guide_database import FilledTables, guide_database, lived_in
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value
from tests.support.database_servers import Server
from tests.support.polling import wait_until

OLD_TABLES = "SELECT count(*) FROM pg_class WHERE relname LIKE 'adopted%%'"


class BrokenOffError(Exception):
    """The copying is broken off from outside."""


def adopt_database(dsn: str) -> list[str]:
    return migrate_schema(settings_for(dsn), report=lambda line: None)


@pytest.fixture
def guide(flavour: Server, database: str) -> str:
    guide_database(database)
    return database


def count_rows(dsn: str) -> tuple[int, int, int]:
    ((doses, events, levels),) = fetch_rows(
        dsn,
        "SELECT (SELECT count(*) FROM dosing_consumption), (SELECT count(*) FROM batch_events),"
        " (SELECT count(*) FROM inventory_levels)",
    )
    return doses, events, levels


def check_books(dsn: str, told: FilledTables) -> None:
    """Every old row is in its table or set aside, and the old tables are gone."""
    aside: dict[str, int] = dict(
        fetch_rows(dsn, "SELECT table_name, count(*) FROM legacy_import_rejects GROUP BY 1")
    )
    doses, events, levels = count_rows(dsn)
    assert doses + aside["dosing_consumption"] == told.doses
    assert events + aside["batch_events"] == told.events
    assert levels + aside["inventory_levels"] == told.levels
    assert sum(aside.values()) == told.spoilt + told.copies
    copies = fetch_value(
        dsn, "SELECT count(*) FROM legacy_import_rejects WHERE reason = 'a copy of another row'"
    )
    assert copies == told.copies
    assert fetch_value(dsn, OLD_TABLES) == 0


def test_every_row_is_kept_or_set_aside_with_its_reason_and_progress_is_told(guide: str) -> None:
    told = lived_in(guide)
    names = list_pending_steps(settings_for(guide))
    assert {"import/dosing_consumption", "import/batch_events", "import/inventory_levels"} < set(names)
    lines: list[str] = []
    assert migrate_schema(settings_for(guide), report=lines.append) == names
    assert [line for line in lines if line.startswith("Importing dosing_consumption: ")]
    assert [line for line in lines if line.startswith("Imported dosing_consumption: ")]
    assert list_pending_steps(settings_for(guide)) == []
    check_books(guide, told)
    reasons = {reason for (reason,) in fetch_rows(guide, "SELECT reason FROM legacy_import_rejects")}
    assert {"actual_g is NaN", "time is 1970-01-01 00:00:01+00", "time is 2106-02-07 06:28:15+00"} < reasons
    assert {"device_id is longer than 512 bytes", "remaining_g is Infinity"} < reasons


def test_a_row_set_aside_is_whole(guide: str) -> None:
    execute_statements(
        guide,
        "INSERT INTO dosing_consumption VALUES ('1970-01-02', 'd', 1, 'c', 1, 'NaN', 0.5, NULL, 'm', 9)",
    )
    adopt_database(guide)
    assert fetch_value(guide, "SELECT row FROM legacy_import_rejects") == {
        "time": "1970-01-02T00:00:00+00:00",
        "device_id": "d",
        "pump": 1,
        "chemical": "c",
        "target_g": 1,
        "actual_g": "NaN",
        "error_g": 0.5,
        "recipe": None,
        "mode": "m",
        "duration_ms": 9,
    }


def test_rollups_and_last_values_are_what_the_adopted_rows_say(guide: str) -> None:
    lived_in(guide)
    adopt_database(guide)
    for question, recomputed in RECOMPUTED.items():
        if "device_last_seen" not in question:
            assert fetch_rows(guide, question) == fetch_rows(guide, recomputed)
    newest = fetch_rows(
        guide,
        "SELECT DISTINCT ON (device_id, chemical) device_id, chemical, time, percent_full"
        " FROM inventory_levels ORDER BY device_id, chemical, time DESC",
    )
    kept = fetch_rows(
        guide, "SELECT device_id, chemical, time, percent_full FROM latest_inventory ORDER BY 1, 2"
    )
    assert kept == newest
    seen = fetch_rows(guide, "SELECT device_id, received_at FROM device_last_seen ORDER BY 1")
    assert seen == fetch_rows(
        guide,
        "SELECT device_id, max(time) FROM (SELECT device_id, time FROM dosing_consumption UNION ALL"
        " SELECT device_id, time FROM batch_events UNION ALL SELECT device_id, time FROM inventory_levels)"
        " AS r GROUP BY 1 ORDER BY 1",
    )


def test_an_empty_guide_database_is_adopted(guide: str) -> None:
    adopt_database(guide)
    assert count_rows(guide) == (0, 0, 0)
    assert fetch_value(guide, OLD_TABLES) == 0


def interrupt_at(wanted: str) -> Callable[[str], None]:
    def report(line: str) -> None:
        if line.startswith(wanted):
            raise BrokenOffError

    return report


STAGES = [
    "Importing dosing_consumption",
    "Importing inventory_levels",
    "Imported dosing_consumption",
    "Imported batch_events",
]


def test_an_adoption_that_is_interrupted_again_and_again_goes_on_where_it_stopped(guide: str) -> None:
    told = lived_in(guide)
    left = list_pending_steps(settings_for(guide))
    for stage in STAGES:
        with pytest.raises(BrokenOffError):
            migrate_schema(settings_for(guide), report=interrupt_at(stage))
        before, left = left, list_pending_steps(settings_for(guide))
        assert left
        assert set(left) <= set(before)
    assert adopt_database(guide) == left
    check_books(guide, told)


UNTIL_KILLED = """
import sys
from dosing_tui.database.schema.migrate import migrate_schema
from tests.support.database.reading_samples import settings_for

def report(line):
    print(line, flush=True)
    if line.startswith("Importing dosing_consumption"):
        sys.stdin.read()

migrate_schema(settings_for(sys.argv[1]), report=report)
"""


def test_an_adoption_whose_process_is_killed_goes_on(guide: str) -> None:
    told = lived_in(guide)
    command = [sys.executable, "-c", UNTIL_KILLED, guide]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any(line.startswith("Importing") for line in process.stdout)
        process.kill()
    adopt_database(guide)
    check_books(guide, told)


def test_the_plant_goes_on_writing_while_it_is_adopted(guide: str) -> None:
    told = lived_in(guide)
    with pytest.raises(BrokenOffError):
        migrate_schema(settings_for(guide), report=interrupt_at("Importing dosing_consumption"))
    execute_statements(
        guide,
        "INSERT INTO dosing_consumption (time, device_id, pump, chemical) VALUES (now(), 'new', 1, 'BDO')",
    )
    adopt_database(guide)
    doses = fetch_value(guide, "SELECT count(*) FROM dosing_consumption")
    aside = fetch_value(
        guide, "SELECT count(*) FROM legacy_import_rejects WHERE table_name = 'dosing_consumption'"
    )
    assert doses + aside == told.doses + 1
    assert fetch_value(guide, "SELECT sum(doses) FROM plant_rollup WHERE grain = 2") == doses


def test_a_writer_never_misses_a_table(guide: str) -> None:
    told = lived_in(guide)
    adopted = Event()

    def telegraf() -> int:
        """Doses stored, one by one, from before the adoption until after it."""
        written = 0
        with psycopg.connect(guide, autocommit=True) as session:
            while not adopted.is_set() or written < 20:
                session.execute(
                    "INSERT INTO dosing_consumption (time, device_id, pump, chemical)"
                    " VALUES (clock_timestamp(), 'live', 1, 'BDO')"
                )
                written += 1
        return written

    with ThreadPoolExecutor() as threads:
        writing = threads.submit(telegraf)
        wait_until(
            lambda: fetch_value(guide, "SELECT count(*) FROM dosing_consumption WHERE device_id = 'live'")
        )
        try:
            adopt_database(guide)
        finally:
            adopted.set()
        written = writing.result(timeout=60)
    doses = fetch_value(guide, "SELECT count(*) FROM dosing_consumption")
    aside = fetch_value(
        guide, "SELECT count(*) FROM legacy_import_rejects WHERE table_name = 'dosing_consumption'"
    )
    assert doses + aside == told.doses + written
    assert fetch_value(guide, "SELECT sum(doses) FROM plant_rollup WHERE grain = 2") == doses


def test_the_old_table_is_kept_when_its_books_do_not_balance(guide: str) -> None:
    lived_in(guide)
    with pytest.raises(BrokenOffError):
        migrate_schema(settings_for(guide), report=interrupt_at("Importing inventory_levels"))
    execute_statements(guide, "INSERT INTO adopted_dosing_consumption VALUES ('2021-01-01', 'late', 1, 'c')")
    with pytest.raises(DatabaseAccessError, match=r"adopted_dosing_consumption holds .* The old table stays"):
        adopt_database(guide)
    assert fetch_value(guide, "SELECT count(*) FROM adopted_dosing_consumption WHERE device_id = 'late'") == 1
    assert "import/dosing_consumption" in list_pending_steps(settings_for(guide))


def test_rows_that_differ_in_one_value_only_are_both_kept(guide: str) -> None:
    execute_statements(
        guide,
        "INSERT INTO dosing_consumption VALUES ('2026-11-01', 'd', 1, 'c', 50, 50, 0, 'r', 'auto', 1)",
        "INSERT INTO dosing_consumption VALUES ('2026-11-01', 'd', 1, 'c', 50, 51, 1, 'r', 'auto', 1)",
    )
    adopt_database(guide)
    assert count_rows(guide) == (2, 0, 0)


def test_identity_does_not_depend_on_the_session(flavour: Server) -> None:
    def dedups(zone: str) -> list[tuple[object, ...]]:
        with flavour.create_database() as dsn:
            guide_database(dsn)
            execute_statements(
                dsn, "INSERT INTO batch_events VALUES ('2026-10-25 00:30:00+00', 'd', 'start', 'r', 1)"
            )
            migrate_schema(settings_for(dsn, zone=zone), report=print)
            return fetch_rows(dsn, "SELECT time, dedup FROM batch_events")

    assert dedups("Europe/Berlin") == dedups("Asia/Kathmandu")


def test_only_some_of_the_guides_tables_are_adopted_as_well(flavour: Server, database: str) -> None:
    guide_database(database)
    execute_statements(
        database,
        "DROP VIEW latest_inventory",
        "DROP TABLE inventory_levels",
        "INSERT INTO batch_events VALUES ('2026-11-01', 'd', 'start', 'r', 1)",
    )
    adopt_database(database)
    assert count_rows(database) == (0, 1, 0)
