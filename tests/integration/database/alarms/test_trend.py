"""The value of an alarm over time, as the stored readings have it."""

from datetime import datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from msgspec.structs import replace

from dosing_tui.database.alarms.trend import read_trend
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.domain.alarms.models import AlarmKey
from dosing_tui.domain.panels.alarm_trend_query import TRENDS, AlarmTrendQuery
from tests.support.database.reading_samples import make_doses, number_rows, settings_for
from tests.support.database_servers import Server
from tests.support.domain.alarm_entries import NOW

STEP = timedelta(minutes=5)
SINCE = NOW - timedelta(minutes=30)


def make_query(rule: str, item: str = "", *, now: datetime = NOW) -> AlarmTrendQuery:
    return AlarmTrendQuery(TRENDS[rule], AlarmKey(rule, "station-1", item), SINCE, STEP, now)


def minutes_after(minutes: float) -> datetime:
    return SINCE + timedelta(minutes=minutes)


def insert_doses(dsn: str, *given: tuple[float, float, int]) -> None:
    """Minutes after SINCE, error in g, pump."""
    made = [
        replace(one, time=minutes_after(minutes), error_g=error, pump=pump, chemical="T-12")
        for one, (minutes, error, pump) in zip(make_doses(len(given), start=SINCE), given, strict=True)
    ]
    writer = ReadingWriter(settings_for(dsn))
    writer.write(uuid4(), number_rows(*made))
    writer.close()


def insert_levels(dsn: str, *given: tuple[float, float]) -> None:
    with psycopg.connect(dsn) as session:
        for minutes, remaining in given:
            session.execute(
                "INSERT INTO inventory_levels (time, device_id, chemical, remaining_g, capacity_g)"
                " VALUES (%s, 'station-1', 'T-12', %s, 1000)",
                (minutes_after(minutes), remaining),
            )


def read_values(dsn: str, query: AlarmTrendQuery) -> list[float | None]:
    found = read_trend(settings_for(dsn), query)
    assert [point.at for point in found] == [SINCE + n * STEP for n in range(len(found))]
    return [None if point.value is None else round(point.value, 3) for point in found]


def test_a_level_holds_until_the_next_one_is_told(flavour: Server, migrated: str) -> None:
    insert_levels(migrated, (-90, 300.0), (7, 250.0), (8, 190.0), (21, 180.0))
    assert read_values(migrated, make_query("STOCK_LOW", "T-12")) == [
        30.0,
        19.0,
        19.0,
        19.0,
        18.0,
        18.0,
        18.0,
    ]
    assert read_values(migrated, make_query("STOCK_RESET", "T-12"))[0] == 300.0
    assert read_values(migrated, make_query("STOCK_LOW", "T-9")) == [None] * 7


def test_of_the_doses_of_a_step_the_worst_counts(migrated: str) -> None:
    insert_doses(migrated, (1, 0.2, 1), (2, -0.9, 1), (12, 0.1, 1))
    assert read_values(migrated, make_query("DOSE_GROSS", "T-12")) == [0.9, None, 0.1, None, None, None, None]


def test_mean_and_rate_are_those_of_the_hour_before(migrated: str) -> None:
    insert_doses(migrated, (-40, 2.0, 1), (1, 1.0, 2), (11, 0.0, 2))
    assert read_values(migrated, make_query("ERR_MEAN_1H"))[:3] == [1.5, 1.5, 1.0]
    assert read_values(migrated, make_query("ERR_MEAN_1H"))[-2:] == [0.5, 0.5]
    assert read_values(migrated, make_query("ERR_MEAN_1H", "pump 2"))[:3] == [1.0, 1.0, 0.5]
    assert read_values(migrated, make_query("ERR_RATE_1H"))[2] == pytest.approx(66.667)


def test_silence_is_counted_from_the_last_message_of_any_kind(migrated: str) -> None:
    insert_doses(migrated, (2, 0.0, 1))
    insert_levels(migrated, (12, 300.0))
    assert read_values(migrated, make_query("DEVICE_OFFLINE")) == [3.0, 8.0, 3.0, 8.0, 13.0, 18.0, 18.0]


def test_every_trend_has_its_statement_and_numbers_are_numbers(migrated: str) -> None:
    insert_doses(migrated, (2, 0.4, 1))
    insert_levels(migrated, (1, 300.0))
    for rule in TRENDS:
        found = read_trend(
            settings_for(migrated), make_query(rule, "" if rule.startswith(("ERR", "DEV")) else "T-12")
        )
        assert {type(point.value) for point in found} <= {float, type(None)}
        assert any(point.value is not None for point in found)
