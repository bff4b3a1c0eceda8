"""A filled database at migration 27 is taken over: nothing is lost, and its schema equals a new one."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import zip_longest
from typing import LiteralString
from uuid import uuid4

import psycopg
import pytest

from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms import journal
from dosing_tui.database.audit.pins import set_pin
from dosing_tui.database.batches.audit_verify import verify_audit_trail
from dosing_tui.database.batches.master_recipes import import_recipes, list_recipe_versions
from dosing_tui.database.batches.queries import list_batches, read_batch
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.schema.maintenance import run_maintenance
from dosing_tui.database.schema.migrate import list_pending_steps, migrate_schema
from dosing_tui.database.sql_files import find_sql_folder
from dosing_tui.domain.alarms.checkpoint import Checkpoint
from dosing_tui.domain.alarms.models import AlarmEvent
from dosing_tui.domain.batch_review.query_models import BatchFilter
from dosing_tui.domain.batch_review.review_rules import Decision
from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterRecipe
from dosing_tui.domain.panels.panel_catalog import PANELS, PanelQuery
from dosing_tui.errors import DatabaseAccessError
from tests.integration.database.alarms.test_journal import new_entry
from tests.integration.database.batches.test_review_writer import GROSS, LATER, review_batch
from tests.support.database import sample_month
from tests.support.database.development_schema import (
    FILES,
    RENAMED_TABLES,
    copy_all_rows,
    create_development_schema,
)
from tests.support.database.equal_rows import are_equal
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_dump import dump_schema, read_catalogs
from tests.support.database.schema_inspection import Rows, execute_statements, fetch_rows, fetch_value
from tests.support.database.stored_batches import store_and_rebuild, write_readings
from tests.support.database.stored_journal import read_journal
from tests.support.database_servers import Server
from tests.support.domain.batch_messages import NOON, make_dose, make_level, normal_batch

TAKEOVER = "takeover/0027_baseline_names"
# added up in another order, sums differ in their last digits
PLANT_SUMS: LiteralString = """
    SELECT (to_jsonb(r) || jsonb_build_object('sum_actual_g', round(r.sum_actual_g::numeric, 6),
                'sum_error_g', round(r.sum_error_g::numeric, 6),
                'sum_abs_error_g', round(r.sum_abs_error_g::numeric, 6),
                'sum_sq_error_g', round(r.sum_sq_error_g::numeric, 6)))::text
      FROM plant_rollup AS r ORDER BY 1
"""
PUMP_SUMS: LiteralString = """
    SELECT (to_jsonb(u) || jsonb_build_object('sum_actual_g', round(u.sum_actual_g::numeric, 6)))::text
      FROM pump_use AS u ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Databases:
    """The are_equal fetch_rows twice: written to a new database, and taken over from migration 27."""

    written: Settings
    taken_over: Settings

    @property
    def dsns(self) -> tuple[str, str]:
        return self.written.database.dsn, self.taken_over.database.dsn


@pytest.fixture
def databases(server: Server) -> Iterator[Databases]:
    written = server.get_template("written", lambda dsn: fill_database(settings_for(dsn)))

    def take_over(dsn: str) -> None:
        create_development_schema(dsn)
        with server.create_database(written) as source:
            copy_all_rows(source, dsn)
        assert list_pending_steps(settings_for(dsn))[0] == TAKEOVER
        migrate_schema(settings_for(dsn), report=print)
        assert list_pending_steps(settings_for(dsn)) == []

    with (
        server.create_database(written) as new,
        server.create_database(server.get_template("taken_over", take_over)) as old,
    ):
        # the takeover ends with it: what was judged by earlier rules is judged again
        for judged_again in ("0025_judge_again", "0045_judge_each_dose"):
            execute_statements(new, (find_sql_folder() / f"schema/any/{judged_again}.sql").read_text())
        yield Databases(settings_for(new), settings_for(old))


def fill_database(settings: Settings) -> None:
    """A month of readings; batches with a recipe, reviews and a PIN; alarms, notifications, and a note."""
    dsn = settings.database.dsn
    migrate_schema(settings, report=print)
    month = sample_month.a_month()
    write_readings(dsn, [*month.doses, *month.events, *month.levels])
    store_and_rebuild(dsn, *normal_batch(), *GROSS, make_level(-60, "T-9", 9000), now=LATER)
    set_pin(settings, who="Anna", pin="1234")
    import_recipes(
        settings,
        [MasterRecipe("CU-85", (MasterIngredient("T-9", 3, tolerance_g=0.4),))],
        who="Anna",
        valid_from=NOON + timedelta(days=1),
    )
    for row in list_batches(settings, BatchFilter(since=NOON - timedelta(days=1))):
        detail = read_batch(settings, row.batch_key)
        assert detail is not None
        review_batch(settings, Decision.DEVIATION, "dosed by hand", at=detail)
    review_batch(settings, Decision.CONFIRMED, who="Ben")
    review_batch(settings, Decision.WITHDRAWN, "wrong batch", who="Ben")
    journal.append_entries(
        settings,
        [new_entry(event) for event in (AlarmEvent.RAISE, AlarmEvent.ACKNOWLEDGE, AlarmEvent.SHELVE)],
    )
    journal.save_checkpoint(settings, Checkpoint(1))
    execute_statements(
        dsn,
        "INSERT INTO alarm_notifications (site, channel, occasion, occurrence, journal_id, due_at)"
        f" VALUES ('plant1', 'mail', 'raise', '{uuid4()}', 1, now())",
        "INSERT INTO alarm_notification_channels (site, channel, last_id) VALUES ('plant1', 'mail', 1)",
        "INSERT INTO operator_notes (at, text, author) VALUES (now(), 'pump 3 changed', 'Anna')",
        "INSERT INTO legacy_import_rejects (table_name, row, reason) VALUES ('batch_events', '{}', 'time')",
        "INSERT INTO legacy_imports (table_name, old_name, finished_at) VALUES ('events', 'old', now())",
        "INSERT INTO dosing_hourly_history VALUES ('2026-01-01', 'd', 'T-9', '', '', 1, 2, 2, 0, 60)",
        "INSERT INTO rejected_messages (received_at, topic, record, reason) VALUES (now(), 't', 'x', 'bad')",
        "INSERT INTO batch_duration_baselines VALUES ('CU-85', 'CATALYST', '', '2026-11-01', 50, 70, 20)",
    )


PARTS = "SELECT table_name, span::text FROM reading_parts ORDER BY 1, 2"
"""Chunks are named in the order in which they are made."""


def read_tables(dsn: str) -> dict[str, Rows]:
    """Every row of every table, but for the migration history, and from when recipes judge single doses.

    Older rows of ``pump_rollup`` have no times of receipt.
    """
    found = fetch_rows(
        dsn,
        "SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace"
        " AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        " AND c.relname NOT IN ('schema_migrations', 'recipe_tolerances', 'plant_rollup', 'pump_use',"
        " 'data_retention', 'batch_rebuild_queue', 'batch_uses')",  # each migration's own
    )
    return {
        name: sorted(
            fetch_rows(
                dsn,
                f"SELECT (to_jsonb(t) - 'first_received_at' - 'last_received_at')::text FROM \"{name}\" AS t",
            )
        )
        for (name,) in found
    } | {
        "plant_rollup": fetch_rows(dsn, PLANT_SUMS),
        "pump_use": fetch_rows(dsn, PUMP_SUMS),
        "reading_parts": fetch_rows(dsn, PARTS),
    }


def read_panels(settings: Settings) -> dict[str, list[object]]:
    reader = PanelReader(settings)
    reader.open()
    try:
        query = PanelQuery(NOON - timedelta(days=40), NOON + timedelta(days=1), NOON + timedelta(hours=6))
        return {name: list(reader.read_panel(panel, query)) for name, panel in PANELS.items()}
    finally:
        reader.close()


def read_view(dsn: str, view: str) -> list[str]:
    """Its rows but for the last digits of a mean: a continuous aggregate adds in any order."""
    rows = fetch_rows(dsn, f"SELECT to_jsonb(t)::text FROM {view} AS t")
    return sorted(json.dumps(json.loads(row, parse_float=round_number), sort_keys=True) for (row,) in rows)


def round_number(digits: str) -> float:
    return float(f"{float(digits):.9g}")


def test_no_row_is_lost_and_every_view_of_them_is_the_same(flavour: Server, databases: Databases) -> None:
    written, taken_over = databases.dsns
    before = read_tables(written)
    assert read_tables(taken_over) == before
    assert {name for name, found in before.items() if not found} <= {
        "tank_use_rests", "pump_use_rests", "review_policy",
        "pin_counters", "pin_checks", "collector_leases",
        "ingest_lock", "ingest_dosing_rows", "ingest_event_rows", "ingest_level_rows",
        "material_entries", "tank_mixes", "batch_lots", "service_log", "station_status", "station_changes",
        "alarm_action_rates", "tank_days", "closed_tank_days", "closed_tank_books",
        "closed_pump_targets", "pump_rests", "pump_day_rests", "pump_totals", "closed_pump_uses",
        "closed_pump_heads", "pump_heads",
        "reading_parts",  # the weeks of the month, as long as a new database has them
    }  # fmt: skip
    panels, expected = read_panels(databases.taken_over), read_panels(databases.written)
    assert expected.pop("station_status") == panels["station_status"] == []  # younger than the old schema
    assert [
        name for name in expected if not expected[name] or not are_equal(panels[name], expected[name])
    ] == []
    assert list_batches(databases.taken_over, BatchFilter()) == list_batches(databases.written, BatchFilter())
    assert read_journal(databases.taken_over) == read_journal(databases.written)
    assert list_recipe_versions(databases.taken_over) == list_recipe_versions(databases.written)
    since = "SELECT count(*) FROM recipe_tolerances WHERE valid_from > now() - interval '1 day'"
    assert fetch_rows(taken_over, since) == [(1,)]  # what was counted before stays
    verified = verify_audit_trail(databases.taken_over)
    assert verified.faults == ()
    assert verified == verify_audit_trail(databases.written)
    for view in ("latest_inventory", "dosing_consumption_hourly", "batch_review_status", "effective_reviews"):
        assert read_view(taken_over, view) == read_view(written, view) != []


def test_a_taken_over_database_goes_on_as_a_new_one(flavour: Server, databases: Databases) -> None:
    """Every trigger and function works: readings, rollups, batches, reviews, alarms, notes, maintenance."""
    for settings in (databases.written, databases.taken_over):
        store_and_rebuild(
            settings.database.dsn, make_dose(90, "L25B"), make_level(95, "T-9", 8000), now=LATER
        )
        run_maintenance(settings, now=NOON)
    written, taken_over = (read_tables(dsn) for dsn in databases.dsns)
    for name in ("dosing_rollup_6h", "plant_rollup", "batches", "batch_records"):
        assert taken_over[name] == written[name]
    assert len(taken_over["inventory_latest"]) == len(written["inventory_latest"])
    settings = databases.taken_over
    review_batch(settings, Decision.COMMENT, "after the update", who="Carl")
    journal.append_entries(settings, [new_entry(AlarmEvent.RETURN)])
    assert [entry.id for entry in read_journal(settings)][-2:] == [3, 4]
    assert fetch_value(settings.database.dsn, "SELECT count(*) FROM batch_rebuild_queue") > 0
    assert verify_audit_trail(settings).faults == ()
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        execute_statements(settings.database.dsn, "DELETE FROM operator_notes")


def test_the_schema_equals_that_of_a_new_database(flavour: Server, databases: Databases) -> None:
    new, taken_over = databases.dsns
    ours, theirs = read_catalogs(taken_over), read_catalogs(new)
    assert {kind: set(ours[kind]) ^ set(theirs[kind]) for kind in ours if ours[kind] != theirs[kind]} == {}
    dumps = dump_schema(taken_over), dump_schema(new)
    if None in dumps:
        pytest.skip("no pg_dump is new enough for this server: DOSING_TEST_PG_DUMP names none")
    different = [pair for pair in zip_longest(*(dump or () for dump in dumps)) if pair[0] != pair[1]]
    assert not different


def test_the_history_keeps_every_migration_with_its_time(flavour: Server, database: str) -> None:
    create_development_schema(database)
    had = fetch_rows(
        database, "SELECT 'archive/' || name, checksum, flavour, applied_at FROM schema_migrations ORDER BY 1"
    )
    assert len(had) > 20
    migrate_schema(settings_for(database), report=print)
    query = "SELECT * FROM schema_migrations WHERE name LIKE 'archive/%%' ORDER BY 1"
    assert fetch_rows(database, query.replace("%%", "%")) == had
    assert fetch_value(database, "SELECT count(*) FROM schema_migrations WHERE name = %s", TAKEOVER) == 1


def test_an_older_development_database_is_refused_with_the_version_to_go_through(
    flavour: Server, database: str
) -> None:
    create_development_schema(database, last=26)
    before = read_catalogs(database)
    with pytest.raises(
        DatabaseAccessError, match=r"older than migration 27 of dosing-tui 0\.1\.0: migrate it with"
    ):
        migrate_schema(settings_for(database), report=print)
    assert read_catalogs(database) == before


def test_the_frozen_files_and_the_renames_name_the_same_tables() -> None:
    text = "\n".join(file.read_text(encoding="utf-8") for file in FILES.glob("*/*.sql"))
    assert all(f"CREATE TABLE {old} (" in text for old in RENAMED_TABLES.values())
