"""The log of pumps and scales: who may write, what is refused, and what stays."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import LiteralString
from uuid import uuid4

import psycopg
import pytest
from msgspec.structs import replace
from psycopg import sql
from psycopg.conninfo import make_conninfo

from dosing_tui.database.pumps.service_log import enter_service, list_service_entries, read_service_states
from dosing_tui.domain.capability.service_log import ServiceDraft, ServiceKind
from dosing_tui.errors import DatabaseAccessError, InvalidRowError
from tests.support.database.reading_samples import DOSE, settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_value
from tests.support.database.stored_batches import write_readings
from tests.support.database_servers import Server, new_name

NOW = datetime.now(UTC).replace(microsecond=0)
TUBE = ServiceDraft(
    uuid4(), NOW - timedelta(hours=3), "station-1", 2, ServiceKind.TUBE, "Anna", "new tube, 3.2 mm"
)


def draft(kind: ServiceKind = ServiceKind.TUBE, **changes: object) -> ServiceDraft:
    return replace(TUBE, request_id=uuid4(), kind=kind, **changes)  # type: ignore[arg-type]


def test_an_entry_is_stored_once_with_who_the_server_saw(migrated: str) -> None:
    settings = settings_for(migrated)
    check = draft(ServiceKind.CHECK, target_g=40.0, readings_g=(40.1, 39.9, 40.3), note="\x1b[31mon scale B")
    stored = enter_service(settings, check, os_user="panel3")
    assert enter_service(settings, check, os_user="panel3") == stored
    assert (stored.person, stored.os_user, stored.part) == ("Anna", "panel3", "pump 2")
    assert stored.db_role == fetch_value(migrated, "SELECT session_user")
    assert abs(stored.entered_at - datetime.now(UTC)) < timedelta(minutes=5)
    assert stored.note == "\ufffd[31mon scale B"
    assert stored.mean_g == pytest.approx(40.1)
    assert stored.cv_percent == pytest.approx(100 * 0.2 / 40.1)
    assert list_service_entries(settings, device="station-1", pump=2) == [stored]
    assert list_service_entries(settings, device="station-1", pump=1) == []


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (draft(pump=None), "A scale has no tube. Choose a pump."),
        (draft(ServiceKind.TARE), "A tare is of the scale, not of a pump."),
        (draft(at=NOW + timedelta(days=1)), "still to come"),
        (draft(ServiceKind.CHECK, target_g=40.0), "Enter the weighings"),
        (draft(target_g=40.0), "Only a check weighing has weighings."),
        (draft(person=" "), "Enter your name."),
        (draft(ServiceKind.WITHDRAWAL, withdraws=99, note="typing error"), "There is no such entry."),
    ],
)
def test_an_impossible_entry_is_refused_with_a_sentence(
    migrated: str, wrong: ServiceDraft, sentence: str
) -> None:
    with pytest.raises(InvalidRowError, match=sentence):
        enter_service(settings_for(migrated), wrong, os_user="")


def test_a_wrong_entry_is_withdrawn_once_and_both_stay(migrated: str) -> None:
    settings = settings_for(migrated)
    wrong = enter_service(settings, draft(), os_user="")
    taken_back = enter_service(
        settings,
        draft(ServiceKind.WITHDRAWAL, withdraws=wrong.entry_id, note="other pump", person="Ben"),
        os_user="",
    )
    assert (taken_back.at, taken_back.device_id, taken_back.pump) == (wrong.at, "station-1", 2)
    newest, first = list_service_entries(settings)
    assert (newest, first.entry_id, first.is_withdrawn) == (taken_back, wrong.entry_id, True)
    again = draft(ServiceKind.WITHDRAWAL, withdraws=wrong.entry_id, note="other pump")
    with pytest.raises(InvalidRowError, match="withdrawn already"):
        enter_service(settings, again, os_user="")


@pytest.mark.parametrize(
    "change", ["UPDATE service_log SET note = 'other'", "DELETE FROM service_log", "TRUNCATE service_log"]
)
def test_not_even_the_owner_changes_an_entry(flavour: Server, migrated: str, change: LiteralString) -> None:
    enter_service(settings_for(migrated), draft(), os_user="")
    with pytest.raises(psycopg.errors.RaiseException, match="service_log is append-only"):
        execute_statements(migrated, change)
    assert fetch_value(migrated, "SELECT count(*) FROM service_log WHERE note <> 'other'") == 1


@pytest.fixture
def role(migrated: str) -> Iterator[str]:
    """A role that may read the log and no more."""
    name = new_name("role")
    with psycopg.connect(migrated, autocommit=True) as session:
        for statement in ("CREATE ROLE {} LOGIN", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}"):
            session.execute(sql.SQL(statement).format(sql.Identifier(name)))
        yield name
        session.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
        session.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def test_only_the_function_writes_and_only_for_those_who_may_call_it(migrated: str, role: str) -> None:
    theirs = settings_for(make_conninfo(migrated, user=role))
    with pytest.raises(DatabaseAccessError, match="right to execute enter_service is missing"):
        enter_service(theirs, draft(), os_user="")
    execute_statements(
        migrated,
        "GRANT EXECUTE ON FUNCTION enter_service TO PUBLIC",
    )
    stored = enter_service(theirs, draft(), os_user="")
    assert stored.db_role == role
    assert list_service_entries(theirs) == [stored]
    forged = "INSERT INTO service_log (request_id, at, device_id, kind, note, person, os_user)"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        execute_statements(
            make_conninfo(migrated, user=role),
            f"{forged} VALUES (gen_random_uuid(), now(), 'd', 'tare', '', 'Anna', '')",
        )


def test_the_tubes_use_counts_from_its_last_change_to_the_dose(migrated: str) -> None:
    """Doses of 50 g in 42 s, each minute of ten hours; the changes are between two of them."""
    settings = settings_for(migrated)
    since = NOW - timedelta(hours=10)
    write_readings(migrated, [
        replace(DOSE, time=since + timedelta(minutes=n), dedup=n, pump=2, actual_g=50.0, duration_ms=42_000)
        for n in range(600)
    ])  # fmt: skip
    (state,) = read_service_states(settings, NOW)
    assert (state.pump, state.tube_at, state.tube_g, state.tube_run_s) == (2, None, 30_000.0, 25_200.0)
    earlier, later = since + timedelta(minutes=99.5), since + timedelta(minutes=399.5)
    for at in (later, earlier):
        enter_service(settings, draft(at=at), os_user="")
    scale = draft(ServiceKind.CALIBRATION, pump=None, at=later)
    entered = enter_service(settings, scale, os_user="")
    (state,) = read_service_states(settings, NOW)
    assert (state.tube_at, state.tube_g, state.tube_run_s) == (later, 200 * 50.0, 200 * 42.0)
    assert (state.calibrated_at, state.scale_calibrated_at) == (None, later)
    (state,) = read_service_states(settings, later)
    assert (state.tube_at, state.tube_g, state.scale_calibrated_at) == (earlier, 300 * 50.0, None)
    taken_back = draft(ServiceKind.WITHDRAWAL, withdraws=entered.entry_id, note="of another scale")
    enter_service(settings, taken_back, os_user="")
    assert read_service_states(settings, NOW)[0].scale_calibrated_at is None


def test_the_tubes_use_until_now_is_that_of_the_doses(migrated: str) -> None:
    """Until now, of the rollup, also in the six hours that are not over; before that, of the doses."""
    settings, now = settings_for(migrated), datetime.now(UTC)
    since = now - timedelta(hours=10)
    write_readings(migrated, [
        replace(DOSE, time=since + timedelta(minutes=n), dedup=n, pump=2, actual_g=50.0, duration_ms=42_000)
        for n in range(600)
    ])  # fmt: skip
    assert [state.tube_g for state in read_service_states(settings, now)] == [600 * 50.0]
    for hours in (9, 1):
        changed_at = now - timedelta(hours=hours, seconds=-30)
        enter_service(settings, draft(at=changed_at), os_user="")
        expected = (hours * 60 - 1) * 50.0
        assert [state.tube_g for state in read_service_states(settings, now)] == [expected]
