"""Days of tanks that are closed say what the readings say, whatever comes late or is changed."""

import json
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import LiteralString
from uuid import uuid4

import psycopg
import pytest
from msgspec.structs import astuple
from psycopg.rows import TupleRow

from dosing_tui.database.schema.maintenance import run_maintenance
from dosing_tui.domain.panels.panel_catalog import PANELS, PanelQuery
from tests.support.database.kept_readers import get_reader
from tests.support.database.ledger_entries import enter_material
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value
from tests.support.database_servers import Server
from tests.support.polling import wait_until

FIRST = datetime(2025, 10, 21, tzinfo=UTC)
DAYS = 9
"""Clocks are set back on the fifth night in Europe."""
STATIONS = ("s1", "s2")
TANKS = ("T-12", "L25B", "l 25b")
KINDS = ("delivery", "refill", "prime", "purge", "waste", "correction", "count", "drum_change")
RANGES = ((0.0, DAYS), (1.3, 6.77), (3.1, 3.2), (-3.0, 8.9))
"""In days after the first. The closed days of the last are between two that are not, a week apart."""
Session = psycopg.Connection[TupleRow]


def read_balances(dsn: str, zone: str) -> list[Sequence[object]]:
    rows: list[Sequence[object]] = []
    for since, until in RANGES:
        end = FIRST + timedelta(days=until)
        query = PanelQuery(FIRST + timedelta(days=since), end, end)
        rows += [
            tuple(round(each, 6) if isinstance(each, float) else each for each in astuple(row))
            for row in get_reader(dsn, zone).read_panel(PANELS["stock_balance"], query)
        ]
    return rows


def read_reckoned(dsn: str, zone: str) -> list[Sequence[object]]:
    """What the readings say, as no day is closed in this zone."""
    with psycopg.connect(dsn) as session:
        session.execute("UPDATE closed_tank_days SET zone = '-' WHERE zone = %s", (zone,))
        session.commit()
        try:
            return read_balances(dsn, zone)
        finally:
            session.execute("UPDATE closed_tank_days SET zone = %s WHERE zone = '-'", (zone,))


def close_days(dsn: str, zone: str) -> int:
    """How many of the days with readings are closed now; the later ones count as closed."""
    with psycopg.connect(dsn, autocommit=True) as session:
        session.execute(LATER_DAYS, (zone,))
        for station in STATIONS:
            while session.execute("SELECT close_tank_days(%s, %s, 4)", (station, zone)).fetchone() != (0,):
                pass
    closed = "SELECT count(*) FROM closed_tank_days WHERE day BETWEEN '2025-10-21' AND '2025-10-29'"
    return int(fetch_value(dsn, closed))


LATER_DAYS: LiteralString = """
INSERT INTO closed_tank_days (device_id, day, zone, has_counts)
SELECT s.device_id, d.day, %s, false
  FROM device_last_seen AS s
 CROSS JOIN generate_series('2025-11-01', now() + interval '1 day', interval '1 day') AS d (day)
    ON CONFLICT (device_id, day) DO UPDATE SET zone = excluded.zone
"""


def some_time(chance: random.Random) -> datetime:
    return FIRST + timedelta(seconds=chance.randrange(DAYS * 86_400))


def some_tank(chance: random.Random) -> tuple[str, str]:
    return chance.choice(STATIONS), chance.choice(TANKS)


def store_level(session: Session, chance: random.Random, at: datetime) -> None:
    session.execute(
        "INSERT INTO inventory_levels (time, device_id, chemical, remaining_g, received_at, dedup)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            at,
            chance.choice(STATIONS),
            chance.choice(TANKS),
            chance.choice([None, *range(1000, 9000)]),
            at,
            chance.randrange(9),
        ),
    )


def store_dose(session: Session, chance: random.Random, at: datetime) -> None:
    session.execute(
        "INSERT INTO dosing_consumption (time, device_id, chemical, actual_g, received_at, dedup, pump)"
        " VALUES (%s, %s, %s, %s, %s, %s, 1) ON CONFLICT DO NOTHING",
        (
            at,
            chance.choice(STATIONS),
            chance.choice(TANKS),
            chance.choice([None, 38.5, 40.0, 41.25]),
            at,
            chance.randrange(9),
        ),
    )


def store_entry(session: Session, chance: random.Random, at: datetime) -> None:
    station, tank = some_tank(chance)
    entry = {
        "entry_key": f"cli:{uuid4()}", "time": at.isoformat(), "device_id": station, "chemical": tank,
        "kind": chance.choice(KINDS), "entered_quantity": chance.randrange(1, 900), "entered_unit": "g",
        "source": "cli", "operator": "Anna", "reason": "as told",
    }  # fmt: skip
    session.execute("SELECT enter_material(%s)", (json.dumps(entry),))


STORES = (store_level, store_level, store_dose, store_dose, store_dose, store_entry)


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(request.node.name)


def fill_days(dsn: str, chance: random.Random) -> None:
    with psycopg.connect(dsn) as session:
        for _ in range(150):
            chance.choice(STORES)(session, chance, some_time(chance))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"])
def test_closed_days_say_what_the_readings_say_also_when_more_come_late(
    flavour: Server, migrated: str, chance: random.Random, zone: str
) -> None:
    fill_days(migrated, chance)
    for store in (store_level, store_dose, store_entry, None):
        told = read_reckoned(migrated, zone)
        assert close_days(migrated, zone) == DAYS * len(STATIONS)
        assert read_balances(migrated, zone) == told
        if store is not None:
            with psycopg.connect(migrated) as session:
                store(session, chance, some_time(chance))
            late = read_balances(migrated, zone)
            assert late == read_reckoned(migrated, zone)


def test_a_day_begins_with_the_stored_end_of_the_day_before(
    flavour: Server, migrated: str, chance: random.Random
) -> None:
    """A day that an earlier version stored has no time of its last level: it is looked for."""
    fill_days(migrated, chance)
    with psycopg.connect(migrated) as session:
        for day in range(DAYS):
            for hours in (3, 21):
                store_known_level(session, FIRST + timedelta(days=day, hours=hours))
    close_days(migrated, "Europe/Berlin")
    told = read_balances(migrated, "Europe/Berlin")
    execute_statements(
        migrated, "CREATE TABLE kept AS SELECT * FROM tank_days", "UPDATE tank_days SET end_at = NULL"
    )
    assert read_balances(migrated, "Europe/Berlin") == told
    execute_statements(
        migrated,
        "UPDATE tank_days AS t SET end_at = k.end_at, end_g = 12345 FROM kept AS k"
        " WHERE (k.device_id, k.day, k.chemical_key) = (t.device_id, t.day, t.chemical_key)",
    )
    assert {row[3] for row in read_balances(migrated, "Europe/Berlin") if row[0] == "2025-10-24"} >= {12345.0}


def store_known_level(session: Session, at: datetime) -> None:
    session.execute(
        "INSERT INTO inventory_levels (time, device_id, chemical, remaining_g)"
        " VALUES (%s, 's1', 'T-12', 700)",
        (at,),
    )


def test_another_zone_is_reckoned_and_closing_in_it_begins_anew(migrated: str, chance: random.Random) -> None:
    fill_days(migrated, chance)
    told = read_balances(migrated, "Asia/Tokyo")
    close_days(migrated, "Europe/Berlin")
    assert read_balances(migrated, "Asia/Tokyo") == told
    assert close_days(migrated, "Asia/Tokyo") == DAYS * len(STATIONS)
    assert read_balances(migrated, "Asia/Tokyo") == told
    assert fetch_rows(migrated, "SELECT DISTINCT zone FROM closed_tank_days") == [("Asia/Tokyo",)]


def test_a_day_that_an_entry_cannot_change_stays_closed(migrated: str, chance: random.Random) -> None:
    fill_days(migrated, chance)
    close_days(migrated, "Europe/Berlin")
    enter_material(migrated, FIRST + timedelta(days=4), "refill", 5.0, device_id="s1")
    found = fetch_rows(
        migrated,
        "SELECT day::text FROM closed_tank_days WHERE device_id = 's1' AND day < '2025-10-28'",
    )
    assert [day for (day,) in sorted(found)][-3:] == ["2025-10-21", "2025-10-22", "2025-10-23"]
    assert fetch_value(migrated, "SELECT count(*) FROM closed_tank_days WHERE device_id = 's2'") > DAYS


@pytest.mark.parametrize(
    "change", ["UPDATE inventory_levels SET remaining_g = 1", "DELETE FROM inventory_levels"]
)
def test_levels_that_somebody_changes_open_every_day(
    flavour: Server, migrated: str, chance: random.Random, change: str
) -> None:
    fill_days(migrated, chance)
    close_days(migrated, "Europe/Berlin")
    execute_statements(migrated, change)
    assert read_balances(migrated, "Europe/Berlin") == read_reckoned(migrated, "Europe/Berlin")


def test_days_whose_levels_are_dropped_stay_as_they_were(migrated: str, chance: random.Random) -> None:
    fill_days(migrated, chance)
    close_days(migrated, "Europe/Berlin")
    told = read_balances(migrated, "Europe/Berlin")
    execute_statements(
        migrated,
        "UPDATE dropped_readings SET spans = '{[2025-10-13, 2025-11-10)}'"
        " WHERE table_name = 'inventory_levels'",
    )
    enter_material(migrated, FIRST + timedelta(days=4), "refill", 5.0, device_id="s1")
    assert read_balances(migrated, "Europe/Berlin") == told


def test_maintenance_closes_the_days_that_are_over(flavour: Server, migrated: str) -> None:
    now = datetime.now(UTC)
    with psycopg.connect(migrated) as session:
        for days in range(6):
            session.execute(
                "INSERT INTO inventory_levels (time, device_id, chemical, remaining_g)"
                " VALUES (%s, 's1', 'T-12', 9)",
                (now - timedelta(days=days),),
            )
    over = "SELECT ((now() - interval '2 hours') AT TIME ZONE 'Asia/Tokyo')::date - 1"
    before = fetch_value(migrated, over)
    run_maintenance(settings_for(migrated, zone="Asia/Tokyo"), now=now)
    (closed,) = fetch_rows(migrated, "SELECT max(day), min(zone) FROM closed_tank_days")
    assert closed in {(day, "Asia/Tokyo") for day in (before, fetch_value(migrated, over))}
    assert fetch_value(migrated, "SELECT count(*) FROM tank_days WHERE end_g = 9") >= 2


def test_a_reading_that_is_being_stored_is_waited_for(migrated: str, chance: random.Random) -> None:
    fill_days(migrated, chance)
    waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%close_tank_days%'"
    with ThreadPoolExecutor(1) as pool, psycopg.connect(migrated) as session:
        session.execute(
            "INSERT INTO dosing_consumption (time, device_id, pump, chemical, actual_g, dedup)"
            " VALUES (%s, 's1', 1, 'T-12', 7, 99)",
            (FIRST + timedelta(days=2),),
        )
        closing = pool.submit(close_days, migrated, "Europe/Berlin")
        wait_until(lambda: fetch_rows(migrated, waiting))
        session.commit()
        assert closing.result() == DAYS * len(STATIONS)
    assert read_balances(migrated, "Europe/Berlin") == read_reckoned(migrated, "Europe/Berlin")
