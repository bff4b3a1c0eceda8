"""Pumps of ranges until now, of some stations, and across a change of clocks: the figures of their doses."""

import random
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from msgspec.structs import replace
from psycopg.conninfo import make_conninfo

from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.capability.service_log import ServiceDraft, ServiceKind
from dosing_tui.domain.messages.models import Dose
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.panels.panel_catalog import PUMP_CAPABILITY, PanelQuery
from dosing_tui.domain.panels.pump_capability import PumpCapability
from tests.integration.database.pumps.test_pump_days import (
    DAYS,
    FIRST,
    RANGES,
    after,
    close_days,
    enter_services,
    make_doses,
    make_service,
)
from tests.support.database.equal_rows import are_equal
from tests.support.database.expected_pumps import expect_pumps
from tests.support.database.kept_readers import get_reader
from tests.support.database.reading_samples import DOSE, settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows
from tests.support.database.stored_batches import write_readings
from tests.support.database_servers import Server

LENGTHS = (0.21, 2.6, 30.0, 70.0)
"""In days."""
PAST_HOURS = 31.7
"""Before now: a range that ends after the last closed day, or in it."""
FILTERS = ((), ("s2", "none"))


def list_wrong(dsn: str, doses: list[Dose], services: list[ServiceDraft]) -> list[object]:
    """The ranges and stations of which the panel does not say what the doses say."""
    wrong: list[object] = []
    for length in LENGTHS:
        for stations in FILTERS:
            for hours in (0.0, PAST_HOURS):
                until = datetime.now(UTC) - timedelta(hours=hours)
                since = until - timedelta(days=length)
                query = PanelQuery(since, until, until, Selection(device=stations))
                own = [dose for dose in doses if not stations or dose.device_id in stations]
                told = expect_pumps(own, since, until, Selection(), 0.5, services)
                found = get_reader(dsn).read_panel(PUMP_CAPABILITY, query)
                if not are_equal(found, told):
                    wrong.append((length, stations, hours))
    return wrong


def test_pumps_until_now_are_as_their_doses_say(flavour: Server, migrated: str) -> None:
    chance = random.Random("now")
    shift = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=3) - FIRST - timedelta(days=DAYS)

    def make_recent(count: int, first: int) -> list[Dose]:
        return [
            replace(dose, time=dose.time + shift, received_at=dose.time + shift)
            for dose in make_doses(chance, count, first=first)
        ]

    services = [
        replace(each, at=each.at + shift)
        for each in (
            make_service(1, 21.3, 1, ServiceKind.TUBE),
            make_service(2, 64.9, None, ServiceKind.CALIBRATION),
            make_service(3, 65.8, 2, ServiceKind.TUBE),
        )
    ]
    doses = make_recent(700, 0)
    write_readings(migrated, doses)
    enter_services(migrated, services)
    assert list_wrong(migrated, doses, services) == []
    close_days(migrated)
    assert list_wrong(migrated, doses, services) == []
    # totals are without the last hours, and a late dose may lie before or in them
    yesterday = replace(doses[0], time=datetime.now(UTC).replace(microsecond=0) - timedelta(hours=10))
    for late in (make_recent(9, 10_000), [replace(yesterday, dedup=20_000)]):
        write_readings(migrated, late)
        doses += late
        assert list_wrong(migrated, doses, services) == []
        execute_statements(migrated, "ANALYZE")
        assert list_wrong(migrated, doses, services) == []
        close_days(migrated)
        assert list_wrong(migrated, doses, services) == []


def read_until_now(dsn: str) -> list[PumpCapability]:
    reader = PanelReader(settings_for(dsn))
    reader.open()
    try:
        now = datetime.now(UTC)
        return reader.read_panel(PUMP_CAPABILITY, PanelQuery(FIRST - timedelta(days=1), now, now))
    finally:
        reader.close()


def test_a_total_is_read_and_without_it_the_figures_are_the_same(flavour: Server, migrated: str) -> None:
    write_readings(migrated, make_doses(random.Random(5), 500))
    enter_services(migrated, [make_service(1, 21.3, 1, ServiceKind.TUBE)])
    close_days(migrated)
    told = read_until_now(migrated)
    execute_statements(migrated, "CREATE TABLE kept AS SELECT * FROM pump_totals", "DELETE FROM pump_totals")
    assert are_equal(read_until_now(migrated), told)
    close_days(migrated)
    assert fetch_rows(migrated, "SELECT * FROM pump_totals ORDER BY 1") == fetch_rows(
        migrated, "SELECT * FROM kept ORDER BY 1"
    )
    execute_statements(migrated, "UPDATE pump_totals SET sum_error_g = sum_error_g + 1000")
    changed = {
        (row.device_id, row.pump)
        for row, before in zip(
            sorted(read_until_now(migrated), key=key_of), sorted(told, key=key_of), strict=True
        )
        if row.sum_error_g > before.sum_error_g + 999
    }
    assert changed == {("s1", 1)}


def key_of(row: PumpCapability) -> tuple[object, ...]:
    return row.device_id, row.pump, row.chemical, row.target_g


def test_a_late_dose_deletes_the_total_of_its_own_target_only(migrated: str) -> None:
    write_readings(migrated, make_doses(random.Random(6), 500))
    enter_services(migrated, [make_service(1, 21.3, 1, ServiceKind.TUBE)])
    close_days(migrated)
    own = "SELECT target_g FROM pump_totals JOIN closed_pump_targets USING (target_id) ORDER BY 1"
    assert fetch_rows(migrated, own) == [(40.0,), (41.5,)]
    write_readings(migrated, [replace(DOSE, time=after(30.5), device_id="s1", target_g=40.0, dedup=9999)])
    assert fetch_rows(migrated, own) == [(41.5,)]


def test_no_total_goes_back_to_sums_that_were_deleted(migrated: str) -> None:
    doses = make_doses(random.Random(7), 500)
    write_readings(migrated, doses)
    enter_services(migrated, [make_service(1, 21.3, 1, ServiceKind.TUBE)])
    close_days(migrated)
    with psycopg.connect(migrated) as session:
        session.execute("SET search_path = public, compat")
        session.execute("UPDATE data_retention SET keep_days = 100 WHERE table_name = 'sums'")
        session.execute(read_statement("maintenance/delete_old_rollups"), {"now": after(133.4)})
    close_days(migrated)
    assert fetch_rows(migrated, "SELECT * FROM pump_totals") == []
    (row, *_) = (row for row in read_until_now(migrated) if row.target_g == 40.0 and row.device_id == "s1")
    left = [
        dose
        for dose in doses
        if (dose.device_id, dose.pump, dose.target_g) == (row.device_id, row.pump, 40.0)
        and dose.time >= after(33)
        and dose.error_g is not None
    ]
    assert row.doses == len(left)


def test_states_of_some_stations_are_those_of_all(flavour: Server, migrated: str) -> None:
    chance = random.Random(3)
    write_readings(migrated, make_doses(chance, 300))
    enter_services(
        migrated,
        [make_service(1, 30.0, None, ServiceKind.CALIBRATION), make_service(2, 40.0, 1, ServiceKind.TUBE)],
    )
    for until in ("2025-08-20 03:00+00", "2025-09-30 12:00+00", "2026-01-01 00:00+00"):
        every = fetch_rows(migrated, "SELECT * FROM pump_service_states(%s) ORDER BY 1, 2", until)
        assert len(every) > 2
        for stations in (["s1"], ["s2"], ["s2", "s1", "s2"], ["s"], []):
            some = fetch_rows(
                migrated, "SELECT * FROM pump_service_states(%s, %s) ORDER BY 1, 2", until, stations
            )
            assert some == [row for row in every if row[0] in stations]


@pytest.mark.parametrize("days", [28, 196], ids=["autumn", "spring"])
def test_four_weeks_are_as_long_where_clocks_change(migrated: str, days: int) -> None:
    """The plant's day of 26 October 2025 has 25 hours, that of 29 March 2026 has 23."""
    chance, shift = random.Random(days), timedelta(days=days)
    doses = [
        replace(each, time=each.time + shift, received_at=each.received_at + shift)
        for each in make_doses(chance, 800)
    ]
    services = [
        replace(each, at=each.at + shift)
        for each in (
            make_service(1, 40.3, 1, ServiceKind.TUBE),
            make_service(2, 30.0, None, ServiceKind.CALIBRATION),
        )
    ]
    write_readings(migrated, doses)
    enter_services(migrated, services)
    in_berlin = make_conninfo(migrated, options="-c TimeZone=Europe/Berlin")
    for is_closed in (False, True):
        if is_closed:
            close_days(in_berlin)
        reader = PanelReader(settings_for(migrated, zone="Europe/Berlin"))
        reader.open()
        try:
            for since, until in RANGES:
                begin, end = after(since) + shift, after(until) + shift
                found = reader.read_panel(PUMP_CAPABILITY, PanelQuery(begin, end, end))
                assert are_equal(found, expect_pumps(doses, begin, end, Selection(), 0.5, services)), (
                    since,
                    until,
                )
        finally:
            reader.close()
