"""What batches took is stored when they are rebuilt: the panel says the same as if it counted their doses."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from dosing_tui.database.batches.incremental_rebuild import rebuild_changed_days
from dosing_tui.database.batches.queries import list_batches
from dosing_tui.database.batches.review_writer import enter_review
from dosing_tui.database.schema.maintenance import run_maintenance
from dosing_tui.domain.batch_review.query_models import BatchFilter, create_review_draft
from dosing_tui.domain.batch_review.review_rules import Decision
from dosing_tui.domain.messages.models import Dose, Reading, TimeQuality
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.panels.panel_catalog import BATCHES_LEFT, BatchesLeft, PanelQuery
from tests.support.database.equal_rows import are_equal
from tests.support.database.kept_readers import get_reader
from tests.support.database.reading_samples import DOSE, EVENT, LEVEL, NOW, settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value
from tests.support.database.stored_batches import store_and_rebuild, write_readings
from tests.support.database_servers import Server

DAYS = 34
HOUR = timedelta(hours=1)
RECIPES = ("CU-85", "CU-85", "cu-85 ", "FG-85/95")
CHEMICALS = ("T-9", "T-12", "t-12", "BDO")
LEFT = [
    replace(LEVEL, device_id=station, chemical=name, remaining_g=5_000.0)
    for station in ("s1", "s2") for name in ("T-9", "T-12", "BDO")
]  # fmt: skip
AFTER = NOW + timedelta(days=DAYS, hours=9)
MOMENTS = [AFTER - timedelta(days=days) for days in (0.0, 0.9, 5.0, 20.3)]
"""Also of the past: then the 20 last batches are others, and begin in other 28 days."""
SELECTIONS = (Selection(), Selection(device=("s2",)), Selection(recipe=("CU-85",)))


def make_batch(chance: random.Random, number: int) -> Iterator[Reading]:
    """The one of this number, eleven hours after the one before."""
    at, station, recipe = NOW + 11 * number * HOUR, chance.choice(("s1", "s1", "s2")), chance.choice(RECIPES)
    event = replace(EVENT, device_id=station, recipe=recipe, dedup=0)
    yield replace(event, time=at, event="start")
    for place in range(chance.randint(1, 5)):
        yield make_dose(chance, at + timedelta(minutes=1 + place), station, chance.choice((recipe, "")))
    yield replace(event, time=at + timedelta(minutes=9), event=chance.choice(("complete",) * 5 + ("abort",)))


def make_dose(chance: random.Random, at: datetime, station: str, recipe: str) -> Dose:
    mass = chance.choice([None, *(round(chance.uniform(20, 60), 2) for _ in range(12))])
    return replace(
        DOSE, time=at, device_id=station, recipe=recipe, pump=chance.randint(1, 4),
        chemical=chance.choice(CHEMICALS), dedup=chance.randrange(1 << 30), target_g=40.0, actual_g=mass,
        error_g=None if mass is None else mass - 40,
    )  # fmt: skip


def read_left(dsn: str) -> list[list[BatchesLeft]]:
    return [
        get_reader(dsn).read_panel(BATCHES_LEFT, PanelQuery(NOW, now, now, selection))
        for now in MOMENTS for selection in SELECTIONS
    ]  # fmt: skip


def read_counted(dsn: str) -> list[list[BatchesLeft]]:
    """With nothing stored; what was stored is put back."""
    execute_statements(dsn, "CREATE TABLE kept AS SELECT * FROM batch_uses", "DELETE FROM batch_uses")
    try:
        return read_left(dsn)
    finally:
        execute_statements(dsn, "INSERT INTO batch_uses SELECT * FROM kept", "DROP TABLE kept")


def is_as_counted(dsn: str) -> bool:
    """Whether the panels say of stored uses what they say of the doses; a use is stored of every batch."""
    missing = (
        "SELECT count(*) FROM batches AS b LEFT JOIN batch_uses AS u USING (batch_key, begins_at, ends_at)"
        " WHERE b.status = 'complete' AND NOT b.gone AND u.recipe_key IS DISTINCT FROM fold_name(b.recipe)"
    )
    found, counted = read_left(dsn), read_counted(dsn)
    assert fetch_value(dsn, missing) == 0
    assert any(found)
    return all(map(are_equal, found, counted))


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(request.node.name)


def test_stored_uses_say_what_the_doses_say_also_when_more_come_late(
    flavour: Server, migrated: str, chance: random.Random
) -> None:
    readings = [each for number in range(DAYS * 24 // 11) for each in make_batch(chance, number)]
    chance.shuffle(readings)
    late, first = readings[:40], readings[40:]
    store_and_rebuild(migrated, *LEFT, *first, now=AFTER)
    while fetch_value(migrated, "SELECT count(*) FROM batch_rebuild_queue"):
        rebuild_changed_days(settings_for(migrated), now=AFTER)
    assert all(read_left(migrated))
    assert is_as_counted(migrated)
    for part in (late[:3], late[3:20], late[20:]):
        store_and_rebuild(migrated, *part, now=AFTER)
        assert is_as_counted(migrated)


def test_a_late_dose_that_leaves_the_batch_as_it_was_is_in_its_use(
    migrated: str, chance: random.Random
) -> None:
    """A dose that was sent late, at an unknown time, is no part of the batch's record."""
    batches = [each for number in range(4) for each in make_batch(chance, number)]
    store_and_rebuild(migrated, *LEFT, *batches, now=AFTER)
    records = "SELECT batch_key, record_hash, status FROM batches WHERE status = 'complete' ORDER BY 1"
    before, uses = fetch_rows(migrated, records), fetch_rows(migrated, "SELECT * FROM batch_uses ORDER BY 1")
    dose = next(each for each in batches if isinstance(each, Dose) and each.actual_g is not None)
    late = replace(dose, time=dose.time + timedelta(seconds=1), dedup=7, time_quality=TimeQuality.BACKLOG)
    store_and_rebuild(migrated, late, now=AFTER)
    assert [row for row in fetch_rows(migrated, records) if row in before] == before
    assert fetch_rows(migrated, "SELECT * FROM batch_uses ORDER BY 1") != uses
    assert is_as_counted(migrated)


def test_a_reviewed_batch_that_changes_is_counted_anew(migrated: str, chance: random.Random) -> None:
    settings = settings_for(migrated)
    batches = [each for number in range(6) for each in make_batch(chance, number)]
    store_and_rebuild(migrated, *LEFT, *batches, now=AFTER)
    for row in list_batches(settings, BatchFilter()):
        enter_review(
            settings, create_review_draft(row, Decision.REJECTED, who="Anna", comment="off"), os_user="tester"
        )
    doses = [each for each in batches if isinstance(each, Dose)]
    more = [
        replace(each, time=each.time + timedelta(seconds=7), dedup=each.dedup + 1, actual_g=11.0)
        for each in doses
    ]
    store_and_rebuild(migrated, *more, now=AFTER)
    assert fetch_value(migrated, "SELECT count(*) FROM batches WHERE review_state = 'outdated'") > 0
    assert is_as_counted(migrated)


def test_a_use_of_a_batch_that_has_changed_since_is_not_read(migrated: str, chance: random.Random) -> None:
    """As an earlier version leaves it that rebuilds the batches of a newer database."""
    batches = [each for number in range(8) for each in make_batch(chance, number)]
    store_and_rebuild(migrated, *LEFT, *batches, now=AFTER)
    for change in ("ends_at = begins_at + interval '2 minutes'", "recipe = 'FG-85/95'"):
        execute_statements(migrated, f"UPDATE batches SET {change} WHERE status = 'complete'")
        assert all(map(are_equal, read_left(migrated), read_counted(migrated)))


def test_maintenance_stores_what_is_missing_of_the_last_batches(
    flavour: Server, migrated: str, chance: random.Random
) -> None:
    now = fetch_value(migrated, "SELECT date_trunc('second', now())")
    shift = now - AFTER
    batches = [
        replace(each, time=each.time + shift, received_at=each.received_at + shift)
        for number in range(DAYS * 24 // 11) for each in make_batch(chance, number)
    ]  # fmt: skip
    store_and_rebuild(migrated, *batches, now=now)
    while fetch_value(migrated, "SELECT count(*) FROM batch_rebuild_queue"):
        rebuild_changed_days(settings_for(migrated), now=now)
    stored = "SELECT batch_key, uses_g FROM batch_uses ORDER BY 1"
    before = fetch_rows(migrated, stored)
    execute_statements(migrated, "DELETE FROM batch_uses")
    run_maintenance(settings_for(migrated), now=now)
    found = fetch_rows(migrated, stored)
    assert set(map(str, found)) <= set(map(str, before))
    last = "SELECT count(*) FROM recent_batches(now(), NULL, NULL)"
    assert len(found) == fetch_value(migrated, last) > 10


def test_readings_can_be_stored_while_uses_are(migrated: str, chance: random.Random) -> None:
    """To store them takes no lock that a dose waits for."""
    batches = [each for number in range(4) for each in make_batch(chance, number)]
    store_and_rebuild(migrated, *LEFT, *batches, now=AFTER)
    keys = [row[0] for row in fetch_rows(migrated, "SELECT batch_key FROM batches")]
    locked = (
        "WITH stored AS (SELECT store_batch_uses(%s)) SELECT count(*) FROM stored, pg_locks"
        " WHERE pid = pg_backend_pid() AND relation = 'dosing_consumption'::regclass"
        " AND mode <> 'AccessShareLock'"
    )
    execute_statements(migrated, "DELETE FROM batch_uses")
    assert fetch_value(migrated, locked, keys) == 0
    write_readings(migrated, [replace(DOSE, time=AFTER)])
