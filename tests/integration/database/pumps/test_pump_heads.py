"""What was dosed from a tube change or calibration to the end of its six hours is kept, and read instead."""

import random

import psycopg
from msgspec.structs import replace

from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.capability.service_log import ServiceKind
from dosing_tui.domain.messages.models import Dose
from dosing_tui.domain.panels.pump_capability import PumpCapability
from tests.integration.database.pumps.test_pump_days import (
    WHOLE_RANGES,
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

SERVICES = [
    make_service(1, 24.8, 1, ServiceKind.TUBE),
    make_service(2, 49.3, 2, ServiceKind.TUBE),
    make_service(3, 49.6, 1, ServiceKind.CALIBRATION),
    make_service(4, 25.1, None, ServiceKind.CALIBRATION),
]
HEADS = "SELECT device_id, pump, since FROM closed_pump_heads ORDER BY 1, 2, 3"


def fill_plant(dsn: str, seed: str) -> list[Dose]:
    """Many doses in the six hours of each change, stored and closed."""
    chance = random.Random(seed)
    doses = make_doses(chance, 900)
    for number, service in enumerate(SERVICES):
        for extra in range(12):
            place = len(doses) + 20 * number + extra
            pump = service.pump or 1
            doses.append(
                replace(
                    next(each for each in doses if each.pump == pump),
                    time=service.at + (after(0.24) - after(0)) * chance.random(),
                    device_id=service.device,
                    pump=pump,
                    dedup=100_000 + place,
                )
            )
    write_readings(dsn, doses)
    enter_services(dsn, SERVICES)
    close_days(dsn)
    return doses


def test_ranges_that_ended_are_as_their_doses_say_where_ends_meet(flavour: Server, migrated: str) -> None:
    """Also of a range whose first and last six hours are the same, or whose last four weeks begin in it."""
    doses = fill_plant(migrated, "meet")
    assert list_wrong(migrated, doses, SERVICES) == []
    late = [
        replace(DOSE, time=after(day), device_id="s1", pump=1, chemical="BDO", target_g=40.0, dedup=7_000 + n)
        for n, day in enumerate((24.9, 49.65, 12.0))
    ]
    for each in late:
        write_readings(migrated, [each])
        doses.append(each)
        assert list_wrong(migrated, doses, SERVICES) == []
    close_days(migrated)
    assert list_wrong(migrated, doses, SERVICES) == []
    # as an earlier version stored them
    execute_statements(migrated, "UPDATE pump_rests SET error_before_g = NULL")
    assert list_wrong(migrated, doses, SERVICES) == []


def test_pumps_of_whole_six_hours_are_told_without_any_dose(flavour: Server, migrated: str) -> None:
    """No look goes into the chunk or week of a tube change: there is nothing left in it."""
    fill_plant(migrated, "without")
    before = read_pumps(migrated, WHOLE_RANGES)
    assert [max(row.doses for row in rows) > 0 for rows in before] == [True] * len(WHOLE_RANGES)
    execute_statements(migrated, "DELETE FROM dosing_consumption")
    assert all(map(are_equal, read_pumps(migrated, WHOLE_RANGES), before))
    execute_statements(migrated, "DELETE FROM closed_pump_heads", "DELETE FROM pump_heads")
    assert not all(map(are_equal, read_pumps(migrated, WHOLE_RANGES), before))


def test_a_late_dose_deletes_what_is_kept_of_its_own_pump(migrated: str) -> None:
    fill_plant(migrated, "late")
    kept = fetch_rows(migrated, HEADS)
    targets = fetch_rows(migrated, "SELECT * FROM pump_heads ORDER BY 1, 2, 3, 4, 5")
    own = {("s1", 1, after(24.8)), ("s1", 1, after(49.6))}
    assert own < set(kept)
    assert {row[:3] for row in targets} <= set(kept)
    write_readings(migrated, [replace(DOSE, time=after(24.9), device_id="s1", pump=1, dedup=9_999)])
    assert set(fetch_rows(migrated, HEADS)) == set(kept) - own
    assert fetch_value(migrated, "SELECT count(*) FROM pump_heads WHERE device_id = 's1' AND pump = 1") == 0
    execute_statements(migrated, "DELETE FROM dosing_consumption WHERE dedup = 9999")
    close_days(migrated)
    assert fetch_rows(migrated, HEADS) == kept
    assert fetch_rows(migrated, "SELECT * FROM pump_heads ORDER BY 1, 2, 3, 4, 5") == targets


def test_the_flow_of_a_new_tube_is_settled_with_its_fiftieth_dose(migrated: str) -> None:
    fill_plant(migrated, "settled")
    dense = [
        replace(DOSE, time=after(50 + n / 40), device_id="s1", pump=2, chemical="T-12", target_g=40.0,
                duration_ms=4_000, error_g=0.0, dedup=20_000 + n)
        for n in range(120)
    ]  # fmt: skip
    write_readings(migrated, dense)
    close_days(migrated)
    settled = (
        "SELECT settled_at FROM closed_pump_targets WHERE device_id = 's1' AND pump = 2 AND target_g = 40"
    )
    assert str(after(50)) < str(fetch_value(migrated, settled)) <= str(after(51.5))
    before, early = (read_flow(rows) for rows in read_pumps(migrated, [(44.0, 53.0), (44.0, 50.2)]))
    assert before is not None
    execute_statements(migrated, "UPDATE closed_pump_targets SET new_rate = new_rate + 100")
    changed = [read_flow(rows) for rows in read_pumps(migrated, [(44.0, 53.0), (44.0, 50.2)])]
    assert changed == [before + 100, early]


def read_flow(rows: list[PumpCapability]) -> float | None:
    """In g/s, of the new tube of pump 2."""
    return next(
        row.new_rate_g_per_s for row in rows if (row.device_id, row.pump, row.target_g) == ("s1", 2, 40.0)
    )


def test_what_is_kept_goes_with_the_sums(migrated: str) -> None:
    fill_plant(migrated, "sums")
    with psycopg.connect(migrated) as session:
        session.execute("SET search_path = public, compat")
        session.execute("UPDATE data_retention SET keep_days = 100 WHERE table_name = 'sums'")
        session.execute(read_statement("maintenance/delete_old_rollups"), {"now": after(149.4)})
    assert [row[1:] for row in fetch_rows(migrated, HEADS)] == [(1, after(49.6)), (2, after(49.3))]
    assert fetch_value(migrated, "SELECT min(since) >= '2025-10-02 00:00+00' FROM pump_heads")
