"""The rest of the day in which a range begins or ends is kept, and read instead of its six hours."""

import random
from datetime import timedelta

import psycopg
from msgspec.structs import replace

from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.capability.service_log import ServiceKind
from dosing_tui.domain.panels.pump_capability import PumpCapability
from tests.integration.database.pumps.test_pump_days import (
    after,
    close_days,
    enter_services,
    list_wrong,
    make_doses,
    make_service,
    read_pumps,
)
from tests.support.database.equal_rows import are_equal
from tests.support.database.reading_samples import DOSE
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value
from tests.support.database.stored_batches import write_readings
from tests.support.database_servers import Server

IN_DAYS = (20.25, 41.5)
"""Of whole six hours, from and to within a day."""


def sum_doses(dsn: str) -> int:
    (rows,) = read_pumps(dsn, [IN_DAYS])
    return sum(row.doses for row in rows)


def test_both_ends_of_a_range_are_read_from_the_rests_of_their_days(flavour: Server, migrated: str) -> None:
    write_readings(migrated, make_doses(random.Random("ends"), 900))
    close_days(migrated)
    doses = sum_doses(migrated)
    for day, change in ((20.25, 1000), (41.5, -1000)):
        execute_statements(
            migrated,
            f"UPDATE pump_day_rests SET doses = doses + {change} WHERE since = '{after(day).isoformat()}'",
        )
        changed = sum_doses(migrated) - doses
        assert changed > 0
        assert changed % 1000 == 0
        doses += changed


def test_a_late_dose_opens_the_rests_of_its_target_until_they_are_closed_anew(migrated: str) -> None:
    doses = make_doses(random.Random("late"), 700)
    write_readings(migrated, doses)
    close_days(migrated)
    kept = "SELECT * FROM pump_day_rests ORDER BY 1, 2"
    before = fetch_rows(migrated, kept)
    late = replace(DOSE, time=after(20.9), device_id="s1", pump=1, chemical="BDO", target_g=40.0, dedup=9_999)
    write_readings(migrated, [late])
    assert list_wrong(migrated, [*doses, late], []) == []
    close_days(migrated)
    assert list_wrong(migrated, [*doses, late], []) == []
    changed = set(fetch_rows(migrated, kept)) ^ set(before)
    assert {row[1].date() for row in changed} == {after(20.9).date()}


def test_rests_of_days_go_with_the_sums(migrated: str) -> None:
    write_readings(migrated, make_doses(random.Random("sums"), 500))
    close_days(migrated)
    with psycopg.connect(migrated) as session:
        session.execute("SET search_path = public, compat")
        session.execute("UPDATE data_retention SET keep_days = 100 WHERE table_name = 'sums'")
        session.execute(read_statement("maintenance/delete_old_rollups"), {"now": after(149.4)})
    assert fetch_value(migrated, "SELECT min(since) FROM pump_day_rests") >= after(49)


def test_figures_since_a_new_beginning_outlive_the_doses_of_its_six_hours(
    flavour: Server, migrated: str
) -> None:
    """Also where its four weeks are closed anew: what was dosed before its first whole six hours is kept."""
    doses = make_doses(random.Random("begun"), 700)
    beginning = make_service(1, 30.1, 1, ServiceKind.TUBE)
    doses += [
        replace(doses[number], time=after(30.11) + timedelta(minutes=number), device_id="s1", pump=1,
                chemical="BDO", target_g=40.0, error_g=0.25, dedup=50_000 + number)
        for number in range(60)
    ]  # fmt: skip
    write_readings(migrated, doses)
    enter_services(migrated, [beginning])
    close_days(migrated)
    before = read_pumps(migrated, [(25.0, 66.0)])
    execute_statements(
        migrated,
        "DELETE FROM dosing_consumption",
        "UPDATE closed_pump_targets SET until = four_weeks_start(begun_at) WHERE begun_at IS NOT NULL",
        "DELETE FROM pump_totals",
    )
    close_days(migrated)
    assert are_equal(read_pumps(migrated, [(25.0, 66.0)])[0], before[0])
    assert find_row(before[0]).doses >= 60


def find_row(rows: list[PumpCapability]) -> PumpCapability:
    return next(row for row in rows if (row.device_id, row.pump, row.target_g) == ("s1", 1, 40.0))


def test_errors_that_never_change_in_a_past_range_have_no_spread(flavour: Server, migrated: str) -> None:
    """Whatever they were before and after it."""
    chance = random.Random("constant")
    doses = [
        replace(DOSE, time=after(20 + number / 16), device_id="s1", pump=1, chemical="BDO", target_g=40.0,
                error_g=0.1 if 24.2 < 20 + number / 16 < 28.3 else chance.gauss(0, 0.1), dedup=number)
        for number in range(16 * 30)
    ]  # fmt: skip
    write_readings(migrated, doses)
    for _ in range(2):
        (row,) = read_pumps(migrated, [(24.5, 28.25)])[0]
        assert (row.sigma_g, row.cpk) == (0.0, None)
        close_days(migrated)
