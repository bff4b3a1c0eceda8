"""Alarms of the lots in the tanks: expired, unknown, and used up too late."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from dosing_tui.domain.alarms.models import AlarmStateName
from dosing_tui.domain.materials.lots.lot_mixing import UNKNOWN_LOT, Lot, LotShare
from dosing_tui.domain.materials.lots.tank_lots import TankLots
from tests.support.domain.evaluated_plant import STATION, EvaluatedPlant

NORMAL, UNACK = AlarmStateName.NORMAL, AlarmStateName.UNACK
RULES = ("LOT_EXPIRED", "LOT_UNKNOWN", "LOT_EXPIRES_SOON")


def fill_tank(plant: EvaluatedPlant, *shares: LotShare, lasts_days: float | None = None) -> list[str]:
    """The messages of the alarms that a tank with these lots raises."""
    runs_out_at = None if lasts_days is None else plant.now + timedelta(days=lasts_days)
    tank = TankLots(STATION, "T-12", shares, plant.now, 500.0, runs_out_at)
    plant.outlook = replace(plant.outlook, tank_lots=(tank,))
    return [entry.message for entry in plant.advance_clock(2)]


def list_states(plant: EvaluatedPlant) -> list[AlarmStateName]:
    return [plant.get_shown_state(rule, item="T-12") for rule in RULES]


def make_share(number: str, share: float, plant: EvaluatedPlant, expires_in: int | None = None) -> LotShare:
    day = None if expires_in is None else plant.now.date() + timedelta(days=expires_in)
    return LotShare(Lot(number, expires_on=day), share)


def test_no_lot_is_no_alarm() -> None:
    plant = EvaluatedPlant()
    assert plant.advance_clock(2) == []
    assert list_states(plant) == [NORMAL] * 3


def test_each_lot_alarm_says_what_it_found() -> None:
    plant = EvaluatedPlant()
    today = plant.now.date()
    assert fill_tank(
        plant, make_share("A", 0.25, plant, -1), make_share("B", 0.75, plant, 5), lasts_days=9
    ) == [
        f"T-12: lot A (25 %) expired on {today - timedelta(days=1)} ({STATION})",
        f"T-12: lot B (75 %) expires on {today + timedelta(days=5)},"
        f" the tank lasts until {today + timedelta(days=9)} ({STATION})",
    ]
    assert list_states(plant) == [UNACK, NORMAL, UNACK]


@pytest.mark.parametrize(
    ("share", "expires_in", "lasts_days", "found"),
    [
        (0.009, -1, None, [NORMAL] * 3),
        (0.01, -1, None, [UNACK, NORMAL, NORMAL]),
        (0.0, -1, None, [UNACK, NORMAL, NORMAL]),
        (1.0, 0, None, [NORMAL] * 3),
        (1.0, 5, None, [NORMAL] * 3),
        (1.0, 5, 5.0, [NORMAL] * 3),
        (1.0, 5, 6.0, [NORMAL, NORMAL, UNACK]),
        (1.0, None, 999.0, [NORMAL] * 3),
    ],
)
def test_the_limits_of_the_lot_alarms(
    share: float, expires_in: int | None, lasts_days: float | None, found: list[AlarmStateName]
) -> None:
    plant = EvaluatedPlant()
    fill_tank(plant, make_share("A", share, plant, expires_in), lasts_days=lasts_days)
    assert list_states(plant) == found


def test_a_drum_change_with_its_lot_ends_the_alarm() -> None:
    plant = EvaluatedPlant()
    assert fill_tank(plant, make_share(UNKNOWN_LOT, 1.0, plant)) == [
        f"T-12: 100 % is of an unknown lot ({STATION})"
    ]
    fill_tank(plant, make_share("B", 1.0, plant, 30))
    plant.advance_clock(61)
    assert plant.get_shown_state("LOT_UNKNOWN", item="T-12") is AlarmStateName.RTN_UNACK
