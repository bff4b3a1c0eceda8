"""A rebuild reads what is new and a little before it, however long and densely a station has dosed."""

from datetime import timedelta

import pytest

from dosing_tui.database.batches.incremental_rebuild import rebuild_batches, rebuild_changed_days
from dosing_tui.database.batches.spans import reading_window
from dosing_tui.domain.batches.canonical_json import batch_to_record
from dosing_tui.domain.batches.reconstruction import reconstruct_batches
from dosing_tui.domain.messages.models import Reading
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import fetch_rows
from tests.support.database.stored_batches import write_readings
from tests.support.domain.batch_messages import NOON, make_dose, make_event, make_level, normal_batch
from tests.unit.domain.batches.test_reconstruction import simulate_readings

ROWS_OF_A_BATCH = 6
ROWS_OF_THE_STOCK = 4
"""Before the batch that the rebuild goes on from: the last level of each tank, and the dose before it."""


def weighed_batch(number: int) -> list[Reading]:
    """The batch of one of many five minutes, with the level of each tank after its dose."""
    begins = 300.0 * number
    levels = [
        make_level(begins + after, chemical, 9e3) for after, chemical in ((61.1, "T-9"), (122.1, "T-12"))
    ]
    return [*normal_batch(begins), *levels]


def read_records(dsn: str) -> list[str]:
    return sorted(record for (record,) in fetch_rows(dsn, "SELECT record FROM batch_records"))


def test_a_pass_reads_a_new_batch_and_the_one_before_however_many_there_are(migrated: str) -> None:
    settings, readings = settings_for(migrated), list[Reading]()
    for count in (5, 40):
        readings += [each for number in range(count) for each in weighed_batch(len(readings) // 6 + number)]
        write_readings(migrated, readings[-6 * count :])
        rebuild_changed_days(settings, now=readings[-1].time)
        new = weighed_batch(len(readings) // ROWS_OF_A_BATCH)
        readings += new
        write_readings(migrated, new)
        done = rebuild_changed_days(settings, now=new[-1].time)
        assert (done.batch_count, done.stored_count) == (1, 1)
        assert done.reading_count == 2 * ROWS_OF_A_BATCH + ROWS_OF_THE_STOCK
    expected = reconstruct_batches(readings, now=readings[-1].time)
    assert read_records(migrated) == sorted(map(batch_to_record, expected))


def test_an_abort_that_stands_alone_does_not_end_the_search_for_a_batch_to_go_on_from(migrated: str) -> None:
    """Such a batch has no last dose that it could be told from its neighbours by."""
    settings = settings_for(migrated)
    readings = [reading for number in range(40) for reading in weighed_batch(number)]
    readings.append(make_event(300.0 * 40, "abort"))
    write_readings(migrated, readings)
    rebuild_changed_days(settings, now=readings[-1].time)
    new = weighed_batch(41)
    readings += new
    write_readings(migrated, new)
    done = rebuild_changed_days(settings, now=new[-1].time)
    assert done.reading_count <= 2 * (3 * ROWS_OF_A_BATCH + ROWS_OF_THE_STOCK)
    expected = reconstruct_batches(readings, now=new[-1].time)
    assert read_records(migrated) == sorted(map(batch_to_record, expected))


def test_hours_of_doses_without_events_are_read_once(migrated: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, readings, counts = settings_for(migrated), list[Reading](), list[int]()
    for part in range(10):  # of two minutes
        doses = [make_dose(n / 9, "T-9", dedup=n) for n in range(1_080 * part, 1_080 * (part + 1))]
        readings += doses
        write_readings(migrated, doses)
        counts.append(rebuild_changed_days(settings, now=doses[-1].time).reading_count)
    assert counts[5:] == [counts[-1]] * 5
    assert counts[-1] <= 5 * 1_080
    now = readings[-1].time
    expected = sorted(map(batch_to_record, reconstruct_batches(readings, now=now)))
    assert read_records(migrated) == expected
    monkeypatch.setattr(reading_window, "MAX_MESSAGES", 2_000)
    since, until = NOON - timedelta(days=1), NOON + timedelta(days=1)
    done = rebuild_batches(settings, since=since, until=until, now=now, report=print)
    assert (done.batch_count, done.stored_count, done.removed_count) == (len(expected), 0, 0)


@pytest.mark.parametrize("seed", [3])
def test_a_faulty_plant_followed_live_gives_the_same_records(seed: int, migrated: str) -> None:
    settings = settings_for(migrated)
    readings = sorted(simulate_readings(seed, rate=1.0, count=300), key=lambda reading: reading.received_at)
    for at in range(0, len(readings), 15):
        part = readings[at : at + 15]
        write_readings(migrated, part)
        rebuild_changed_days(settings, now=part[-1].received_at)
    now = readings[-1].received_at + timedelta(hours=1)
    rebuild_changed_days(settings, now=now)
    assert read_records(migrated) == sorted(map(batch_to_record, reconstruct_batches(readings, now=now)))
