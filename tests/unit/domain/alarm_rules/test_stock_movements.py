"""Entries of the material ledger explain what levels show; days of cover raise an alarm of their own."""

from datetime import timedelta

import pytest

from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmStateName
from dosing_tui.domain.materials.ledger import TankMovement
from dosing_tui.domain.panels.panel_catalog import StockOutlook
from tests.support.domain.evaluated_plant import STATION, EvaluatedPlant

OUTLOOK = StockOutlook(
    STATION, "T-12", 500.0, 5.0, 20, None, 1_000.0, None, None, 0.5, None, None, None, ""
)  # fmt: skip


def enter(
    plant: EvaluatedPlant,
    change_g: float | None,
    kind: str = "prime",
    chemical: str = "t-12",
    behind_s: int = 0,
) -> None:
    at = plant.now - timedelta(seconds=behind_s)
    movement = TankMovement(7, at, STATION, chemical, kind, change_g)
    plant.journal += plant.evaluator.on_stock(plant.now, [movement], [])


def show_level(plant: EvaluatedPlant, percent: float) -> None:
    plant.receive_readings(plant.make_level(percent))
    plant.advance_clock(60)


def has_alarm(plant: EvaluatedPlant, rule: str) -> bool:
    """Whether it is to be acknowledged and nothing has withdrawn it."""
    return plant.get_shown_state(rule, item="T-12") in {AlarmStateName.UNACK, AlarmStateName.LATCHED_UNACK}


def get_mismatch(plant: EvaluatedPlant) -> AlarmStateName:
    return plant.get_shown_state("STOCK_MISMATCH", item="T-12")


@pytest.mark.parametrize("change_g", [-4.0, None, -6.0])
def test_a_prime_of_4_g_is_no_mismatch(change_g: float | None) -> None:
    plant = EvaluatedPlant()
    show_level(plant, 50)
    enter(plant, change_g)
    plant.advance_clock(300)
    show_level(plant, 49.96)
    assert plant.journal == []


def test_without_its_entry_it_is_one_and_the_entry_withdraws_it() -> None:
    plant = EvaluatedPlant()
    show_level(plant, 50)
    show_level(plant, 49.96)
    assert get_mismatch(plant) is AlarmStateName.UNACK
    enter(plant, -4.0, behind_s=90)
    assert get_mismatch(plant) is AlarmStateName.RTN_UNACK
    assert plant.journal[-1].comment == "Withdrawn: entry 7 of the material ledger (prime)."


def test_an_entry_within_the_time_of_confirmation_prevents_it() -> None:
    plant = EvaluatedPlant()
    show_level(plant, 50)
    plant.receive_readings(plant.make_level(49.96))
    plant.advance_clock(10)
    enter(plant, -4.0, behind_s=15)
    plant.advance_clock(60)
    assert plant.journal == []


def test_an_entry_explains_as_much_as_it_says_and_only_the_next_level() -> None:
    plant = EvaluatedPlant()
    show_level(plant, 50)
    enter(plant, -3.0)
    show_level(plant, 49.96)
    assert get_mismatch(plant) is AlarmStateName.UNACK
    assert plant.journal[-1].value == pytest.approx(1.0)
    other = EvaluatedPlant()
    show_level(other, 50)
    enter(other, -4.0)
    show_level(other, 50)  # the station does not know of it: no gain, and nothing is left of it
    show_level(other, 49.96)
    assert get_mismatch(other) is AlarmStateName.UNACK


def test_an_entry_of_another_tank_or_an_old_one_explains_nothing_to_come() -> None:
    plant = EvaluatedPlant()
    show_level(plant, 50)
    enter(plant, -4.0, chemical="T-9")
    enter(plant, -4.0, behind_s=3_600)
    show_level(plant, 49.96)
    assert get_mismatch(plant) is AlarmStateName.UNACK


@pytest.mark.parametrize("kind", ["refill", "delivery", "drum_change"])
def test_what_fills_the_tank_explains_its_jump_before_and_after(kind: str) -> None:
    plant = EvaluatedPlant()
    show_level(plant, 10)
    enter(plant, None if kind == "drum_change" else 8_000.0, kind)
    show_level(plant, 90)
    assert plant.get_shown_state("STOCK_RESET", item="T-12") is AlarmStateName.NORMAL
    late = EvaluatedPlant()
    show_level(late, 10)
    late.receive_readings(late.make_level(90))
    assert late.get_shown_state("STOCK_RESET", item="T-12") is AlarmStateName.UNACK
    late.advance_clock(5)
    enter(late, 8_000.0, kind, behind_s=10)
    assert late.get_shown_state("STOCK_RESET", item="T-12") is AlarmStateName.RTN_UNACK


def test_a_tank_that_lasts_too_short_is_an_alarm_until_it_lasts_a_tenth_longer() -> None:
    plant = EvaluatedPlant(limits=AlarmLimits(stock_cover_days=1.0))

    def tell(days: float | None) -> None:
        row = StockOutlook(
            STATION, "T-12", 500.0, 50.0, 20, None, 1_000.0, None, None, days, None, None, None, ""
        )  # fmt: skip
        plant.journal += plant.evaluator.on_stock(plant.now, [], [row])
        plant.advance_clock(61)

    tell(1.0)
    assert plant.journal == []
    tell(0.44)
    (raised,) = plant.journal
    assert (raised.event, raised.key.tag) == (AlarmEvent.RAISE, f"STOCK_COVER_LOW/{STATION}/T-12")
    assert raised.message == f"T-12 lasts 0.4 production days ({STATION})"
    assert (raised.value, raised.limit) == (0.44, 1.0)
    tell(1.05)
    tell(None)
    assert len(plant.journal) == 1
    tell(1.1)
    assert plant.journal[-1].event is AlarmEvent.RETURN


def test_without_a_limit_there_is_no_alarm_of_cover() -> None:
    plant = EvaluatedPlant()
    assert plant.evaluator.on_stock(plant.now, [], [OUTLOOK]) == []


@pytest.mark.parametrize(("kind", "change_g"), [("count", None), ("correction", 100.0)])
@pytest.mark.parametrize("is_before", [True, False])
def test_what_takes_nothing_out_explains_no_loss(
    kind: str, change_g: float | None, *, is_before: bool
) -> None:
    plant = EvaluatedPlant()
    show_level(plant, 50)
    if is_before:
        enter(plant, change_g, kind)
    show_level(plant, 49)
    if not is_before:
        enter(plant, change_g, kind)
    assert has_alarm(plant, "STOCK_MISMATCH")


def test_a_negative_correction_explains_a_loss() -> None:
    plant = EvaluatedPlant()
    show_level(plant, 50)
    show_level(plant, 49)
    enter(plant, -100.0, "correction")
    assert get_mismatch(plant) is AlarmStateName.RTN_UNACK


@pytest.mark.parametrize("behind_s", [30 * 86_400, 2 * 3_600])
@pytest.mark.parametrize("confirmed_s", [60, 10])
def test_an_entry_of_long_ago_withdraws_no_mismatch_of_today(behind_s: int, confirmed_s: int) -> None:
    plant = EvaluatedPlant()
    show_level(plant, 50)
    plant.receive_readings(plant.make_level(49))
    plant.advance_clock(confirmed_s)
    enter(plant, -100.0, behind_s=behind_s)
    plant.advance_clock(60)
    assert has_alarm(plant, "STOCK_MISMATCH")


def test_an_entry_dated_long_after_the_loss_does_not_explain_it() -> None:
    plant = EvaluatedPlant()
    show_level(plant, 50)
    show_level(plant, 49)
    plant.advance_clock(2 * 3_600)
    enter(plant, -100.0)
    assert has_alarm(plant, "STOCK_MISMATCH")


def test_a_later_difference_does_not_move_the_times_of_a_reported_one() -> None:
    plant = EvaluatedPlant()
    show_level(plant, 50)
    show_level(plant, 49)
    plant.advance_clock(3 * 3_600)
    plant.receive_readings(plant.make_level(48))
    enter(plant, -100.0, behind_s=3 * 3_600 + 65)
    assert get_mismatch(plant) is AlarmStateName.RTN_UNACK


def test_a_delivery_of_long_ago_explains_no_jump_to_come() -> None:
    plant = EvaluatedPlant()
    show_level(plant, 10)
    enter(plant, 8_000.0, "delivery", behind_s=30 * 86_400)
    show_level(plant, 90)
    assert has_alarm(plant, "STOCK_RESET")


def test_a_refill_explains_the_jump_that_a_station_shows_after_hours_without_a_level() -> None:
    plant = EvaluatedPlant()
    show_level(plant, 10)
    plant.advance_clock(2 * 3_600)
    enter(plant, 8_000.0, "refill", behind_s=3_600 + 1_800)
    show_level(plant, 90)
    assert plant.get_shown_state("STOCK_RESET", item="T-12") is AlarmStateName.NORMAL
    late = EvaluatedPlant()
    show_level(late, 10)
    late.advance_clock(3 * 3_600)
    show_level(late, 90)
    enter(late, 8_000.0, "refill", behind_s=2 * 3_600)
    assert late.get_shown_state("STOCK_RESET", item="T-12") is AlarmStateName.RTN_UNACK
