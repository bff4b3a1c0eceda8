"""Sums up to now are taken from the rollups, also those of the current 15 minutes."""

from datetime import datetime, timedelta

import psycopg
import pytest

from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.domain.panels.panel_catalog import PANELS, PanelQuery
from tests.support.database.ledger_entries import enter_material
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_value
from tests.support.database_servers import Server

DOSE = (
    "INSERT INTO dosing_consumption (time, device_id, pump, chemical, target_g, actual_g, error_g, dedup)"
    " VALUES (%s, %s, 1, 'T-12', 40, %s, 0, %s)"
)
SUM = "SELECT coalesce(sum(sum_actual_g), 0) FROM dosing_sums(%s, %s, %s)"
SUM_NOW = "SELECT coalesce(sum(sum_actual_g), 0) FROM dosing_sums(%s, now(), %s)"
EXACT_SUM = "SELECT coalesce(sum(sum_actual_g), 0) FROM exact_dosing_sums(%s, %s, %s)"


def store_doses(dsn: str, station: str, *times: datetime) -> None:
    """1 g, 2 g, 4 g …"""
    with psycopg.connect(dsn) as session:
        for number, at in enumerate(times):
            session.execute(DOSE, (at, station, 2**number, number))


def get_now(dsn: str) -> datetime:
    now: datetime = fetch_value(dsn, "SELECT clock_timestamp()")
    return now


@pytest.mark.parametrize("stations", [None, ["s1"]])
def test_up_to_now_all_that_is_stored_of_the_current_quarter_counts(
    flavour: Server, migrated: str, stations: list[str] | None
) -> None:
    now = get_now(migrated)
    store_doses(
        migrated, "s1", now - timedelta(hours=2), now - timedelta(seconds=5), now + timedelta(milliseconds=1)
    )
    execute_statements(
        migrated, "DELETE FROM dosing_consumption WHERE time > now() - interval '1 minute'"
    )  # not read
    since = now - timedelta(days=1)
    assert fetch_value(migrated, SUM_NOW, since, stations) == 7
    assert fetch_value(migrated, SUM, since, now + timedelta(hours=1), stations) == 7
    assert fetch_value(migrated, SUM, since, now - timedelta(hours=1), stations) == 1


def test_sums_up_to_an_earlier_time_are_of_exactly_the_doses_before_it(migrated: str) -> None:
    edge = get_now(migrated) - timedelta(hours=3)
    store_doses(migrated, "s1", edge - timedelta(microseconds=1), edge, edge + timedelta(seconds=1))
    for stations in (None, ["s1"]):
        assert fetch_value(migrated, SUM, edge - timedelta(days=2), edge, stations) == 1
        assert fetch_value(migrated, SUM, edge, edge + timedelta(seconds=1), stations) == 2


def test_the_book_of_a_tank_ends_exactly_at_an_entry_of_this_minute(migrated: str) -> None:
    count = get_now(migrated)
    store_doses(
        migrated,
        "s1",
        count - timedelta(seconds=20),
        count - timedelta(seconds=1),
        count + timedelta(milliseconds=5),
    )
    enter_material(migrated, count - timedelta(seconds=30), "count", 100.0, device_id="s1")
    enter_material(migrated, count, "count", 95.0, device_id="s1")
    assert fetch_value(migrated, EXACT_SUM, count - timedelta(seconds=30), count, ["s1"]) == 3
    reader = PanelReader(settings_for(migrated))
    reader.open()
    now = get_now(migrated)
    (row,) = reader.read_panel(PANELS["material_book"], PanelQuery(now - timedelta(days=1), now, now))
    reader.close()
    assert row.count_gap_g == -2
