"""The stored batches are what the readings say, however and whenever those came."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import LiteralString

import psycopg
import pytest
from msgspec.structs import replace

from dosing_tui.database.batches import incremental_rebuild
from dosing_tui.database.batches.incremental_rebuild import (
    SmallRebuilds,
    rebuild_batches,
    rebuild_changed_days,
)
from dosing_tui.database.schema import process_locks
from dosing_tui.domain.batches.canonical_json import batch_to_record
from dosing_tui.domain.batches.canonical_json_reader import record_to_batch
from dosing_tui.domain.batches.reconstruction import reconstruct_batches
from dosing_tui.domain.messages.models import Reading
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value
from tests.support.database.stored_batches import describe_stored, store_and_rebuild, write_readings
from tests.support.database_servers import Server
from tests.support.domain.batch_messages import NOON, make_dose, make_event, make_level, normal_batch
from tests.support.thorough_tests import keep_plain
from tests.unit.domain.batches.test_reconstruction import simulate_readings

LATER = NOON + timedelta(hours=1)
RECORDS: LiteralString = """
    SELECT batch_id, record, judgement FROM batches JOIN batch_records USING (batch_key)
     ORDER BY device_id, anchored_at
"""


def rebuild_everything(dsn: str, *, now: datetime = LATER) -> list[str]:
    ago = timedelta(days=80)
    rebuild_batches(settings_for(dsn), since=NOON - ago, until=NOON + ago, now=now, report=print)
    return describe_stored(dsn)


CASES: dict[str, tuple[list[Reading], list[str]]] = {
    "normal": (normal_batch(), ["complete CU-85 2"]),
    "aborted": ([*normal_batch()[:2], *normal_batch(400)], ["aborted CU-85 1", "complete CU-85 2"]),
    "start lost": (normal_batch()[1:], ["no-start CU-85 2"]),
    "complete lost": (normal_batch()[:3], ["incomplete CU-85 2"]),
    "both lost": (normal_batch()[1:3], ["no-start CU-85 2"]),
    "rebooted": (
        [*normal_batch()[:2], make_level(70, "T-9", 1e4), make_level(70, "T-12", 1e4)],
        ["incomplete CU-85 1"],
    ),
    "only a complete": (normal_batch()[3:], ["complete-only CU-85 0"]),
    "complete twice": ([*normal_batch(), make_event(130, "complete", dedup=2)], ["complete CU-85 2"]),
    "a slash in the recipe": (normal_batch(recipe="CU-65/75"), ["complete CU-65/75 2"]),
    "two stations": (
        [*normal_batch(), *normal_batch(9, device="b")],
        ["complete CU-85 2", "complete CU-85 2"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_fault_has_its_status_live_shuffled_and_rebuilt(case: str, migrated: str) -> None:
    readings, expected = CASES[case]
    shuffled = list(readings)
    Random(1).shuffle(shuffled)
    for reading in shuffled:
        write_readings(migrated, [reading])
        rebuild_changed_days(settings_for(migrated), now=reading.time + timedelta(seconds=1))
    assert store_and_rebuild(migrated, now=LATER) == expected
    before = fetch_rows(migrated, RECORDS)
    assert rebuild_everything(migrated) == expected
    assert fetch_rows(migrated, RECORDS) == before


@pytest.mark.parametrize("seed", keep_plain([1, 2], 1))
def test_a_faulty_plant_gives_the_same_records_in_any_order_and_rebuilt(
    seed: int, flavour: Server, migrated: str
) -> None:
    readings = simulate_readings(seed, rate=1.0, count=300)
    now = readings[-1].received_at + timedelta(hours=1)
    expected = reconstruct_batches(readings, now=now)
    mixed = [*readings, *readings[::7]]
    Random(seed).shuffle(mixed)
    for at in range(0, len(mixed), 60):
        store_and_rebuild(migrated, *mixed[at : at + 60], now=now)
    assert sorted(row[1] for row in fetch_rows(migrated, RECORDS)) == sorted(
        batch_to_record(batch) for batch in expected
    )
    before = fetch_rows(migrated, RECORDS)
    rebuild_everything(migrated, now=now)
    assert fetch_rows(migrated, RECORDS) == before


def test_a_batch_that_falls_silent_becomes_incomplete_without_a_message(migrated: str) -> None:
    assert store_and_rebuild(migrated, *normal_batch()[:2], now=NOON + timedelta(minutes=2)) == [
        "open CU-85 1"
    ]
    assert store_and_rebuild(migrated, now=LATER) == ["incomplete CU-85 1"]


def test_a_late_start_leaves_a_batch_its_key_and_its_number(migrated: str) -> None:
    start, *others = normal_batch()
    names: LiteralString = "SELECT batch_key, batch_id FROM batches"
    store_and_rebuild(migrated, *others, now=LATER)
    before = fetch_rows(migrated, names)
    assert store_and_rebuild(migrated, start, now=LATER) == ["complete CU-85 2"]
    assert fetch_rows(migrated, names) == before
    assert rebuild_everything(migrated) == ["complete CU-85 2"]
    assert fetch_rows(migrated, names) == before


def test_numbers_follow_the_day_and_late_batches_take_the_next_one(migrated: str) -> None:
    names: LiteralString = "SELECT batch_id FROM batches ORDER BY begins_at"
    store_and_rebuild(migrated, *normal_batch(), *normal_batch(1000), now=LATER)
    store_and_rebuild(migrated, *normal_batch(500), *normal_batch(-86400), now=LATER)
    expected = ["20261122-001", "20261123-001", "20261123-003", "20261123-002"]
    assert [name for (name,) in fetch_rows(migrated, names)] == [
        f"dosing_system_01-{end}" for end in expected
    ]
    rebuild_everything(migrated)
    assert [name for (name,) in fetch_rows(migrated, names)] == [
        f"dosing_system_01-{end}" for end in expected
    ]


def test_nothing_is_written_when_nothing_has_changed(migrated: str) -> None:
    store_and_rebuild(migrated, *normal_batch(), now=LATER)
    done = rebuild_batches(settings_for(migrated), since=NOON, until=LATER, now=LATER, report=print)
    assert (done.batch_count, done.stored_count, done.removed_count) == (1, 0, 0)
    assert fetch_value(migrated, "SELECT count(*) FROM batch_rebuild_queue") == 0


def test_batches_outlive_their_readings(migrated: str) -> None:
    store_and_rebuild(migrated, *normal_batch(), now=LATER)
    execute_statements(migrated, "DELETE FROM dosing_consumption")
    execute_statements(migrated, "DELETE FROM batch_events")
    later = NOON + timedelta(days=100)
    assert rebuild_everything(migrated, now=later) == ["complete CU-85 2"]


def test_batches_outlive_readings_that_were_kept_for_less_than_usual(migrated: str) -> None:
    day = 86_400.0
    store_and_rebuild(migrated, *normal_batch(), *normal_batch(10 * day), now=NOON + timedelta(days=11))
    before = fetch_rows(migrated, RECORDS)
    for table in ("dosing_consumption", "batch_events"):
        week = f"SELECT compat.ensure_partitions('{table}', '{NOON}', '{NOON + timedelta(hours=1)}')"
        note = "SELECT note_dropped_readings()"  # as the maintenance does each hour
        execute_statements(migrated, week, note, f"DROP TABLE {table}_p{NOON:%Y%m%d}", note)
    now = NOON + timedelta(days=11)
    rebuild_batches(settings_for(migrated), since=NOON - timedelta(days=1), until=now, now=now, report=print)
    assert fetch_rows(migrated, RECORDS) == before
    execute_statements(migrated, "DELETE FROM dosing_consumption")
    execute_statements(migrated, "DELETE FROM batch_events")
    rebuild_batches(settings_for(migrated), since=NOON - timedelta(days=1), until=now, now=now, report=print)
    assert fetch_rows(migrated, RECORDS) == before


def test_what_was_written_waits_until_somebody_rebuilds(migrated: str) -> None:
    write_readings(migrated, normal_batch())
    assert fetch_value(migrated, "SELECT count(*) FROM batch_rebuild_queue") == 1
    assert describe_stored(migrated) == []
    assert store_and_rebuild(migrated, now=LATER) == ["complete CU-85 2"]


def test_only_one_rebuilds_at_a_time(migrated: str) -> None:
    write_readings(migrated, normal_batch())
    with psycopg.connect(migrated) as other, process_locks.hold_lock(other, incremental_rebuild.LOCK_NAME):
        assert rebuild_changed_days(settings_for(migrated), now=LATER).stored_count == 0
    assert store_and_rebuild(migrated, now=LATER) == ["complete CU-85 2"]


def test_what_comes_while_it_is_rebuilt_is_not_forgotten(migrated: str) -> None:
    write_readings(migrated, normal_batch())
    touched = fetch_rows(migrated, "SELECT device_id, day, touches FROM batch_rebuild_queue")
    write_readings(migrated, [make_dose(70, "T-9", dedup=9)])
    (row,) = fetch_rows(migrated, "SELECT device_id, day, touches FROM batch_rebuild_queue")
    assert row[:2] == touched[0][:2]
    assert row[2] > touched[0][2]


def test_a_stored_record_reads_back_as_the_batch(migrated: str) -> None:
    readings = [*normal_batch(), make_level(-9, "T-9", 5000.0), make_level(61.1, "T-9", 4959.9)]
    store_and_rebuild(migrated, *readings, now=LATER)
    (batch,) = reconstruct_batches(readings, now=LATER)
    ((_, text, _),) = fetch_rows(migrated, RECORDS)
    assert record_to_batch(text, batch.key) == replace(
        batch,
        doses=tuple(replace(d, received_at=d.time) for d in batch.doses),
        events=tuple(replace(e, received_at=e.time) for e in batch.events),
        ends_all_before=False,  # no part of the record
    )


def test_the_hour_that_a_wall_shows_twice_is_two_hours(migrated: str) -> None:
    autumn = (datetime(2026, 10, 25, 0, 0, tzinfo=UTC) - NOON).total_seconds()
    readings = [message for number in range(9) for message in normal_batch(autumn + 900 * number)]
    now = NOON + timedelta(seconds=autumn + 9000)
    assert store_and_rebuild(migrated, *readings, now=now) == ["complete CU-85 2"] * 9


def test_times_are_utc_whatever_the_session(migrated: str) -> None:
    store_and_rebuild(migrated, *normal_batch(), now=LATER)
    assert '"begins_at":"2026-11-23T12:00:00.000000+00:00"' in fetch_rows(migrated, RECORDS)[0][1]


def test_few_readings_are_rebuilt_in_a_session_that_stays_and_many_are_left(migrated: str) -> None:
    settings, recent = settings_for(migrated), datetime.now(UTC) - timedelta(minutes=30)
    readings = [move_reading(reading, recent - NOON) for reading in normal_batch()]
    write_readings(migrated, readings)
    careful = SmallRebuilds(settings, max_readings=len(readings) - 1)
    assert not careful.try_rebuild()
    assert describe_stored(migrated) == []
    careful.close()
    small = SmallRebuilds(settings, max_readings=len(readings))
    assert small.try_rebuild()
    assert describe_stored(migrated) == ["complete CU-85 2"]
    assert fetch_value(migrated, "SELECT count(*) FROM batch_rebuild_queue") == 0
    assert small.try_rebuild()
    assert fetch_value(migrated, SESSIONS) == 1
    small.close()


COPIED: LiteralString = """
    batch_id, device_id, recipe, mode, status, reason, anchor, pumps, doses, target_g, actual_g,
    findings, finding_kinds, record_hash, judgement_hash
"""
COPY_BATCHES: LiteralString = f"""
INSERT INTO batches (batch_key, begins_at, ends_at, last_at, anchored_at, {COPIED})
SELECT n::text, begins_at - n * INTERVAL '10 minutes', ends_at - n * INTERVAL '10 minutes',
       last_at - n * INTERVAL '10 minutes', anchored_at - n * INTERVAL '10 minutes', {COPIED}
  FROM batches, generate_series(1, 2500) AS n
"""
COPY_RECORDS: LiteralString = """
INSERT INTO batch_records SELECT n::text, record, judgement FROM batch_records, generate_series(1, 2500) AS n
"""


def test_a_plant_of_thousands_of_batches_learns_durations_without_a_process_of_its_own(
    migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recent = datetime.now(UTC) - timedelta(minutes=30)
    readings = [move_reading(reading, recent - NOON) for reading in normal_batch()]
    store_and_rebuild(migrated, *readings, now=recent + timedelta(minutes=20))
    execute_statements(migrated, "DELETE FROM batch_duration_baselines", COPY_BATCHES, COPY_RECORDS)
    small = SmallRebuilds(settings_for(migrated))
    assert small.try_rebuild()
    learned: LiteralString = "SELECT recipe, chemical, batches FROM batch_duration_baselines ORDER BY 1, 2"
    assert fetch_rows(migrated, learned) == [
        ("", "", 50), ("CU-85", "", 50), ("CU-85", "T-12", 50), ("CU-85", "T-9", 50),
    ]  # fmt: skip
    execute_statements(migrated, "DELETE FROM batch_duration_baselines")
    monkeypatch.setattr("dosing_tui.database.batches.duration_learning.MAX_QUICK_RECORDS", 49)
    assert not small.try_rebuild()
    small.close()


SESSIONS: LiteralString = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'dosing-tui/batches'
"""


def move_reading(reading: Reading, by: timedelta) -> Reading:
    return replace(reading, time=reading.time + by, received_at=reading.received_at + by)
