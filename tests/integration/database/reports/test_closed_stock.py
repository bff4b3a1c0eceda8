"""How long stock lasts is the same from closed days as from the readings, also after more came late."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from dosing_tui.cli import alarm_actions
from dosing_tui.domain.alarms.models import Actor
from dosing_tui.domain.alarms.operator_commands import CommandContext
from dosing_tui.domain.messages.models import Dose, InventoryLevel
from dosing_tui.domain.panels.panel_catalog import STOCK_OUTLOOK, PanelQuery, StockOutlook
from tests.support.database.equal_rows import are_equal
from tests.support.database.expected_stock import expect_outlook
from tests.support.database.kept_readers import get_reader
from tests.support.database.reading_samples import DOSE, LEVEL, settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_value
from tests.support.database.stored_batches import write_readings
from tests.support.database_servers import Server

FIRST = datetime(2025, 10, 10, 5, tzinfo=UTC)
"""Clocks are set back in Europe, and forth in Tasmania, on days that follow."""
DAYS = 34
NOWS = tuple(FIRST + timedelta(days=days) for days in (2.1, 20, 30, 33.7, 50))
"""The first with two production days, the last with 28 days that are in part without any."""
STATIONS = ("s1", "s2", "s3")
LEVELS = (("T-12", 4_000.0), ("L25B", 9_000.0), ("A", 500.0), ("B", 500.0), ("C", None))
"""A and B are dosed alike: equal cover, equal percentage."""
SPELLINGS = {"T-12": ("T-12", "t-12", "T -12"), "L25B": ("L25B", "l 25b")}


def make_doses(chance: random.Random, *, first: int, days: Iterable[int]) -> list[Dose]:
    doses: list[Dose] = []
    for day in days:
        for device in chance.sample(STATIONS, chance.choice((0, 1, 2, 3, 3))):
            at = FIRST + timedelta(days=day, seconds=chance.randrange(86_400))
            for chemical in chance.sample(("T-12", "L25B", "A", "C", "none has it"), 3):
                mass = chance.choice((None, 20.0, 41.25, 40.0, 38.5))
                for name in ("A", "B") if chemical == "A" else (chemical,):
                    doses.append(
                        replace(
                            DOSE, time=at, device_id=device, chemical=name, actual_g=mass, error_g=None,
                            received_at=at, dedup=first + len(doses),
                        )
                    )  # fmt: skip
    return doses


def make_levels() -> list[InventoryLevel]:
    return [
        replace(LEVEL, time=FIRST, device_id=device, chemical=chemical, remaining_g=left, received_at=FIRST)
        for device in STATIONS
        for chemical, left in LEVELS
    ]


def store_doses(dsn: str, chance: random.Random, doses: Iterable[Dose]) -> None:
    """Each by one of the spellings of its chemical."""
    write_readings(
        dsn,
        [
            replace(dose, chemical=chance.choice(SPELLINGS.get(dose.chemical, (dose.chemical,))))
            for dose in doses
        ],
    )


def close_days(dsn: str, zone: str) -> None:
    """All days of the doses; the months after them have none and stay as they are."""
    for station in STATIONS:
        assert fetch_value(dsn, "SELECT close_tank_days(%s, %s, %s)", station, zone, DAYS + 25)


def read_outlook(dsn: str, now: datetime, zone: str) -> list[StockOutlook]:
    return get_reader(dsn, zone).read_panel(STOCK_OUTLOOK, PanelQuery(now, now, now))


def retire_tank(dsn: str, tag: str) -> None:
    settings = settings_for(dsn)
    alarm_actions.apply_command(
        settings, alarm_actions.find_alarms_or_normal(settings, [f"RETIRED/{tag}"]),
        CommandContext(Actor("Anna", "anna"), datetime.now(UTC)),
        partial(alarm_actions.build_removal_entry, reason="gone"),
    )  # fmt: skip


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Hobart", "Pacific/Chatham"])
def test_the_outlook_of_closed_days_says_what_the_readings_say(
    flavour: Server, migrated: str, zone: str
) -> None:
    chance, levels, zone_info = random.Random(zone), make_levels(), ZoneInfo(zone)
    doses = make_doses(chance, first=1, days=range(DAYS))
    write_readings(migrated, levels)
    store_doses(migrated, chance, doses)
    wrong = []
    for step, late_days in enumerate(((), (3, 30), (0, 17, 33))):
        late = make_doses(chance, first=10_000 * (step + 1), days=late_days)
        store_doses(migrated, chance, late)
        doses += late
        for is_closed in (False, True):
            if is_closed:
                close_days(migrated, zone)
            wrong += [
                (step, is_closed, now)
                for now in NOWS
                if not are_equal(
                    read_outlook(migrated, now, zone), expect_outlook(levels, doses, now, zone_info)
                )
            ]
    assert not wrong


def test_a_retired_tank_has_no_outlook_and_the_others_keep_theirs(migrated: str) -> None:
    chance = random.Random(1)
    write_readings(migrated, make_levels())
    store_doses(migrated, chance, make_doses(chance, first=1, days=range(DAYS)))
    close_days(migrated, "Europe/Berlin")
    before = read_outlook(migrated, NOWS[3], "Europe/Berlin")
    retire_tank(migrated, "s2/A")
    left = [row for row in before if (row.device_id, row.chemical) != ("s2", "A")]
    assert len(left) == len(before) - 1
    assert read_outlook(migrated, NOWS[3], "Europe/Berlin") == left


def test_an_outlook_that_reads_closed_days_alone_is_what_they_say(migrated: str) -> None:
    """Else a test of equal figures would pass with days that are never read."""
    chance = random.Random(2)
    write_readings(migrated, make_levels())
    store_doses(migrated, chance, make_doses(chance, first=1, days=range(DAYS)))
    close_days(migrated, "Europe/Berlin")
    execute_statements(migrated, "UPDATE tank_days SET sum_actual_g = 2 * sum_actual_g")
    now = NOWS[3]
    closed = read_outlook(migrated, now, "Europe/Berlin")
    reckoned = read_outlook(migrated, now, "Europe/Paris")
    pairs = [(a.use_28_days_g, b.use_28_days_g) for a in closed for b in reckoned
             if (a.device_id, a.chemical) == (b.device_id, b.chemical) and b.use_28_days_g]  # fmt: skip
    assert pairs
    assert all(a == pytest.approx(2 * b) for a, b in pairs)
