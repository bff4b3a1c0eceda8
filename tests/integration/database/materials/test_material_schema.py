"""The material ledger in the database: append-only, chained, and each entry once."""

import json
from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
import pytest

from dosing_tui.config.settings import Settings
from dosing_tui.database.batches.audit_verify import verify_audit_trail, verify_in_session
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value
from tests.support.database_servers import Server

DELIVERY: dict[str, Any] = {
    "entry_key": "cli:one", "time": "2026-11-23T12:00:00+01:00", "device_id": "station_1", "chemical": "T-12",
    "kind": "delivery", "entered_quantity": 2.5, "entered_unit": "kg", "lot_number": "A-17",
    "supplier": "Nord \N{EN DASH} Chemie", "expires_on": "2027-05-01", "opened_on": "2026-11-23",
    "certificate": "CoA 4711", "source": "cli", "operator": "Anna", "os_user": "panel3",
}  # fmt: skip
REFUSED: dict[str, dict[str, object]] = {
    "Enter your name.": {"operator": ""},
    "A reason is required.": {"kind": "waste"},
    "Enter a quantity in g, kg, lb or l.": {"entered_unit": "oz"},
    "Litres of T-12 need its density in g/ml (setting [[chemicals]]).": {"entered_unit": "l"},
    "The time of the entry is in the future.": {"time": "2099-01-01T00:00:00+00:00"},
    "Enter station and chemical.": {"chemical": ""},
}
IMPOSSIBLE: dict[str, dict[str, object]] = {
    "material_mass_sane": {"entered_quantity": -1},
    "material_kind_known": {"kind": "theft"},
    "material_time_sane": {"time": "2019-01-01T00:00:00+00:00"},
    "material_text_plain": {"supplier": "a\x1b[2J"},
    "material_text_harmless": {"reason": "a\u202eb"},
    "material_key_of_source": {"entry_key": "csv:1"},
    "material_dates_sane": {"expires_on": "1999-01-01"},
}
PRIME: LiteralString = (
    "INSERT INTO batch_events (time, device_id, event, dedup, pump, chemical, mass_g)"
    " VALUES ('2026-11-23 12:00+00', 'station_1', 'prime', 7, 2, 'T-12', 4) ON CONFLICT DO NOTHING"
)


def enter(dsn: str, **changes: object) -> int | None:
    entry = json.dumps({**DELIVERY, "entry_key": f"cli:{uuid4()}", **changes})
    number: int | None = fetch_value(dsn, "SELECT enter_material(%s)", entry)
    return number


def test_an_entry_is_stored_once_with_its_mass_role_and_place_in_the_chain(
    flavour: Server, migrated: str
) -> None:
    before = datetime.now(UTC)
    number = enter(migrated, entry_key="cli:one")
    assert enter(migrated, entry_key="cli:one") is None
    ((seq, recorded_at, *rest),) = fetch_rows(
        migrated,
        "SELECT entry_id, recorded_at, mass_g, change_g, chemical_key, db_role = session_user, lot_number,"
        " expires_on::text FROM material_entries",
    )
    assert (seq, rest) == (number, [2500.0, 2500.0, "t-12", True, "A-17", "2027-05-01"])
    assert before <= recorded_at
    pounds = enter(migrated, entered_unit="lb", kind="waste", reason="spilled")
    litres = enter(migrated, entered_unit="l", kind="count", density_g_per_ml=1.2)
    others = "SELECT entry_id, mass_g, change_g FROM material_entries WHERE entry_id > %s ORDER BY 1"
    assert fetch_rows(migrated, others, number) == [
        (pounds, 2.5 * 453.59237, -2.5 * 453.59237),
        (litres, 3000.0, None),
    ]
    assert verify_audit_trail(settings_for(migrated)).faults == ()


def test_what_is_no_entry_is_refused_and_leaves_nothing(migrated: str) -> None:
    for sentence, changes in REFUSED.items():
        with pytest.raises(psycopg.DatabaseError, match=sentence.split("(")[0]) as caught:
            enter(migrated, **changes)
        assert caught.value.sqlstate == "DT001"
    for constraint, values in IMPOSSIBLE.items():
        with pytest.raises(psycopg.errors.CheckViolation, match=constraint):
            enter(migrated, **values)
    assert fetch_value(migrated, "SELECT count(*) FROM audit_trail") == 0


@pytest.mark.parametrize(
    "change",
    ["UPDATE material_entries SET mass_g = 1", "DELETE FROM material_entries", "TRUNCATE material_entries"],
)
def test_not_even_the_owner_changes_the_ledger(migrated: str, change: LiteralString) -> None:
    enter(migrated)
    with pytest.raises(psycopg.errors.RaiseException, match="material_entries is append-only"):
        execute_statements(migrated, change)


LEAST = {
    "text": "{0} || 'x'", "timestamp with time zone": "{0} + INTERVAL '1 microsecond'", "date": "{0} + 1",
    "double precision": "coalesce({0}, 1) * (1 + 3e-16)", "integer": "coalesce({0}, 0) + 1",
}  # fmt: skip
ALLOWED = {"kind": "'refill'", "source": "'console'", "entered_unit": "'lb'"}
DERIVED = {"entry_id", "chemical_key", "change_g"}


def list_unnoticed(session: psycopg.Connection[Any], columns: list[tuple[str, str]]) -> list[str]:
    """Columns whose least change, by a superuser's way round the trigger, is not found."""
    unnoticed = []
    for name, kind in columns:
        session.execute("SET session_replication_role = replica")
        session.execute("ALTER TABLE material_entries DROP CONSTRAINT material_key_of_source")
        least = ALLOWED.get(name, LEAST[kind]).format(name)
        session.execute(f"UPDATE material_entries SET {name} = {least}".encode())
        if not any("differs from its entry" in fault for fault in verify_in_session(session).faults):
            unnoticed.append(name)
        session.rollback()
    return unnoticed


def test_the_owners_change_of_any_column_is_found_and_so_is_a_missing_row(migrated: str) -> None:
    number = enter(migrated)
    with psycopg.connect(migrated) as session:
        columns = [
            (name, kind)
            for name, kind in session.execute(
                "SELECT column_name, data_type FROM information_schema.columns"
                " WHERE table_schema = 'public' AND table_name = 'material_entries'"
            ).fetchall()
            if name not in DERIVED
        ]
        assert len(columns) == 21
        assert list_unnoticed(session, columns) == []
        session.execute("ALTER TABLE material_entries DISABLE TRIGGER append_only")
        session.execute("DELETE FROM material_entries")
        assert verify_in_session(session).faults == (
            f"Material entry {number}, T-12 (station_1), is missing;"
            f" it is in entry {number} of the audit trail.",
        )
        session.rollback()


def test_what_a_station_sends_is_one_entry_however_often_it_comes(flavour: Server, migrated: str) -> None:
    for _ in range(2):
        execute_statements(migrated, PRIME)
    rows = fetch_rows(migrated, "SELECT kind, mass_g, change_g, source, pump FROM material_entries")
    assert rows == [("prime", 4.0, -4.0, "station", 2)]
    assert verify_audit_trail(settings_for(migrated)).faults == ()


def test_a_prime_without_chemical_is_about_the_one_that_its_pump_dosed_last(migrated: str) -> None:
    for pump in (2, 3):
        execute_statements(
            migrated,
            PRIME.replace("2, 'T-12', 4", "2, NULL, -1" if pump == 2 else "3, NULL, 4"),
        )
    assert fetch_value(migrated, "SELECT count(*) FROM material_entries") == 0
    execute_statements(
        migrated,
        "INSERT INTO dosing_consumption (time, device_id, pump, chemical, target_g, actual_g, error_g)"
        " VALUES ('2026-11-23 11:00+00', 'station_1', 2, 'T-12', 40, 40, 0)",
        PRIME.replace("7, 2, 'T-12', 4", "8, 2, NULL, NULL"),
    )
    assert fetch_rows(migrated, "SELECT chemical, mass_g, change_g FROM material_entries") == [
        ("T-12", None, None)
    ]
    assert fetch_value(migrated, "SELECT count(*) FROM rejected_messages") == 0


def test_nobody_enters_in_the_name_of_a_station(migrated: str) -> None:
    settings: Settings = settings_for(migrated)
    with psycopg.connect(settings.database.dsn) as session:
        session.execute("CREATE ROLE station_forger")
        session.execute("GRANT EXECUTE ON FUNCTION enter_material(jsonb) TO station_forger")
        session.execute("SET SESSION AUTHORIZATION station_forger")
        with pytest.raises(psycopg.DatabaseError, match="Only a collector enters"):
            session.execute(
                "SELECT enter_material(%s)",
                [json.dumps({**DELIVERY, "source": "station", "entry_key": "station:1"})],
            )
        session.rollback()
