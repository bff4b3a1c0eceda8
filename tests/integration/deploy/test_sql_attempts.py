"""With raw SQL no role of the plant forges a signature, hides who it was, or stops another part."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from dosing_tui.database.alarms import journal
from dosing_tui.database.audit.pins import set_pin
from dosing_tui.database.batches.audit_verify import verify_audit_trail
from dosing_tui.database.batches.incremental_rebuild import rebuild_changed_days
from dosing_tui.database.batches.review_policy import set_policy
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.database.schema.maintenance import run_maintenance
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.domain.alarms.models import AlarmEvent, JournalEntry
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from tests.integration.database.batches.test_review_writer import LATER
from tests.support.database.reading_samples import number_rows
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value
from tests.support.database.sql_attempts import ATTEMPTS, SqlAttempt, format_table
from tests.support.database.stored_journal import read_journal
from tests.support.database_servers import Server
from tests.support.deploy.deploy_database import DeployedPlant, plant_on
from tests.support.domain.alarm_entries import ANNA, make_entry
from tests.support.domain.batch_messages import normal_batch

Session = psycopg.Connection[TupleRow]
TABLE = Path(__file__).parents[3] / "docs" / "sql-attempts.md"


@pytest.fixture(scope="module")
def plant(rights_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedPlant]:
    """With a batch, two reviewers with PINs, and a policy that requires both."""
    with plant_on(rights_server, tmp_path_factory.mktemp("secrets")) as plant:
        writer = ReadingWriter(plant.settings_of("dosing_writer"))
        writer.write(uuid4(), number_rows(*normal_batch()))
        writer.close()
        rebuild_changed_days(plant.settings_of("dosing_writer"), now=LATER)
        owner = plant.settings_of("dosing_owner")
        for who in ("Anna", "Ben"):
            set_pin(owner, who=who, pin="1234")
            prepare_entry(plant, who)
        policy = ReviewPolicy(pin=True, second_person=True)
        assert set_policy(owner, policy, who="Anna", reason="customer's audit")
        execute_statements(
            plant.dsn,
            "INSERT INTO operator_notes (at, text, author) VALUES (now(), 'a', 'Anna')",
            # the operator has acted on a flood of alarms, and nothing of it is forgotten while the tests run
            "INSERT INTO alarm_action_rates (role, spent, at)"
            " VALUES ('dosing_operator', 9900, now() + INTERVAL '1 day')",
        )
        with psycopg.connect(plant.dsn_of("dosing_writer")):  # somebody to be ended
            yield plant


def prepare_entry(plant: DeployedPlant, who: str) -> None:
    with psycopg.connect(plant.dsn_of("dosing_operator"), autocommit=True) as session:
        session.execute("SELECT prepare_pin_entry(%s)", (who,))


@pytest.fixture(scope="module")
def superuser(plant: DeployedPlant) -> Iterator[Session]:
    with psycopg.connect(plant.dsn, autocommit=True) as session:
        yield session


def read_facts(superuser: Session) -> list[object]:
    """All that no attempt may change."""
    queries: tuple[LiteralString, ...] = (
        "SELECT * FROM audit_trail ORDER BY seq",
        "SELECT * FROM batch_reviews ORDER BY review_id",
        "SELECT * FROM reviewer_pins ORDER BY audit_seq",
        "SELECT * FROM batches",
        "SELECT * FROM alarm_journal ORDER BY id",
        # of the server's own, what is not as a new server has it
        "SELECT relname, relacl::text, relowner FROM pg_class"
        " WHERE oid >= 16384 OR relacl IS NOT NULL OR relowner <> 10 ORDER BY oid",
        "SELECT proname, proacl::text, proowner FROM pg_proc"
        " WHERE oid >= 16384 OR proacl IS NOT NULL OR proowner <> 10 ORDER BY oid",
    )
    return [superuser.execute(query).fetchall() for query in queries]


def fill_in(superuser: Session, step: str) -> LiteralString:
    """With the key and hashes of the batch."""
    ((key, record, judgement),) = superuser.execute(
        "SELECT batch_key, record_hash, judgement_hash FROM batches"
    ).fetchall()
    for name, value in (("key", key), ("record", record), ("judgement", judgement)):
        step = re.sub(rf"(?<!:):{name}\b", f"'{value}'", step)
    return step


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda one: f"{one.role[7:]}: {one.goal}")
def test_the_server_refuses(plant: DeployedPlant, superuser: Session, attempt: SqlAttempt) -> None:
    before = read_facts(superuser)
    *first, last = [fill_in(superuser, step) for step in attempt.steps]
    with psycopg.connect(plant.dsn_of(attempt.role)) as session:
        for step in first:
            session.execute(step)
        with pytest.raises(psycopg.Error) as caught:
            session.execute(last)
    assert caught.value.sqlstate == attempt.sqlstate, caught.value
    assert read_facts(superuser) == before


def test_the_attempts_were_made_and_are_all_in_the_table() -> None:
    assert len(ATTEMPTS) >= 40
    assert TABLE.read_text(encoding="utf-8").endswith(format_table())


def test_what_is_refused_there_is_what_works_where_it_is_right(
    plant: DeployedPlant, superuser: Session
) -> None:
    """The steps of the attempts are well-formed: with the right PIN of the right person they sign."""
    enter = "SELECT enter_review(:key, 'comment', 'Anna', '', 'seen', 0, :record, :judgement)"
    with psycopg.connect(plant.dsn_of("dosing_operator")) as session:
        session.execute("INSERT INTO pin_entry (who, pin) VALUES ('Anna', '1234')")
        session.execute(fill_in(superuser, enter))
        (row,) = session.execute("SELECT who, db_role, signature FROM batch_reviews").fetchall()
        session.rollback()
    assert row == ("Anna", "dosing_operator", "signed with a PIN")
    assert verify_audit_trail(plant.settings_of("dosing_operator")).faults == ()


def test_the_functions_that_sign_belong_to_a_role_that_nobody_logs_in_as(plant: DeployedPlant) -> None:
    owners = fetch_rows(
        plant.dsn,
        "SELECT DISTINCT r.rolname, r.rolcanlogin, r.rolsuper FROM pg_proc AS p"
        " JOIN pg_roles AS r ON r.oid = p.proowner WHERE p.prosecdef AND p.proname IN"
        " ('enter_review', 'receive_pin', 'set_review_policy', 'add_recipe_version', 'take_pin_check',"
        " 'set_tolerance_rules', 'enter_alarm_action')",
    )
    assert owners == [("dosing_auditor", False, False)]
    assert fetch_value(plant.dsn, "SELECT count(*) FROM pg_largeobject_metadata") == 0


def acknowledge_by_anna() -> JournalEntry:
    return make_entry(AlarmEvent.ACKNOWLEDGE, number=6, who=ANNA)


FORMER_LOCKS = (7233179128203636, 0x646F73696E67, 0x646F73696E68, 0x646F73696E69, 0x646F73696E6A)
"""Advisory locks that the journal, migrations, maintenance, rebuilds and the audit trail waited for."""


def test_a_viewer_that_holds_every_lock_it_can_stops_nothing(plant: DeployedPlant) -> None:
    """The program waits for none of them, also where advisory locks are left to every role."""
    tables: LiteralString = """
        SELECT string_agg(format('public.%I', relname), ', ') FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
           AND has_table_privilege('dosing_viewer', oid, 'SELECT')
           AND relname NOT LIKE 'dosing_consumption%' AND relname NOT LIKE 'batch_events%'
           AND relname NOT LIKE 'inventory_levels%'
    """
    told: list[str] = []
    owner = plant.settings_of("dosing_owner")
    execute_statements(plant.dsn, "UPDATE plant_limits SET stock_low_percent = 33")  # there is work to do
    execute_statements(plant.dsn, "GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint) TO dosing_viewer")
    with psycopg.connect(plant.dsn_of("dosing_viewer")) as viewer:
        for key in FORMER_LOCKS:
            viewer.execute("SELECT pg_advisory_lock(%s)", (key,))
        viewer.execute(f"LOCK TABLE {fetch_value(plant.dsn, tables)} IN ACCESS SHARE MODE".encode())
        writer = ReadingWriter(plant.settings_of("dosing_writer"))
        writer.write(uuid4(), number_rows(*normal_batch(900)))
        writer.close()
        assert rebuild_changed_days(plant.settings_of("dosing_writer"), now=LATER).stored_count > 0
        journal.append_entries(plant.settings_of("dosing_writer"), [make_entry(AlarmEvent.RAISE, number=5)])
        journal.enter_actions(plant.settings_of("dosing_operator"), [acknowledge_by_anna()])
        assert set_policy(owner, ReviewPolicy(pin=True), who="Anna", reason="end of the audit")
        run_maintenance(owner, now=LATER)
        assert migrate_schema(owner, report=told.append) == ["limits/stock_low"]
    assert "The migration lock is held by a role that may not migrate: it is ignored." in told
    assert len(read_journal(owner)) == 2
    assert verify_audit_trail(owner).faults == ()


def test_no_role_of_the_plant_works_in_another_database_of_the_server(plant: DeployedPlant) -> None:
    """There nothing is closed: locks that are held there fill the same table."""
    for database in ("postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(make_conninfo(plant.dsn_of("dosing_viewer"), dbname=database))


def test_low_roles_leave_connections_to_the_collector(plant: DeployedPlant) -> None:
    limits = "SELECT rolconnlimit FROM pg_roles WHERE rolname ~ '^dosing_(viewer|operator|telegraf)$'"
    assert sorted(fetch_rows(plant.dsn, limits)) == [(5,), (40,), (40,)]
    assert fetch_value(plant.dsn_of("dosing_viewer"), "SHOW temp_file_limit") == "1GB"
