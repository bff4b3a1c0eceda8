"""What other writers copy into the ingest views: each reading once, and no row costs its neighbours."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from random import Random
from threading import Barrier
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.support.database.schema_inspection import fetch_rows, fetch_value
from tests.support.database_servers import Server
from tests.support.domain.batch_messages import NOON

Row = tuple[object, ...]
DOSE_COLUMNS = (
    "time", "device_id", "pump", "chemical", "target_g", "actual_g", "error_g", "recipe", "mode",
    "duration_ms",
)  # fmt: skip
DOSE_TYPES = ("timestamptz", "text", "int4", "text", "float8", "float8", "float8", "text", "text", "int8")
EVENT_COLUMNS = ("time", "device_id", "event", "recipe", "pumps")
NAMED_COLUMNS = (*DOSE_COLUMNS, "batch_id", "lot", "operator")
MATERIAL_COLUMNS = (
    *EVENT_COLUMNS, "pump", "chemical", "mass_g", "batch_id", "lot", "operator",
)  # fmt: skip
LEVEL_COLUMNS = ("time", "device_id", "chemical", "remaining_g", "capacity_g", "percent_full")


def make_dose_row(seconds: float = 0, *, pump: int = 2, actual_g: float = 40.1, device: str = "d1") -> Row:
    moment = NOON + timedelta(seconds=seconds)
    return (moment, device, pump, "T-12", 40.0, actual_g, 0.1, "CU-85", "CATALYST", 58_000)


def copy_rows(
    dsn: str, view: str, columns: Sequence[str], rows: Sequence[Row], *, types: Sequence[str] = ()
) -> None:
    """As Telegraf does: one COPY of named columns, binary if their types are given."""
    form = sql.SQL(" (FORMAT BINARY)" if types else "")
    statement = sql.SQL("COPY {} ({}) FROM STDIN{}").format(
        sql.Identifier(view), sql.SQL(", ").join(map(sql.Identifier, columns)), form
    )
    with psycopg.connect(dsn) as session, session.cursor() as cursor, cursor.copy(statement) as copy:
        if types:
            copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def copy_doses(dsn: str, *rows: Row) -> None:
    copy_rows(dsn, "ingest_dosing_consumption", DOSE_COLUMNS, rows, types=DOSE_TYPES)


def count_doses(dsn: str) -> int:
    return int(str(fetch_value(dsn, "SELECT count(*) FROM dosing_consumption")))


def test_a_repeat_does_not_cost_the_doses_beside_it(flavour: Server, migrated: str) -> None:
    """Copied into the table itself, five good doses with one repeat are lost together."""
    good = [make_dose_row(60 * n) for n in range(5)]
    copy_doses(migrated, *good, good[2])
    assert count_doses(migrated) == 5
    copy_doses(migrated, make_dose_row(600), *good)
    assert count_doses(migrated) == 6


@pytest.mark.parametrize("types", [(), DOSE_TYPES])
def test_doses_that_differ_in_one_value_are_two(migrated: str, types: Sequence[str]) -> None:
    changes: list[dict[str, Any]] = [{}, {"actual_g": 40.2}, {"pump": 3}, {"device": "d2"}]
    rows = [make_dose_row(**change) for change in changes]
    copy_rows(migrated, "ingest_dosing_consumption", DOSE_COLUMNS, rows, types=types)
    copy_rows(migrated, "ingest_dosing_consumption", DOSE_COLUMNS, rows, types=DOSE_TYPES)
    assert count_doses(migrated) == 4


def test_the_computed_number_does_not_depend_on_the_sessions_settings(migrated: str) -> None:
    for digits in (-15, 0, 1, 3):
        with psycopg.connect(migrated) as session:
            session.execute(f"SET extra_float_digits = {digits}".encode())
            session.execute(
                "INSERT INTO ingest_dosing_consumption (time, device_id, pump, chemical, target_g, actual_g)"
                " VALUES ('2026-11-23 12:00Z', 'd1', 2, 'T-12', 0.1::float8 + 0.2::float8, 40.12345678901234)"
            )
    assert count_doses(migrated) == 1


def test_a_number_that_is_given_is_kept(migrated: str) -> None:
    rows = [(NOON, "d1", 2, "T-12", 7), (NOON, "d1", 2, "T-12", 8), (NOON, "d1", 2, "T-12", 7)]
    copy_rows(migrated, "ingest_dosing_consumption", ("time", "device_id", "pump", "chemical", "dedup"), rows)
    assert fetch_rows(migrated, "SELECT dedup FROM dosing_consumption ORDER BY 1") == [(7,), (8,)]


def test_events_and_levels_too_are_stored_once(flavour: Server, migrated: str) -> None:
    events = [(NOON, "d1", name, "CU-85", 2) for name in ("start", "complete", "start")]
    levels = [(NOON, "d1", "T-12", 5000.0, 10_000.0, percent) for percent in (50.0, 50.0, 49.0)]
    for _ in range(2):
        copy_rows(migrated, "ingest_batch_events", EVENT_COLUMNS, events)
        copy_rows(migrated, "ingest_inventory_levels", LEVEL_COLUMNS, levels)
    assert fetch_value(migrated, "SELECT count(*) FROM batch_events") == 2
    assert fetch_value(migrated, "SELECT count(*) FROM inventory_levels") == 2


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (make_dose_row(actual_g=float("nan")), "dosing_mass_sane"),
        (make_dose_row(86_400 * 365 * 200), "dosing_time_sane"),
        ((None, *make_dose_row()[1:]), "null value in column"),
        (make_dose_row(device="x" * 600), "dosing_text_short"),
    ],
)
def test_an_impossible_row_is_kept_apart_and_its_neighbours_stored(
    migrated: str, bad: Row, reason: str
) -> None:
    copy_doses(migrated, make_dose_row(0), bad, make_dose_row(60))
    assert count_doses(migrated) == 2
    ((topic, record, why),) = fetch_rows(migrated, "SELECT topic, record, reason FROM rejected_messages")
    assert (topic, reason in str(why)) == ("ingest_dosing_consumption", True)
    assert isinstance(record, bytes)
    assert b"CATALYST" in record
    copy_doses(migrated, make_dose_row(0), make_dose_row(120))
    assert count_doses(migrated) == 3


def test_concurrent_writers_with_repeats_in_any_order_lose_nothing_and_store_nothing_twice(
    flavour: Server, migrated: str
) -> None:
    rows = [make_dose_row(60 * n, pump=n % 4 + 1) for n in range(120)]
    writers = 6
    at_once = Barrier(writers)

    def write(number: int) -> None:
        order = [*rows, *Random(number).sample(rows, 40)]
        Random(number).shuffle(order)
        at_once.wait()
        for part in range(0, len(order), 40):
            copy_doses(migrated, *order[part : part + 40])
            named = [(*row, None, f"lot-{row[2]}", None) for row in order[part : part + 40]]
            copy_rows(migrated, "ingest_dosing_consumption", NAMED_COLUMNS, named)

    with ThreadPoolExecutor(writers) as pool:
        for done in [pool.submit(write, number) for number in range(writers)]:
            done.result()
    assert count_doses(migrated) == 2 * len(rows)
    assert fetch_value(migrated, "SELECT count(*) FROM dosing_consumption WHERE lot <> ''") == len(rows)
    assert fetch_value(migrated, "SELECT count(*) FROM rejected_messages") == 0
    assert fetch_value(migrated, "SELECT sum(doses) FROM plant_rollup WHERE grain = 2") == 2 * len(rows)


def test_what_a_station_says_of_lot_batch_and_person_is_stored(flavour: Server, migrated: str) -> None:
    rows: list[Row] = [
        (*make_dose_row(0), "B-1", "A-17", "Anna"),
        (*make_dose_row(0), "B-1", "A-18", "Anna"),
        (*make_dose_row(60), None, None, None),
        (*make_dose_row(60), "", "", ""),
    ]
    for _ in range(2):
        copy_rows(migrated, "ingest_dosing_consumption", NAMED_COLUMNS, rows)
        copy_doses(migrated, make_dose_row(60))  # by a writer without these columns: the same dose
    assert fetch_rows(
        migrated, "SELECT batch_id, lot, operator FROM dosing_consumption ORDER BY time, lot"
    ) == [("B-1", "A-17", "Anna"), ("B-1", "A-18", "Anna"), (None, None, None)]


def test_a_prime_of_another_writer_is_one_entry_of_the_ledger(flavour: Server, migrated: str) -> None:
    prime = (NOON, "d1", "prime", "", None, 2, "T-12", 4.0, None, None, "Anna")
    drum = (NOON, "d1", "drum_change", "", None, 2, "T-12", 10_000.0, None, "A-17", "Anna")
    other_pump = (NOON, "d1", "prime", "", None, 3, "T-9", 5.0, None, None, "Anna")
    for _ in range(2):
        copy_rows(migrated, "ingest_batch_events", MATERIAL_COLUMNS, [prime, drum, other_pump, prime])
    assert fetch_rows(
        migrated,
        "SELECT kind, chemical, pump, mass_g, lot_number, operator FROM material_entries ORDER BY mass_g",
    ) == [
        ("prime", "T-12", 2, 4.0, "", "Anna"),
        ("prime", "T-9", 3, 5.0, "", "Anna"),
        ("drum_change", "T-12", 2, 10_000.0, "A-17", "Anna"),
    ]


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (9, "x" * 600, "sent_names_short"),
        (6, "x" * 600, "event_content_sane"),
        (7, 1e13, "event_content_sane"),
    ],
)
def test_an_event_beyond_the_bounds_costs_no_other(
    migrated: str, place: int, value: object, reason: str
) -> None:
    good = [
        (NOON + timedelta(seconds=n), "d1", "prime", "", None, 2, "T-12", 4.0, None, None, "")
        for n in range(3)
    ]
    bad = (*good[1][:place], value, *good[1][place + 1 :])
    copy_rows(migrated, "ingest_batch_events", MATERIAL_COLUMNS, [good[0], bad, good[2]])
    assert fetch_value(migrated, "SELECT count(*) FROM batch_events") == 2
    assert reason in str(fetch_value(migrated, "SELECT reason FROM rejected_messages"))


def test_rollups_levels_and_batches_are_fed_as_by_the_collector(migrated: str) -> None:
    copy_doses(migrated, make_dose_row())
    copy_rows(
        migrated, "ingest_inventory_levels", LEVEL_COLUMNS, [(NOON, "d1", "T-12", 5000.0, 10_000.0, 50.0)]
    )
    assert fetch_value(migrated, "SELECT count(*) FROM batch_rebuild_queue") == 1
    assert fetch_value(migrated, "SELECT remaining_g FROM inventory_latest") == 5000.0
    ((received_at, quality),) = fetch_rows(
        migrated, "SELECT received_at, time_quality FROM dosing_consumption"
    )
    assert isinstance(received_at, datetime)
    assert quality == "device"
