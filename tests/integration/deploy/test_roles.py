"""Each role of the stack can do its work and nothing beyond it, on a real server."""

import base64
import hashlib
import hmac
import os
import platform
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import LiteralString
from uuid import uuid4

import psycopg
import pytest
from msgspec import structs
from msgspec.structs import replace
from psycopg import sql

from dosing_tui.config.settings import CollectorMode, CollectorSettings, Settings
from dosing_tui.database import operator_notes
from dosing_tui.database.alarms import journal
from dosing_tui.database.alarms.notification_queue import NotificationQueue, list_channel_states
from dosing_tui.database.audit.audit_head import read_audit_head
from dosing_tui.database.batches.audit_verify import verify_audit_trail
from dosing_tui.database.batches.incremental_rebuild import rebuild_batches, rebuild_changed_days
from dosing_tui.database.batches.queries import count_batches, list_batches, read_batch
from dosing_tui.database.batches.review_policy import read_effective_policy, set_policy
from dosing_tui.database.batches.review_writer import enter_review
from dosing_tui.database.diagnosis.fact_reader import read_database_facts
from dosing_tui.database.leader_election import LeaderElection, LeaderLease
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.database.reports.batch_record import read_batch_record
from dosing_tui.database.reports.shift_report import read_shift_report
from dosing_tui.database.schema.maintenance import run_maintenance
from dosing_tui.database.schema.migrate import list_pending_steps, migrate_schema
from dosing_tui.database.schema.retention import LONGEST_DELAY
from dosing_tui.domain.alarms.checkpoint import Checkpoint
from dosing_tui.domain.alarms.journal_filter import JournalFilter
from dosing_tui.domain.alarms.models import AlarmEvent
from dosing_tui.domain.batch_review.query_models import BatchFilter, create_review_draft
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.domain.batch_review.review_rules import Decision, ReviewDraft
from dosing_tui.domain.notifications.policy import DeliveryStatus, Notice, Trigger
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.domain.panels.operator_notes import NoteDraft
from dosing_tui.domain.panels.panel_catalog import PANELS, PanelQuery
from dosing_tui.domain.time.shift_calendar import ShiftPeriod
from dosing_tui.errors import DatabaseAccessError
from dosing_tui.ipc.supervised_thread import DEFAULT_RETRY
from tests.support.database.reading_samples import LEVEL, REJECTION, make_doses, number_rows
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value
from tests.support.database.stored_journal import read_journal
from tests.support.database_servers import Server
from tests.support.deploy.deploy_database import ROLES, DeployedPlant, is_refused, password_of, plant_on
from tests.support.domain.alarm_entries import ANNA, make_entry
from tests.support.domain.batch_messages import NOON, normal_batch

LATER = NOON + timedelta(hours=1)
DAY = JournalFilter(NOON - timedelta(days=1), NOON + timedelta(days=1))
NOTE = NoteDraft(at=NOON, text="Filter of pump 2 changed.", author="M. Berg", device=None)
DOSE = "INSERT INTO dosing_consumption (time, device_id, pump, chemical) VALUES (now(), 'd', 1, 'BDO')"
READERS = ("dosing_writer", "dosing_operator", "dosing_viewer")
TABLES = """
SELECT c.relname
  FROM pg_class AS c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
   AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
 ORDER BY 1
"""
RIGHTS = f"""
SELECT t.relname, r.name
  FROM ({TABLES}) AS t
 CROSS JOIN unnest(%s::text[]) AS r (name)
 WHERE has_table_privilege(%s, format('public.%%I', t.relname), r.name)
"""


@pytest.fixture(scope="module")
def plant(rights_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedPlant]:
    """With a day's readings, stored by the collector's role."""
    with plant_on(rights_server, tmp_path_factory.mktemp("secrets")) as plant:
        writer = ReadingWriter(plant.settings_of("dosing_writer"))
        writer.write(uuid4(), number_rows(*normal_batch(), LEVEL, REJECTION))
        writer.close()
        rebuild_changed_days(plant.settings_of("dosing_writer"), now=LATER)
        yield plant


@pytest.fixture(params=READERS)
def reader(plant: DeployedPlant, request: pytest.FixtureRequest) -> Iterator[PanelReader]:
    reader = PanelReader(plant.settings_of(request.param))
    reader.open()
    yield reader
    reader.close()


def list_rights(plant: DeployedPlant, role: str, *which: str) -> set[tuple[str, str]]:
    """Table and right, on the whole table."""
    return {(str(name), str(right)) for name, right in fetch_rows(plant.dsn, RIGHTS, list(which), role)}


def test_the_owner_has_made_the_whole_schema_and_rights_can_be_set_again(plant: DeployedPlant) -> None:
    settings = plant.settings_of("dosing_owner")
    assert list_pending_steps(settings) == []
    assert migrate_schema(settings, report=print) == []
    before = fetch_rows(plant.dsn, "SELECT relname, relacl::text FROM pg_class ORDER BY oid")
    plant.set_rights()
    after = fetch_rows(plant.dsn, "SELECT relname, relacl::text FROM pg_class ORDER BY oid")
    assert [name for name, _ in after] == [name for name, _ in before]
    assert all(list_rights(plant, role, "SELECT") for role in READERS)


def test_every_role_has_the_password_of_its_secret_and_none_may_make_roles_or_databases(
    plant: DeployedPlant,
) -> None:
    found = fetch_rows(
        plant.dsn,
        "SELECT rolname, rolpassword, rolsuper OR rolcreaterole OR rolcreatedb"
        " FROM pg_authid WHERE rolname LIKE 'dosing\\_%' AND rolcanlogin ORDER BY 1",
    )
    assert [role for role, _, _ in found] == sorted(ROLES)
    assert all(is_password(password_of(role), stored) and not mighty for role, stored, mighty in found)


def is_password(password: str, stored: str) -> bool:
    """Whether SCRAM would let in who knows it (RFC 5802)."""
    method, salted, keys = stored.split("$")
    rounds, salt = salted.split(":")
    secret = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(rounds))
    client = hmac.digest(secret, b"Client Key", "sha256")
    key = base64.b64encode(hashlib.sha256(client).digest()).decode()
    return method == "SCRAM-SHA-256" and keys.startswith(f"{key}:")


def test_the_collector_stores_each_reading_once_and_keeps_its_books(plant: DeployedPlant) -> None:
    settings, spool = plant.settings_of("dosing_writer"), uuid4()
    writer = ReadingWriter(settings)
    given = number_rows(*make_doses(3, start=NOON - timedelta(hours=2)), REJECTION)
    assert len(writer.write(spool, given).stored_readings) == 3
    assert writer.write(spool, given).stored_readings == ()
    assert len(writer.write(uuid4(), given).duplicate_readings) == 3
    assert writer.read_progress(spool).stored == 3
    writer.close()


def test_the_collector_sees_that_the_schema_is_the_one_it_knows(plant: DeployedPlant) -> None:
    assert list_pending_steps(plant.settings_of("dosing_writer")) == []


@pytest.mark.parametrize("role", READERS)
def test_the_diagnosis_misses_no_right_of_a_role_of_the_stack(plant: DeployedPlant, role: str) -> None:
    mode = CollectorMode.AUTO if role == "dosing_writer" else CollectorMode.NEVER
    facts = read_database_facts(replace(plant.settings_of(role), collector=CollectorSettings(mode)))
    assert (facts.missing_rights, facts.unreadable) == ((), ())


@pytest.mark.parametrize(
    ("privilege", "name"),
    [
        ("INSERT", "dosing_consumption"),
        ("INSERT (uuid)", "alarm_journal"),
        ("UPDATE (gone)", "batches"),
        ("DELETE", "station_changes"),
        ("EXECUTE", "FUNCTION end_blocking_sessions()"),
        ("EXECUTE", "FUNCTION enter_alarm_action(jsonb)"),
    ],
)
def test_the_diagnosis_names_the_right_that_the_collector_lacks(
    plant: DeployedPlant, privilege: LiteralString, name: LiteralString
) -> None:
    right = (sql.SQL(privilege), sql.SQL(name))
    with psycopg.connect(plant.dsn_of("dosing_owner"), autocommit=True) as owner:
        owner.execute(sql.SQL("REVOKE {} ON {} FROM dosing_writer").format(*right))
        try:
            facts = read_database_facts(plant.settings_of("dosing_writer"))
        finally:
            owner.execute(sql.SQL("GRANT {} ON {} TO dosing_writer").format(*right))
    (missing,) = facts.missing_rights
    assert (missing.privilege, missing.name) == (privilege.split()[0], name.removeprefix("FUNCTION "))


def test_the_collector_is_elected_and_the_next_one_sees_by_whom(plant: DeployedPlant) -> None:
    first, second = (LeaderElection(plant.settings_of("dosing_writer"), LeaderLease()) for _ in range(2))
    assert first.try_acquire()
    assert not second.try_acquire()
    holder = fetch_value(plant.dsn, "SELECT holder_name FROM collector_leases")
    assert holder == f"{platform.node()}, process {os.getpid()}"
    viewer = LeaderElection(plant.settings_of("dosing_viewer"), LeaderLease())
    assert not viewer.try_acquire()
    assert viewer.refusal == ""
    second.release_lock()
    first.release_lock()
    assert not viewer.try_acquire()
    assert viewer.refusal.startswith(
        "No process collects for this site, and database user dosing_viewer may not:"
    )
    viewer.release_lock()


def test_the_collector_keeps_batches_and_alarms(plant: DeployedPlant) -> None:
    settings = plant.settings_of("dosing_writer")
    done = rebuild_batches(settings, since=NOON - timedelta(days=1), until=LATER, now=LATER, report=print)
    assert done.batch_count == len(list_batches(settings, BatchFilter())) > 0
    journal.append_entries(settings, [make_entry(AlarmEvent.RAISE, number=1)])
    assert read_journal(settings)[-1].event is AlarmEvent.RAISE
    journal.list_dose_errors(settings, since=NOON)
    assert journal.list_pump_doses(settings) is not None
    assert journal.list_usual_durations(settings) is not None


def test_the_collector_leaves_maintenance_to_the_owner_until_it_is_overdue(plant: DeployedPlant) -> None:
    """Else every plant with these roles has an alarm that never ends, and a collector that is never ready."""
    writer = plant.settings_of("dosing_writer")
    ((oldest, keep_days),) = fetch_rows(
        plant.dsn,
        """
        SELECT least((SELECT min(time) FROM dosing_consumption), (SELECT min(time) FROM batch_events),
                     (SELECT min(time) FROM inventory_levels)), min(keep_days)
          FROM data_retention WHERE table_name <> 'sums'
        """,
    )
    overdue = oldest + timedelta(days=keep_days) + LONGEST_DELAY
    run_maintenance(writer, now=overdue, is_optional=True)
    with pytest.raises(DatabaseAccessError, match="belong to dosing_owner"):
        run_maintenance(writer, now=overdue + timedelta(seconds=1), is_optional=True)


def test_a_task_of_the_owner_says_as_whom_to_connect(plant: DeployedPlant) -> None:
    with pytest.raises(DatabaseAccessError, match=r"belong to dosing_owner\. Connect as dosing_owner, or"):
        run_maintenance(plant.settings_of("dosing_writer"), now=datetime.now(UTC))
    run_maintenance(plant.settings_of("dosing_owner"), now=datetime.now(UTC))
    for role in ("dosing_writer", "dosing_operator", "dosing_viewer", "dosing_telegraf"):
        assert is_refused(plant.dsn_of(role), sql.SQL("CREATE TABLE public.mine (a int)").format())
        assert is_refused(plant.dsn_of(role), sql.SQL("DROP TABLE public.batch_events").format())


def test_the_collector_says_so_when_next_week_has_no_partition(plant: DeployedPlant) -> None:
    writer, now = plant.settings_of("dosing_writer"), datetime.now(UTC)
    run_maintenance(plant.settings_of("dosing_owner"), now=now)
    if fetch_value(plant.dsn, "SELECT to_regnamespace('compat') IS NULL"):
        return  # TimescaleDB makes its chunks itself
    week = now + timedelta(days=7 - now.weekday())
    execute_statements(plant.dsn, f"DROP TABLE batch_events_p{week:%Y%m%d}")
    with pytest.raises(DatabaseAccessError, match="belong to dosing_owner"):
        run_maintenance(writer, now=now, is_optional=True)
    run_maintenance(plant.settings_of("dosing_owner"), now=now)
    run_maintenance(writer, now=now, is_optional=True)


def test_a_collector_sees_that_telegraf_writes_as_well(plant: DeployedPlant) -> None:
    reader = PanelReader(plant.settings_of("dosing_writer"))
    reader.open()
    with psycopg.connect(plant.dsn_of("dosing_telegraf"), application_name="telegraf"):
        assert [name.split()[0] for name in reader.list_other_writers()] == ["telegraf"]
    reader.close()


@pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS)
def test_every_panel_can_be_seen(reader: PanelReader, panel: object) -> None:
    query = PanelQuery(since=NOON - timedelta(hours=6), until=LATER, now=LATER)
    assert reader.read_panel(panel, query) is not None  # type: ignore[arg-type]  # one of PANELS


def test_panels_and_annotations_show_what_was_stored(reader: PanelReader) -> None:
    query = PanelQuery(since=NOON - timedelta(hours=1), until=LATER, now=LATER)
    assert reader.read_panel(PANELS["today_by_chemical"], query)
    assert reader.read_annotations(since=NOON, until=LATER)
    assert all(reader.list_filter_values(dimension) for dimension in Dimension)
    assert reader.load_readings()
    assert reader.list_spools()


@pytest.mark.parametrize("role", READERS)
def test_notes_alarms_and_batches_can_be_seen(plant: DeployedPlant, role: str) -> None:
    settings = plant.settings_of(role)
    operator_notes.list_notes(settings, since=NOON, until=LATER)
    journal.list_entries(settings, DAY)
    batch = list_batches(settings, BatchFilter())[0]
    assert read_batch(settings, batch.batch_key)
    assert count_batches(settings, BatchFilter())


@pytest.mark.parametrize("role", READERS)
def test_records_and_shift_reports_can_be_printed(plant: DeployedPlant, role: str) -> None:
    settings = plant.settings_of(role)
    batch = list_batches(settings, BatchFilter())[0]
    assert read_batch_record(settings, batch.batch_key)
    shift = ShiftPeriod("Early", NOON - timedelta(hours=7), LATER)
    assert read_shift_report(settings, shift, now=LATER).production.doses


def test_the_viewer_reads_all_but_the_hashes_of_pins_and_changes_nothing(plant: DeployedPlant) -> None:
    names = {name for (name,) in fetch_rows(plant.dsn, TABLES)}
    readable = {name for name, _ in list_rights(plant, "dosing_viewer", "SELECT")}
    assert names - readable == {"reviewer_pins", "pin_counters", "pin_checks"}
    assert list_rights(plant, "dosing_viewer", "INSERT", "UPDATE", "DELETE", "TRUNCATE") == set()
    assert is_refused(plant.dsn_of("dosing_viewer"), sql.SQL(DOSE).format())
    with pytest.raises(DatabaseAccessError):
        operator_notes.add_note(plant.settings_of("dosing_viewer"), NOTE, os_user="")
    with pytest.raises(DatabaseAccessError):
        journal.enter_actions(
            plant.settings_of("dosing_viewer"), [make_entry(AlarmEvent.ACKNOWLEDGE, number=9, who=ANNA)]
        )


def test_the_viewer_is_read_only_even_where_a_right_was_given_by_mistake(plant: DeployedPlant) -> None:
    execute_statements(plant.dsn, "GRANT INSERT ON operator_notes TO dosing_viewer")
    insert = "INSERT INTO operator_notes (at, text, author) VALUES (now(), 'a', 'b')"
    assert is_refused(plant.dsn_of("dosing_viewer"), sql.SQL(insert).format())
    plant.set_rights()
    assert ("operator_notes", "INSERT") not in list_rights(plant, "dosing_viewer", "INSERT")


def test_an_operator_notes_acknowledges_and_reviews(plant: DeployedPlant) -> None:
    settings = plant.settings_of("dosing_operator")
    assert operator_notes.add_note(settings, NOTE, os_user="panel3").db_role == "dosing_operator"
    journal.enter_actions(settings, [make_entry(AlarmEvent.ACKNOWLEDGE, number=2, who=ANNA)])
    said = enter_review(settings, make_draft(settings), os_user="panel3")
    assert said.meaning == "approved"
    assert verify_audit_trail(settings).faults == ()


def test_who_reviews_does_not_say_what_is_wanted_of_reviews(plant: DeployedPlant) -> None:
    for role in ("dosing_operator", "dosing_writer"):
        with pytest.raises(DatabaseAccessError, match="lacks a right"):
            set_policy(plant.settings_of(role), ReviewPolicy(pin=True), who="Anna", reason="why not")
    assert set_policy(
        plant.settings_of("dosing_owner"), ReviewPolicy(second_person=True), who="Anna", reason="audit"
    )
    for role in READERS:
        assert read_effective_policy(plant.settings_of(role)) == ReviewPolicy(second_person=True)
    assert set_policy(plant.settings_of("dosing_owner"), ReviewPolicy(), who="Anna", reason="end of the test")


def make_draft(settings: Settings) -> ReviewDraft:
    return create_review_draft(list_batches(settings, BatchFilter())[0], Decision.APPROVED, who="Anna")


def test_an_operator_neither_stores_doses_nor_forges_who_wrote_a_note(plant: DeployedPlant) -> None:
    assert is_refused(plant.dsn_of("dosing_operator"), sql.SQL(DOSE).format())
    forged = "INSERT INTO operator_notes (at, text, author, db_role) VALUES (now(), 'a', 'b', 'dosing_owner')"
    assert is_refused(plant.dsn_of("dosing_operator"), sql.SQL(forged).format())
    assert list_rights(plant, "dosing_operator", "INSERT", "UPDATE", "DELETE", "TRUNCATE") == {
        ("pin_entry", "INSERT"),
    }  # fmt: skip


def test_the_collector_remembers_what_the_alarm_journal_has_come_to(plant: DeployedPlant) -> None:
    journal.save_checkpoint(plant.settings_of("dosing_writer"), Checkpoint(1))
    with pytest.raises(DatabaseAccessError):
        journal.save_checkpoint(plant.settings_of("dosing_operator"), Checkpoint(1))


def test_the_collector_changes_only_what_it_keeps(plant: DeployedPlant) -> None:
    assert {name for name, _ in list_rights(plant, "dosing_writer", "UPDATE", "DELETE", "TRUNCATE")} == {
        "spool_progress", "batches", "batch_records", "batch_rebuild_queue",
        "alarm_notifications", "alarm_notification_channels", "alarm_checkpoints", "collector_leases",
        "station_status", "station_changes", "batch_lots", "tank_mixes",
    }  # fmt: skip
    for table in (
        "audit_trail",
        "batch_reviews",
        "operator_notes",
        "reviewer_pins",
        "plant_limits",
        "tolerance_rules",
        "recipe_tolerances",
    ):
        assert (table, "INSERT") not in list_rights(plant, "dosing_writer", "INSERT")


def test_the_collector_tells_of_alarms_and_everybody_may_see_whom_it_told(plant: DeployedPlant) -> None:
    book, raised = (
        NotificationQueue(plant.settings_of("dosing_writer")),
        make_entry(AlarmEvent.RAISE, number=77),
    )
    book.open(["shift"])
    journal.append_entries(plant.settings_of("dosing_writer"), [raised])
    last_id = read_journal(plant.settings_of("dosing_writer"))[-1].id
    notice = Notice("shift", Trigger.RAISE, raised.uuid, last_id, NOON)
    book.add_notices([notice, structs.replace(notice, occurrence=uuid4())], ["shift"], last_id=last_id)
    first, second = book.list_due_notices("shift", now=LATER, last_id=last_id, retry=DEFAULT_RETRY)
    assert book.claim_notice(first.id, now=LATER)
    book.store_status([first.id], DeliveryStatus.SENT, now=LATER)
    assert book.claim_summary("shift", [second], now=LATER)
    assert book.expire_claims(now=LATER + timedelta(hours=1), own_ids=[]) == ["shift"]
    book.close()
    for role in READERS:
        (state,) = list_channel_states(plant.settings_of(role), now=LATER)
        assert (state.channel, state.sent_today) == ("shift", 1)
    with pytest.raises(DatabaseAccessError):
        NotificationQueue(plant.settings_of("dosing_operator")).open(["shift"])


def test_everybody_who_reads_reads_the_head_of_the_audit_trail(plant: DeployedPlant) -> None:
    for role in READERS:
        read_audit_head(plant.settings_of(role))


def test_telegraf_sees_the_three_views_that_store_readings_only(plant: DeployedPlant) -> None:
    readings = {"ingest_dosing_consumption", "ingest_batch_events", "ingest_inventory_levels"}
    public = {  # everybody's to read
        "alarm_limits", "data_retention", "legacy_imports", "plant_limits", "schema_migrations",
        "tolerance_rules",
    }  # fmt: skip
    every = list_rights(plant, "dosing_telegraf", "SELECT", "INSERT", "UPDATE", "DELETE")
    assert {(name, right) for name, right in every if name not in public} == {
        (name, right) for name in readings for right in ("SELECT", "INSERT")
    }
    with psycopg.connect(plant.dsn_of("dosing_telegraf")) as session:
        session.execute(DOSE.replace("dosing_consumption", "ingest_dosing_consumption"))
        session.rollback()
    assert is_refused(plant.dsn_of("dosing_telegraf"), sql.SQL(DOSE).format())


def test_a_table_of_a_later_version_can_be_read_at_once(plant: DeployedPlant) -> None:
    execute_statements(plant.dsn_of("dosing_owner"), "CREATE TABLE public.later (a int)")
    try:
        assert all(("later", "SELECT") in list_rights(plant, role, "SELECT") for role in READERS)
    finally:
        execute_statements(plant.dsn_of("dosing_owner"), "DROP TABLE public.later")


def test_nobody_else_may_connect(plant: DeployedPlant) -> None:
    assert not fetch_value(
        plant.dsn,
        "SELECT EXISTS (SELECT FROM aclexplode((SELECT datacl FROM pg_database WHERE datname ="
        " current_database())) WHERE grantee = 0)",
    )
