"""Closing days of pumps changes no figure: the panel says what the doses say, also those that come late."""

import random
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from msgspec.structs import replace

from dosing_tui.database.pumps.service_log import enter_service
from dosing_tui.database.schema.maintenance import run_maintenance
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.capability.service_log import ServiceDraft, ServiceKind
from dosing_tui.domain.messages.models import Dose
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.panels.panel_catalog import PUMP_CAPABILITY, PanelQuery
from dosing_tui.domain.panels.pump_capability import PumpCapability
from tests.support.database.equal_rows import are_equal
from tests.support.database.expected_pumps import expect_pumps
from tests.support.database.kept_readers import get_reader
from tests.support.database.reading_samples import DOSE, settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value
from tests.support.database.stored_batches import write_readings
from tests.support.database_servers import Server
from tests.support.polling import wait_until

FIRST = datetime(2025, 8, 14, tzinfo=UTC)
"""The fourth day of its four weeks."""
DAYS = 66
CHEMICALS = {1: "BDO", 2: "T-12"}
TARGETS = (40.0, 41.5)
RANGES = (
    (-3.0, 70.0),
    (0.37, 66.0),
    (20.61, 41.77),
    (0.25, 25.0),
    (25.0, 53.0),
    (30.9, 31.2),
    (44.0, 66.0),
    (21.1, 22.3),
    (24.6, 25.4),
    (46.2, 50.9),
    (10.1, 24.85),
    (5.1, 25.1),
    (31.3, 31.8),
)
"""In days after the first; four weeks end after the 25th and the 53rd."""
WHOLE_RANGES = ((0.25, 25.0), (25.0, 53.0), (44.0, 66.0))
"""Of whole six hours."""


def after(days: float) -> datetime:
    return FIRST + timedelta(seconds=round(days * 86_400))


def make_doses(chance: random.Random, count: int, *, first: int = 0) -> list[Dose]:
    """In any order; many share a second. Pump 2 of s2 rests for forty days."""
    doses: list[Dose] = []
    while len(doses) < count:
        at = after(chance.choice([*(chance.random() * DAYS for _ in range(4)), chance.randrange(DAYS)]))
        station, pump = chance.choice(("s1", "s2")), chance.choice((1, 1, 2))
        if (station, pump) == ("s2", 2) and after(9) < at < after(49):
            continue
        doses.append(
            replace(
                DOSE,
                time=at, device_id=station, pump=pump, chemical=CHEMICALS[pump], dedup=first + len(doses),
                target_g=chance.choice(TARGETS),
                error_g=chance.choice([None, *(chance.gauss(0, 0.1) for _ in range(9))]),
                duration_ms=chance.choice([None, 4_294_966_296, *range(4000, 4900, 100)]), received_at=at,
            )
        )  # fmt: skip
    return doses


def make_service(number: int, days: float, pump: int | None, kind: ServiceKind) -> ServiceDraft:
    station = "s1" if pump else "s2"
    return ServiceDraft(UUID(int=number), after(days), station, pump, kind, "A. Miller")


def enter_services(dsn: str, services: Iterable[ServiceDraft]) -> None:
    for each in services:
        enter_service(settings_for(dsn), each, os_user="")


def read_pumps(dsn: str, ranges: Sequence[tuple[float, float]] = RANGES) -> list[list[PumpCapability]]:
    return [
        get_reader(dsn).read_panel(PUMP_CAPABILITY, PanelQuery(after(since), after(until), after(until)))
        for since, until in ranges
    ]


def list_wrong(dsn: str, doses: list[Dose], services: Iterable[ServiceDraft]) -> list[tuple[float, float]]:
    """The ranges of which the panel does not say what the doses say."""
    expected = [
        expect_pumps(doses, after(since), after(until), Selection(), 0.5, services) for since, until in RANGES
    ]
    return [
        days
        for days, found, told in zip(RANGES, read_pumps(dsn), expected, strict=True)
        if not are_equal(found, told)
    ]


def close_days(dsn: str) -> None:
    for station in ("s1", "s2"):
        while fetch_value(dsn, "SELECT close_pump_days(%s)", station):
            pass
    closed = "SELECT count(*) FROM closed_pump_targets WHERE until > now() - interval '2 days'"
    assert fetch_value(dsn, closed) == fetch_value(dsn, "SELECT count(*) FROM pump_targets WHERE is_repeated")


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(request.node.name)


def test_closed_days_say_what_the_doses_say_also_when_more_come_late(
    flavour: Server, migrated: str, chance: random.Random
) -> None:
    doses = make_doses(chance, 800)
    services = [
        make_service(1, 21.3, 1, ServiceKind.TUBE),
        make_service(2, 30.0, None, ServiceKind.CALIBRATION),
    ]
    write_readings(migrated, doses)
    enter_services(migrated, services)
    assert list_wrong(migrated, doses, services) == []
    close_days(migrated)
    assert list_wrong(migrated, doses, services) == []
    for number in range(3):
        late = make_doses(chance, (1, 4, 12)[number], first=1000 * (number + 1))
        write_readings(migrated, late)
        doses += late
        assert list_wrong(migrated, doses, services) == []
        services.append(
            make_service(3 + number, (8.9, 50.1, 47.0)[number], (2, 1, 1)[number], ServiceKind.TUBE)
        )
        enter_services(migrated, services[-1:])
        assert list_wrong(migrated, doses, services) == []
        close_days(migrated)
        assert list_wrong(migrated, doses, services) == []


def test_a_target_that_is_repeated_later_is_closed_with_all_its_doses(
    migrated: str, chance: random.Random
) -> None:
    doses = make_doses(chance, 500)
    rare = [
        replace(DOSE, time=after(day), device_id="s1", target_g=99.0, error_g=day / 100, dedup=day)
        for day in range(0, 45, 5)
    ]
    write_readings(migrated, doses + rare)
    close_days(migrated)
    assert fetch_value(migrated, "SELECT count(*) FROM closed_pump_targets WHERE target_g = 99") == 0
    rare.append(replace(rare[-1], time=after(61), dedup=61))
    write_readings(migrated, rare[-1:])
    assert list_wrong(migrated, doses + rare, []) == []
    while fetch_value(migrated, "SELECT close_pump_days('s1')"):
        pass
    assert fetch_value(migrated, "SELECT count(*) FROM closed_pump_targets WHERE target_g = 99") == 1
    assert list_wrong(migrated, doses + rare, []) == []


def test_a_late_dose_opens_the_four_weeks_of_its_own_target_only(
    migrated: str, chance: random.Random
) -> None:
    write_readings(migrated, make_doses(chance, 500))
    close_days(migrated)
    late = replace(DOSE, time=after(30.5), device_id="s1", target_g=40.0, dedup=9999)
    write_readings(migrated, [late])
    opened = (
        "SELECT device_id, pump, target_g, until FROM closed_pump_targets"
        " WHERE until < now() - interval '2 days'"
    )
    assert fetch_rows(migrated, opened) == [("s1", 1, 40.0, after(25))]
    uses = "SELECT device_id, pump FROM closed_pump_uses WHERE until < since"
    assert fetch_rows(migrated, uses) == [("s1", 1)]


def test_closed_days_outlive_their_doses(flavour: Server, migrated: str, chance: random.Random) -> None:
    write_readings(migrated, make_doses(chance, 500))
    enter_services(migrated, [make_service(1, 30.25, 1, ServiceKind.TUBE)])
    close_days(migrated)
    before = read_pumps(migrated, WHOLE_RANGES)
    execute_statements(migrated, "DELETE FROM dosing_consumption")
    after_it = read_pumps(migrated, WHOLE_RANGES)
    assert all(map(are_equal, after_it, before))


def test_sums_that_are_deleted_are_in_no_closed_day(migrated: str, chance: random.Random) -> None:
    """Retention deletes whole days of them."""
    doses = make_doses(chance, 500)
    write_readings(migrated, doses)
    close_days(migrated)
    day = after(33)
    with psycopg.connect(migrated) as session:
        session.execute("SET search_path = public, compat")
        session.execute("UPDATE data_retention SET keep_days = 100 WHERE table_name = 'sums'")
        session.execute(
            read_statement("maintenance/delete_old_rollups"), {"now": day + timedelta(days=100.4)}
        )
    left = [dose for dose in doses if dose.time >= day]
    for since, until in ((0.25, 66.0), (34.0, 60.0)):
        (found,) = read_pumps(migrated, [(since, until)])
        told = expect_pumps(doses, max(after(since), day), after(until), Selection(), 0.5)
        assert are_equal(found, [_add_use(row, left, after(until)) for row in told])


def _add_use(row: PumpCapability, left: list[Dose], until: datetime) -> PumpCapability:
    """What went through the pump, of the doses that are left."""
    own = [
        dose
        for dose in left
        if (dose.device_id, dose.pump) == (row.device_id, row.pump) and dose.time < until
    ]
    first = min(dose.time for dose in own)
    return replace(
        row,
        first_at=first - timedelta(seconds=first.timestamp() % 21_600),
        tube_g=sum(dose.actual_g or 0.0 for dose in own),
        tube_hours=sum(dose.duration_ms or 0 for dose in own if (dose.duration_ms or 0) <= 300_000)
        / 3_600_000,
    )


def test_maintenance_closes_the_six_hours_that_are_over(flavour: Server, migrated: str) -> None:
    now = datetime.now(UTC)
    write_readings(migrated, [replace(DOSE, time=now - timedelta(hours=8 * n), dedup=n) for n in range(12)])
    run_maintenance(settings_for(migrated), now=now)
    ((until,),) = fetch_rows(migrated, "SELECT until FROM closed_pump_targets")
    assert until.timestamp() % 21_600 == 0  # closed in the moment of now, or a little later
    assert now - timedelta(hours=8) < until < datetime.now(UTC) - timedelta(hours=2)
    assert fetch_value(migrated, "SELECT sum(doses) FROM pump_rests") > 0


def test_a_dose_that_is_being_stored_is_waited_for(migrated: str, chance: random.Random) -> None:
    doses = make_doses(chance, 500)
    write_readings(migrated, doses)
    waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%close_pump_days%'"
    late = replace(
        doses[0],
        time=after(12.2),
        device_id="s1",
        pump=1,
        chemical="BDO",
        target_g=40.0,
        error_g=0.3,
        dedup=99_999,
    )
    with ThreadPoolExecutor(1) as pool, psycopg.connect(migrated) as session:
        session.execute(
            "INSERT INTO dosing_consumption (time, device_id, pump, chemical, target_g, actual_g, error_g,"
            " recipe, mode, duration_ms, dedup, received_at)"
            " VALUES (%s, 's1', 1, 'BDO', 40, %s, 0.3, %s, %s, %s, 99999, %s)",
            (late.time, late.actual_g, late.recipe, late.mode, late.duration_ms, late.received_at),
        )
        closing = pool.submit(close_days, migrated)
        wait_until(lambda: fetch_rows(migrated, waiting))
        session.commit()
        closing.result()
    assert list_wrong(migrated, [*doses, late], []) == []
