"""After a tube change or a calibration the figures of a pump start again, to the dose."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import fmean
from uuid import uuid4

import pytest
from msgspec.structs import replace

from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.pumps.service_log import enter_service
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.domain.capability.service_log import ServiceDraft, ServiceKind
from dosing_tui.domain.messages.models import Dose
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.panels.panel_catalog import PUMP_CAPABILITY, PanelQuery
from tests.support.database.equal_rows import are_equal
from tests.support.database.expected_pumps import expect_pumps
from tests.support.database.reading_samples import DOSE, settings_for
from tests.support.database.stored_batches import write_readings
from tests.support.database_servers import Server

SINCE = datetime(2026, 10, 20, tzinfo=UTC)
DAYS = 4
TOLERANCE_G = 0.5


def plan_doses() -> Iterator[Dose]:
    """Of two stations, three pumps and two targets, at uneven times; some without a duration."""
    chance = random.Random(15)
    for number in range(DAYS * 24 * 20):
        at = SINCE + timedelta(minutes=3 * number, seconds=chance.randrange(170))
        pump, target = chance.choice((1, 2, 3)), chance.choice((40.0, 5.0))
        error = round(chance.gauss(0.1 * pump - 0.2 + number / 9_000, 0.1), 2)
        duration = chance.choice((None, 400_000, *range(50_000, 70_000, 700)))
        yield replace(
            DOSE, time=at, device_id=chance.choice(("station-1", "station-2")), pump=pump, target_g=target,
            actual_g=target + error, error_g=error, duration_ms=duration, dedup=number,
        )  # fmt: skip


DOSES = tuple(plan_doses())


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return SINCE + timedelta(days=day, hours=hour, minutes=minute)


def service(kind: ServiceKind, when: datetime, pump: int | None, device: str = "station-1") -> ServiceDraft:
    return ServiceDraft(uuid4(), when, device, pump, kind, "Anna")


SERVICES = (
    service(ServiceKind.TUBE, at(0, 3), 1),
    service(ServiceKind.TUBE, at(1, 10, 7), 1),
    service(ServiceKind.CALIBRATION, at(1, 10, 30), 2),
    service(ServiceKind.CHECK, at(2, 10), 3),
    service(ServiceKind.CALIBRATION, at(3, 13, 11), None, "station-2"),
    service(ServiceKind.TUBE, at(3, 19), 3, "station-2"),
)
"""Two in the same six hours, one of a scale, one in the last six hours; a check weighing begins nothing."""


@pytest.fixture(scope="module")
def reader(postgres: Server) -> Iterator[PanelReader]:
    with postgres.create_database() as dsn:
        settings = settings_for(dsn)
        migrate_schema(settings, report=print)
        write_readings(dsn, DOSES)
        for one in SERVICES:
            weighed = {"target_g": 40.0, "readings_g": (40.1,)} if one.kind is ServiceKind.CHECK else {}
            enter_service(settings, replace(one, **weighed), os_user="")  # type: ignore[arg-type]
        reader = PanelReader(settings)
        reader.open()
        yield reader
        reader.close()


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (SINCE, at(4, 0)),
        (at(0, 1, 7), at(3, 20, 31)),
        (at(1, 9), at(1, 11)),
        (at(1, 8, 1), at(3, 14)),
        (at(1, 10, 7), at(1, 23)),
        (at(2, 0), at(4, 0)),
        (SINCE, at(1, 11, 59)),
        (SINCE, at(3, 23, 1)),
        (SINCE, at(1, 10, 7)),
    ],
)
def test_the_figures_are_those_since_the_last_change(
    reader: PanelReader, since: datetime, until: datetime
) -> None:
    expected = expect_pumps(DOSES, since, until, Selection(), TOLERANCE_G, SERVICES)
    rows = reader.read_panel(PUMP_CAPABILITY, PanelQuery(since, until, until))
    assert are_equal([*rows], [*expected])


def test_a_tubes_first_doses_say_what_it_did_when_it_was_new(reader: PanelReader) -> None:
    rows = reader.read_panel(PUMP_CAPABILITY, PanelQuery(SINCE, at(4, 0), at(4, 0)))
    dated = {(row.device_id, row.pump): row.figures_since for row in rows}
    assert dated == {
        ("station-1", 1): at(1, 10, 7), ("station-1", 2): at(1, 10, 30), ("station-1", 3): None,
        ("station-2", 1): at(3, 13, 11), ("station-2", 2): at(3, 13, 11), ("station-2", 3): at(3, 19),
    }  # fmt: skip
    assert {(row.device_id, row.pump) for row in rows if row.new_rate_g_per_s is not None} >= {
        ("station-1", 1)
    }
    assert all(row.new_rate_g_per_s is None for row in rows if row.tube_at is None)


def test_a_tube_is_new_from_its_first_dose_within_the_six_hours_of_its_change(reader: PanelReader) -> None:
    until = at(1, 11, 59)  # the change was at 10:07: no whole six hours since
    rows = reader.read_panel(PUMP_CAPABILITY, PanelQuery(SINCE, until, until))
    found = {
        row.target_g: row.new_rate_g_per_s for row in rows if (row.device_id, row.pump) == ("station-1", 1)
    }
    for target, rate in found.items():
        durations = [
            dose.duration_ms
            for dose in DOSES
            if (dose.device_id, dose.pump, dose.target_g) == ("station-1", 1, target)
            and at(1, 10, 7) <= dose.time < until and dose.duration_ms and dose.duration_ms <= 300_000
        ]  # fmt: skip
        rates = [1000 * target / duration for duration in durations]
        assert rate == (pytest.approx(fmean(rates)) if len(rates) >= 10 else None)
    many = reader.read_panel(PUMP_CAPABILITY, PanelQuery(SINCE, at(1, 17, 30), at(1, 17, 30)))
    assert all(row.new_rate_g_per_s for row in many if (row.device_id, row.pump) == ("station-1", 1))
