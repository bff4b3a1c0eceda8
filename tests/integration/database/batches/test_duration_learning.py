"""What is usual is kept with the time from which on it holds: a rebuild judges as the first time."""

from datetime import timedelta
from typing import LiteralString

from dosing_tui.database.batches.incremental_rebuild import rebuild_batches, rebuild_changed_days
from dosing_tui.domain.messages.models import Reading
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows
from tests.support.database.stored_batches import store_and_rebuild, write_readings
from tests.support.domain.batch_messages import NOON, make_dose, make_event, normal_batch

LEARNED = NOON + timedelta(hours=10)
DAY = 86_400.0


def make_slow_batch(seconds: float) -> list[Reading]:
    """Within the fixed limits, and far from what the recipe's batches are like."""
    first, second = (
        make_dose(seconds + 110, "T-9", duration_s=105),
        make_dose(seconds + 170, "T-12", target_g=40.0),
    )
    return [make_event(seconds, "start"), first, second, make_event(seconds + 173, "complete")]


def read_assessments(dsn: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in fetch_rows(
        dsn,
        "SELECT begins_at, findings, finding_kinds, record_hash, judgement_hash FROM batches ORDER BY 1",
    )]  # fmt: skip


def test_only_what_begins_after_it_was_learned_is_judged_by_it_and_a_rebuild_does_the_same(
    migrated: str,
) -> None:
    settings = settings_for(migrated)
    many = [one for number in range(25) for one in normal_batch(600.0 * number)]
    store_and_rebuild(migrated, *many, *make_slow_batch(600.0 * 25), now=LEARNED)
    query: LiteralString = "SELECT recipe, chemical, batches FROM batch_duration_baselines ORDER BY 1, 2"
    assert fetch_rows(migrated, query) == [
        ("", "", 26), ("CU-85", "", 26), ("CU-85", "T-12", 26), ("CU-85", "T-9", 26),
    ]  # fmt: skip
    store_and_rebuild(
        migrated, *normal_batch(DAY), *make_slow_batch(DAY + 600), now=LEARNED + timedelta(days=1)
    )
    before = read_assessments(migrated)
    assert [(number, kinds) for number, (_, found, kinds, *_) in enumerate(before) if found] == [
        (27, ["duration"])
    ]
    # what was learned later does not change how these are judged
    execute_statements(migrated, "UPDATE batches SET judgement_hash = ''")
    write_readings(migrated, [one for number in range(60) for one in make_slow_batch(2 * DAY + 600 * number)])
    later = LEARNED + timedelta(days=9)
    rebuild_changed_days(settings, now=later)
    rebuild_changed_days(settings, now=later)
    assert fetch_rows(migrated, "SELECT count(DISTINCT valid_from) FROM batch_duration_baselines") == [(2,)]
    rebuild_batches(settings, since=NOON - timedelta(days=1), until=later, now=later, report=print)
    assert read_assessments(migrated)[:28] == before
    assert fetch_rows(migrated, "SELECT DISTINCT finding_kinds FROM batches WHERE begins_at > %s",
                NOON + timedelta(days=1, hours=1)) == [(["duration"],)]  # fmt: skip


def test_where_there_is_nothing_to_learn_from_it_is_looked_again_after_a_day(migrated: str) -> None:
    settings = settings_for(migrated)
    for days in (0.0, 0.9, 1.1):
        rebuild_changed_days(settings, now=NOON + timedelta(days=days))
    assert fetch_rows(migrated, "SELECT count(*), max(batches) FROM batch_duration_baselines") == [(2, 0)]
