"""Every rule of the list: when it finds something, when it does not, and in what words."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.alarm_rules.shared.batch_need import BatchNeed
from dosing_tui.domain.alarm_rules.shared.detection import ConnectionState, DatabasePartState, TopicAccess
from dosing_tui.domain.alarm_rules.shared.ingredient_limits import IngredientLimits, LimitOverride
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.shared.rule_state import DoseErrorMinute
from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmStateName
from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterRecipe, MasterVersion
from dosing_tui.domain.messages.models import TimeQuality
from dosing_tui.domain.tolerances.pump_history import StoredPumpDoses
from dosing_tui.domain.tolerances.rules import ToleranceOverride, ToleranceRules
from dosing_tui.domain.tolerances.tolerance_book import ToleranceBook
from tests.support.domain.alarm_entries import NOW
from tests.support.domain.evaluated_plant import STATION, EvaluatedPlant


def make_rules(*overrides: ToleranceOverride) -> ToleranceRules:
    return ToleranceRules(overrides=overrides)


def list_raised(plant: EvaluatedPlant) -> list[str]:
    return [entry.key.rule for entry in plant.journal if entry.event is AlarmEvent.RAISE]


def find_message(plant: EvaluatedPlant, rule: str) -> str:
    return next(entry.message for entry in plant.journal if entry.key.rule == rule)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_rule_says_cause_consequence_and_action(rule: object) -> None:
    assert all(getattr(rule, name).endswith(".") for name in ("cause", "consequence", "action"))


@pytest.mark.parametrize(("percent", "found"), [(20.0, []), (19.9, ["STOCK_LOW"]), (4.9, ["STOCK_CRITICAL"])])
def test_a_tank_is_low_below_twenty_and_nearly_empty_below_five(percent: float, found: list[str]) -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_level(percent))
    assert list_raised(plant) == found


def test_a_chemical_may_have_a_limit_of_its_own() -> None:
    limits = AlarmLimits(overrides=(LimitOverride("T-9", "", {"stock_low_percent": 40.0}),))
    plant = EvaluatedPlant(limits)
    plant.receive_readings(plant.make_level(30, chemical="T-9"), plant.make_level(30))
    assert [entry.key.item for entry in plant.journal] == ["T-9"]


def load_need(plant: EvaluatedPlant, need_g: float, *, chemical: str = "T-12", batches: int = 20) -> None:
    recipe = "CU-85" if batches else ""
    need = BatchNeed(STATION, chemical, need_g, recipe, batches)
    plant.journal += plant.evaluator.load_batch_needs([need], plant.now)


@pytest.mark.parametrize(("need_g", "found"), [(500.0, ["STOCK_LOW"]), (1500.0, ["STOCK_CRITICAL"])])
def test_a_tank_with_less_than_a_batch_takes_is_nearly_empty(need_g: float, found: list[str]) -> None:
    plant = EvaluatedPlant()
    load_need(plant, need_g)
    plant.receive_readings(plant.make_level(10))
    assert list_raised(plant) == found
    took = {500.0: "500.0 g", 1500.0: "1.50 kg"}[need_g]
    expected = f"T-12 at 10.0 % · a batch of CU-85 takes {took} (median of 20 batches)"
    assert plant.journal[0].message.endswith(expected)


@pytest.mark.parametrize(
    ("need_g", "last_g", "found"), [(1500.0, 1.0, ["STOCK_CRITICAL"]), (40.0, 3000.0, [])]
)
def test_one_last_dose_neither_hides_nor_makes_a_tank_that_is_nearly_empty(
    need_g: float, last_g: float, found: list[str]
) -> None:
    plant = EvaluatedPlant()
    load_need(plant, need_g)
    plant.receive_readings(plant.make_dose(target_g=last_g), plant.make_level(12))
    assert [rule for rule in list_raised(plant) if rule == "STOCK_CRITICAL"] == found


def test_while_no_batch_is_known_the_last_dose_counts_and_the_text_says_so() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_dose(target_g=1500), plant.make_level(10))
    assert list_raised(plant) == ["STOCK_CRITICAL"]
    assert plant.journal[0].message.endswith("T-12 at 10.0 % · last dose 1.50 kg")
    load_need(plant, 40.0, batches=1)
    plant.advance_clock(61)
    assert [entry.key.rule for entry in plant.journal if entry.event is AlarmEvent.RETURN] == [
        "STOCK_CRITICAL"
    ]


def test_a_batch_that_takes_more_makes_a_tank_nearly_empty_without_a_new_level() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_level(30))
    load_need(plant, 40.0)
    assert list_raised(plant) == []
    load_need(plant, 3500.0)
    assert list_raised(plant) == ["STOCK_CRITICAL"]


def test_what_a_batch_takes_is_known_from_before_a_restart() -> None:
    """The levels are loaded after it: by the last dose alone they would be an alarm."""
    plant = EvaluatedPlant()
    load_need(plant, 40.0)
    plant.journal += plant.evaluator.load_history([plant.make_level(25), plant.make_dose(target_g=3000)])
    assert list_raised(plant) == []


def test_a_changed_limit_counts_at_once() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_level(30))
    higher = AlarmLimits(ingredients=IngredientLimits(stock_low_percent=40.0))
    plant.journal += plant.evaluator.replace_limits(higher, plant.now)
    assert list_raised(plant) == ["STOCK_LOW"]


@given(st.floats(0.1, 100), st.floats(0.1, 10_000))
def test_nearly_empty_is_below_the_limit_or_below_one_batch(percent: float, need_g: float) -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_dose(target_g=need_g), plant.make_level(percent))
    expected = percent < 5 or percent < 100 * need_g / 10_000
    assert ("STOCK_CRITICAL" in list_raised(plant)) == expected


def test_a_level_jump_exactly_on_the_refill_limit_is_no_refill() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_level(50), plant.make_level(51))
    assert "STOCK_RESET" not in list_raised(plant)


def test_a_level_that_jumps_up_was_refilled_or_reset() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_level(50), plant.make_level(50.9))
    assert list_raised(plant) == []
    plant.receive_readings(plant.make_level(100))
    assert (
        find_message(plant, "STOCK_RESET")
        == "T-12 rose by 4.91 kg: refilled, or station dosing_system_01 restarted"
    )


def take_dose(plant: EvaluatedPlant, *, level_first: bool = False, lost: bool = False) -> None:
    """A dose of 40 g and the level after it."""
    plant.receive_readings(plant.make_level(50))
    plant.advance_clock()
    level, dose = replace(plant.make_level(49.6), time=plant.now), plant.make_dose(target_g=40)
    plant.receive_readings(*([level] if lost else [level, dose] if level_first else [dose, level]))
    plant.advance_clock(60)
    plant.receive_readings(plant.make_level(49.6))
    plant.advance_clock(60)


@pytest.mark.parametrize("level_first", [False, True])
def test_a_level_that_fits_its_doses_is_fine_in_either_order(level_first: bool) -> None:
    plant = EvaluatedPlant()
    take_dose(plant, level_first=level_first)
    assert list_raised(plant) == []


def test_a_dose_that_was_never_reported_shows_in_the_level() -> None:
    plant = EvaluatedPlant()
    take_dose(plant, lost=True)
    assert list_raised(plant) == ["STOCK_MISMATCH"]
    assert (
        find_message(plant, "STOCK_MISMATCH") == "T-12: 40.00 g more gone than was dosed (dosing_system_01)"
    )


def test_a_dose_delivered_twice_is_one() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_level(50))
    dose = plant.make_dose(target_g=40)
    plant.receive_readings(dose, dose, plant.make_level(49.6))
    plant.advance_clock(60)
    assert list_raised(plant) == []


@pytest.mark.parametrize(
    ("error_g", "found"),
    [(0.5, []), (-0.5, []), (0.51, ["DOSE_OUT_OF_TOL"]), (-2.0, ["DOSE_OUT_OF_TOL"]), (-2.1, ["DOSE_GROSS"])],
)
def test_a_dose_is_out_of_tolerance_or_grossly_wrong(error_g: float, found: list[str]) -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_dose(error_g))
    assert list_raised(plant) == found


def test_tolerance_in_percent_finds_what_grams_hide() -> None:
    """0.4 g is 8 % of a dose of 5 g."""
    plant = EvaluatedPlant(AlarmLimits(tolerance_rules=ToleranceRules(tolerance_percent=2.0)))
    plant.receive_readings(
        plant.make_dose(0.4, target_g=5), plant.make_dose(0.4, target_g=40, dedup=1, chemical="T-9")
    )
    assert [entry.key.item for entry in plant.journal] == ["T-12"]
    assert find_message(plant, "DOSE_OUT_OF_TOL") == (
        "Dose out of tolerance: T-12 +0.40 g of 5.00 g (pump 2, dosing_system_01)"
    )


def test_a_gross_error_is_one_however_wide_the_tolerance() -> None:
    plant = EvaluatedPlant(AlarmLimits(tolerance_rules=make_rules(ToleranceOverride("T-12", "", 3.0))))
    plant.receive_readings(plant.make_dose(2.5))
    assert list_raised(plant) == ["DOSE_GROSS"]


def test_a_recipe_may_have_a_tolerance_of_its_own() -> None:
    plant = EvaluatedPlant(AlarmLimits(tolerance_rules=make_rules(ToleranceOverride("t-12", "cu-85", 0.1))))
    plant.receive_readings(plant.make_dose(0.2), plant.make_dose(0.2, recipe="FG-85/95", dedup=1))
    assert len(list_raised(plant)) == 1


def test_the_recipes_tolerance_comes_before_the_plants() -> None:
    """T-12, 5 g ± 2 %: 0.15 g is out, though the plant's rule is 0.5 g; of another recipe it is not."""
    recipe = MasterRecipe("CU-85", (MasterIngredient("T-12", 2, 5.0, tolerance_percent=2.0),))
    plant = EvaluatedPlant()
    plant.evaluator.rules.tolerances = ToleranceBook(
        masters=(MasterVersion(recipe, 1, NOW - timedelta(days=1)),)
    )
    plant.receive_readings(
        plant.make_dose(0.15, target_g=5.0), plant.make_dose(0.15, target_g=5.0, recipe="FG-85/95", dedup=1)
    )
    assert list_raised(plant) == ["DOSE_OUT_OF_TOL"]


def test_a_dose_below_what_the_scale_can_weigh_is_neither_in_nor_out() -> None:
    plant = EvaluatedPlant(AlarmLimits(tolerance_rules=ToleranceRules(0.1, least_dose_g=8.2)))
    for number in range(25):
        plant.advance_clock(10)
        plant.receive_readings(plant.make_dose(1.5, target_g=8.1, dedup=number))
    plant.advance_clock(12)
    assert list_raised(plant) == []
    plant.receive_readings(plant.make_dose(2.5, target_g=8.1, dedup=99))
    assert list_raised(plant) == ["DOSE_GROSS"]


def test_a_mean_error_needs_five_doses() -> None:
    plant = EvaluatedPlant(AlarmLimits(IngredientLimits(gross_error_g=9), tolerance_rules=ToleranceRules(9)))
    for number in range(5):
        plant.advance_clock(30)
        assert list_raised(plant) == []
        plant.receive_readings(plant.make_dose(1.23 * (-1) ** number, dedup=number))
    plant.advance_clock(12)
    assert list_raised(plant) == ["ERR_MEAN_1H", "ERR_MEAN_1H"]
    assert find_message(plant, "ERR_MEAN_1H") == "High dosing error rate: 1.23 g average (dosing_system_01)"


def test_a_mean_error_is_forgotten_after_an_hour() -> None:
    plant = EvaluatedPlant(AlarmLimits(IngredientLimits(gross_error_g=9), tolerance_rules=ToleranceRules(9)))
    for number in range(5):
        plant.receive_readings(plant.make_dose(1.5, dedup=number))
    plant.advance_clock(12)
    plant.outlook = replace(plant.outlook, is_shift_scheduled=False)
    plant.advance_clock(3700)
    assert plant.get_shown_state("ERR_MEAN_1H") is AlarmStateName.RTN_UNACK


def test_a_drifting_pump_is_found_among_good_ones() -> None:
    plant = EvaluatedPlant(AlarmLimits(IngredientLimits(gross_error_g=9), tolerance_rules=ToleranceRules(9)))
    for number in range(12):
        plant.receive_readings(plant.make_dose(1.6 if number % 2 else 0.0, pump=1 + number % 2, dedup=number))
    plant.advance_clock(12)
    assert [e.key.item for e in plant.journal] == ["pump 2"]


def test_a_rate_of_doses_out_of_tolerance_needs_twenty() -> None:
    plant = EvaluatedPlant()
    for number in range(20):
        plant.advance_clock(10)
        plant.receive_readings(plant.make_dose(0.6 if number < 2 else 0.0, dedup=number))
    plant.advance_clock(12)
    assert list_raised(plant) == ["DOSE_OUT_OF_TOL", "ERR_RATE_1H"]
    assert find_message(plant, "ERR_RATE_1H") == (
        "10.0 % of the last hour's 20 doses out of tolerance (dosing_system_01)"
    )


def test_doses_exactly_on_the_tolerance_do_not_count_in_the_rate() -> None:
    plant = EvaluatedPlant()
    for number in range(20):
        plant.advance_clock(10)
        plant.receive_readings(plant.make_dose(0.5 if number < 2 else 0.0, dedup=number))
    plant.advance_clock(12)
    assert list_raised(plant) == []


def test_after_a_restart_the_last_hour_is_known_from_the_database() -> None:
    plant = EvaluatedPlant()
    plant.evaluator.rules.load_dose_errors(
        [DoseErrorMinute(STATION, 2, NOW - timedelta(minutes=5), 10, 14.0, 0)]
    )
    plant.advance_clock(12)
    assert list_raised(plant) == ["ERR_MEAN_1H", "ERR_MEAN_1H"]


def test_a_silent_batch_has_stalled() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_event("start"))
    plant.advance_clock(360)
    assert list_raised(plant) == []
    plant.advance_clock(10)
    assert plant.get_shown_state("BATCH_STALLED") is AlarmStateName.UNACK
    assert find_message(plant, "BATCH_STALLED").startswith("Batch CU-85 stalled: no message for 6 min 6 s")
    plant.receive_readings(plant.make_dose())
    plant.advance_clock(2)
    assert plant.get_shown_state("BATCH_STALLED") is AlarmStateName.RTN_UNACK


def run_batch(plant: EvaluatedPlant, *pumps: int, expected: int = 2) -> None:
    plant.receive_readings(plant.make_event("start", pumps=expected))
    for number, pump in enumerate(pumps):
        plant.advance_clock(60)
        plant.receive_readings(plant.make_dose(pump=pump, chemical=f"C-{pump}", dedup=number))
    plant.advance_clock()
    plant.receive_readings(plant.make_event("complete", pumps=expected))
    plant.advance_clock(5)


def test_a_whole_batch_says_nothing() -> None:
    plant = EvaluatedPlant()
    run_batch(plant, 1, 2)
    run_batch(plant, 2, 3)
    assert list_raised(plant) == []


@pytest.mark.parametrize(
    ("pumps", "found"),
    [
        ((1,), "1 pump, 2 expected · 1 dose"),
        ((1, 2, 3), "3 pumps, 2 expected · 3 doses"),
        ((1, 2, 2), "3 doses, 2 expected · from 2 pumps"),
        ((1, 1), "1 pump, 2 expected · 2 doses"),
    ],
)
def test_a_batch_with_a_dose_missing_or_too_many_raises_an_alarm(pumps: tuple[int, ...], found: str) -> None:
    plant = EvaluatedPlant()
    run_batch(plant, *pumps)
    assert list_raised(plant) == ["BATCH_INGREDIENT"]
    assert find_message(plant, "BATCH_INGREDIENT") == f"Batch CU-85: {found} (dosing_system_01)"


MASTER = MasterVersion(
    MasterRecipe("CU-85", (MasterIngredient("C-1", pump=1, target_g=40.0), MasterIngredient("C-2"))),
    version=1,
    valid_from=NOW - timedelta(days=1),
)


@pytest.mark.parametrize(
    ("pumps", "found"),
    [
        ((1, 2), ""),
        ((1,), "C-2 is missing"),
        ((1, 3), "C-2 is missing, C-3 does not belong to it"),
        ((1, 2, 2), "C-2 came 2 times"),
    ],
)
def test_a_batch_is_compared_with_its_recipes_master(pumps: tuple[int, ...], found: str) -> None:
    plant = EvaluatedPlant()
    plant.evaluator.rules.tolerances = ToleranceBook(masters=(MASTER,))
    run_batch(plant, *pumps, expected=len(pumps))
    said = [entry.message for entry in plant.journal if entry.key.rule == "BATCH_INGREDIENT"]
    assert said == ([f"Batch CU-85: {found} (dosing_system_01)"] if found else [])


@pytest.mark.parametrize(
    ("pumps", "found"), [((1, 2, 1), ""), ((1, 2), "C-1 came once, not 2 times"), ((2,), "C-1 is missing")]
)
def test_a_recipe_may_dose_a_chemical_twice(pumps: tuple[int, ...], found: str) -> None:
    plant = EvaluatedPlant()
    twice = replace(MASTER.recipe, ingredients=(*MASTER.recipe.ingredients, MasterIngredient("c-1", pump=1)))
    plant.evaluator.rules.tolerances = ToleranceBook(masters=(replace(MASTER, recipe=twice),))
    run_batch(plant, *pumps, expected=len(pumps))
    said = [entry.message for entry in plant.journal if entry.key.rule == "BATCH_INGREDIENT"]
    assert said == ([f"Batch CU-85: {found} (dosing_system_01)"] if found else [])


def test_an_ingredient_from_another_pump_than_the_masters_raises_an_alarm() -> None:
    plant = EvaluatedPlant()
    plant.evaluator.rules.tolerances = ToleranceBook(masters=(MASTER,))
    plant.receive_readings(plant.make_event("start"))
    plant.receive_readings(plant.make_dose(pump=3, chemical="c-1 "), plant.make_dose(pump=2, chemical="C-2"))
    plant.advance_clock()
    plant.receive_readings(plant.make_event("complete"))
    assert "C-1 came from pump 3 instead of 1" in find_message(plant, "BATCH_INGREDIENT")


def test_a_master_of_another_recipe_or_of_later_does_not_count() -> None:
    plant = EvaluatedPlant()
    other = replace(MASTER, recipe=replace(MASTER.recipe, name="FG-85/95"))
    later = replace(MASTER, valid_from=NOW + timedelta(days=1))
    plant.evaluator.rules.tolerances = ToleranceBook(masters=(other, later))
    run_batch(plant, 3, 4)
    assert list_raised(plant) == []


def test_a_pump_with_the_wrong_chemical_raises_an_alarm() -> None:
    plant = EvaluatedPlant(
        AlarmLimits(tolerance_rules=ToleranceRules(pump_chemicals=("DMDEE", "T-12", "T-9", "L25B")))
    )
    plant.receive_readings(plant.make_dose(pump=2), plant.make_dose(pump=3, dedup=1))
    assert find_message(plant, "BATCH_INGREDIENT") == "Pump 3 dosed T-12 instead of T-9 (dosing_system_01)"
    assert len(plant.journal) == 1


@pytest.mark.parametrize(
    ("named", "found"),
    [((), ["PUMP_CHEMICAL"]), (("", ""), []), (("", "T-9"), []), (("T-9",), ["PUMP_CHEMICAL"])],
)
def test_what_a_pump_doses_is_learnt_unless_the_plant_says_it(
    named: tuple[str, ...], found: list[str]
) -> None:
    plant = EvaluatedPlant(AlarmLimits(tolerance_rules=ToleranceRules(pump_chemicals=named)))
    plant.evaluator.rules.load_dose_history([StoredPumpDoses(STATION, 2, ("T-9",) + ("T-12",) * 199)], ())
    doses = [plant.make_dose(pump=2, dedup=number) for number in range(3)]
    plant.receive_readings(doses[0], replace(doses[1], chemical="T-9"), doses[2])
    assert [each for each in list_raised(plant) if each != "BATCH_INGREDIENT"] == found
    if found:
        assert find_message(plant, "PUMP_CHEMICAL") == (
            "Pump 2 dosed T-9 instead of T-12 (200 of its last 200 doses, dosing_system_01)"
        )


def test_another_chemical_for_good_is_an_alarm_until_the_pump_is_no_longer_sure() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(*(plant.make_dose(pump=2, dedup=number) for number in range(200)))
    for number in range(200, 210):
        plant.receive_readings(replace(plant.make_dose(pump=2, dedup=number), chemical="T-9"))
    assert list_raised(plant) == ["PUMP_CHEMICAL"]
    counts = {entry.event for entry in plant.journal}
    assert counts <= {AlarmEvent.RAISE, AlarmEvent.REALARM}


@pytest.mark.parametrize("ending", ["abort", "error", "start"])
def test_a_batch_that_does_not_end_well_raises_an_alarm(ending: str) -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_event("start"))
    plant.advance_clock(10)
    plant.receive_readings(plant.make_event(ending))
    assert list_raised(plant) == ["BATCH_ABORTED"]


def test_a_batch_without_messages_is_aborted() -> None:
    plant = EvaluatedPlant()
    plant.outlook = replace(plant.outlook, is_shift_scheduled=False)
    plant.receive_readings(plant.make_event("start"))
    plant.advance_clock(3601)
    assert plant.get_shown_state("BATCH_ABORTED", item="CU-85") is AlarmStateName.UNACK
    assert find_message(plant, "BATCH_ABORTED") == (
        "Batch CU-85 aborted: no messages for 1 h 0 min (dosing_system_01)"
    )


def test_a_batch_begun_before_a_restart_is_not_counted() -> None:
    plant = EvaluatedPlant()
    plant.evaluator.load_history([plant.make_event("start")])
    plant.advance_clock(5)
    plant.receive_readings(plant.make_dose(), plant.make_event("complete"))
    plant.advance_clock(5)
    assert list_raised(plant) == []


def test_a_station_that_falls_silent_is_offline_after_ten_minutes() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_level(50))
    plant.advance_clock(599)
    assert list_raised(plant) == []
    plant.advance_clock(1)
    assert find_message(plant, "DEVICE_OFFLINE") == "Dosing system offline for 10 min (dosing_system_01)"
    plant.receive_readings(plant.make_level(50))
    plant.advance_clock(1)
    assert plant.get_shown_state("DEVICE_OFFLINE") is AlarmStateName.RTN_UNACK


def test_each_station_is_looked_at_by_itself() -> None:
    plant = EvaluatedPlant()
    for _ in range(11):
        plant.receive_readings(plant.make_level(50))
        plant.advance_clock(60)
        if not plant.journal:
            plant.evaluator.load_history([plant.make_level(50, device="other")])
    assert plant.get_shown_state("DEVICE_OFFLINE") is AlarmStateName.NORMAL


def test_an_expected_station_that_never_reported_is_offline() -> None:
    plant = EvaluatedPlant(expected=("dosing_system_07",))
    plant.advance_clock(599)
    assert list_raised(plant) == []
    plant.advance_clock(1)
    assert (
        find_message(plant, "DEVICE_OFFLINE") == "Dosing system offline: dosing_system_07 has never reported"
    )


def test_nothing_is_said_of_stations_while_the_broker_is_down() -> None:
    plant = EvaluatedPlant(expected=("dosing_system_07",))
    plant.receive_readings(plant.make_level(50))
    plant.outlook = replace(plant.outlook, broker=ConnectionState(False, NOW, "gone"))
    plant.advance_clock(1200)
    assert list_raised(plant) == ["BROKER_DOWN"]
    plant.outlook = replace(plant.outlook, broker=ConnectionState(True, plant.now))
    plant.advance_clock(59)
    assert list_raised(plant) == ["BROKER_DOWN"]
    plant.advance_clock(1)
    assert list_raised(plant) == ["BROKER_DOWN", "DEVICE_OFFLINE"]


def test_each_refused_topic_has_its_alarm_until_the_broker_grants_it() -> None:
    plant = EvaluatedPlant()
    doses, events = "factory/dosing/consumption", "factory/batch/events"
    plant.outlook = replace(
        plant.outlook, topics=(TopicAccess(doses, is_refused=False), TopicAccess(events, is_refused=True))
    )
    plant.advance_clock(1)
    assert list_raised(plant) == ["TOPIC_REFUSED"]
    assert plant.get_shown_state("TOPIC_REFUSED", "", events) is AlarmStateName.UNACK
    refused = plant.outlook
    plant.outlook = replace(
        refused, topics=(TopicAccess(doses, is_refused=False), TopicAccess(events, is_refused=False)),
        broker=ConnectionState(False, NOW, "gone"),
    )  # fmt: skip
    plant.advance_clock(1)
    plant.outlook = replace(refused, broker=ConnectionState(True, plant.now))
    plant.advance_clock(1)
    assert plant.get_shown_state("TOPIC_REFUSED", "", events) is AlarmStateName.UNACK
    plant.outlook = replace(
        plant.outlook, topics=(TopicAccess(doses, is_refused=False), TopicAccess(events, is_refused=False))
    )
    plant.advance_clock(1)
    assert plant.get_shown_state("TOPIC_REFUSED", "", events) is AlarmStateName.RTN_UNACK


def test_a_restart_does_not_end_the_offline_alarm_of_a_station_that_is_still_silent() -> None:
    plant = EvaluatedPlant(expected=(STATION,))
    plant.advance_clock(700)
    plant.confirm_journal()
    after = EvaluatedPlant(expected=(STATION,), now=NOW)
    after.journal = list(plant.journal)
    after.confirm_journal()
    after.advance_clock(700)
    assert len(after.journal) == len(plant.journal)
    assert after.get_shown_state("DEVICE_OFFLINE") is AlarmStateName.UNACK


def test_a_silent_station_is_expected_outside_the_shifts() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_level(50))
    plant.outlook = replace(plant.outlook, is_shift_scheduled=False)
    plant.advance_clock(700)
    assert plant.get_shown_state("DEVICE_OFFLINE") is AlarmStateName.SUPPRESSED
    (view,) = plant.evaluator.take_snapshot(plant.now, is_journal_live=True).suppressed
    assert view.state.hiding is not None
    assert view.state.hiding.why == "no batch is open and no shift is scheduled"
    plant.outlook = replace(plant.outlook, is_shift_scheduled=True)
    plant.advance_clock(1)
    assert plant.get_shown_state("DEVICE_OFFLINE") is AlarmStateName.UNACK


def test_a_batch_is_waited_for_outside_the_shifts_too() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_event("start"))
    plant.outlook = replace(plant.outlook, is_shift_scheduled=False)
    plant.advance_clock(601)
    assert plant.get_shown_state("DEVICE_OFFLINE") is AlarmStateName.UNACK


def test_a_stalled_batch_stays_urgent_when_its_station_counts_as_offline() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_event("start"))
    plant.advance_clock(400)
    assert plant.get_shown_state("BATCH_STALLED") is AlarmStateName.UNACK
    plant.advance_clock(201)
    assert plant.get_shown_state("DEVICE_OFFLINE") is AlarmStateName.UNACK
    assert plant.get_shown_state("BATCH_STALLED") is AlarmStateName.UNACK
    assert [entry.event for entry in plant.journal] == [AlarmEvent.RAISE, AlarmEvent.RAISE]


def test_a_batch_that_nobody_can_hear_of_is_not_called_stalled() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_event("start"))
    plant.outlook = replace(plant.outlook, broker=ConnectionState(False, NOW, "connection refused"))
    plant.advance_clock(400)
    assert plant.get_shown_state("BROKER_DOWN", "") is AlarmStateName.UNACK
    assert plant.get_shown_state("BATCH_STALLED") is AlarmStateName.NORMAL


@pytest.mark.parametrize(("behind", "found"), [(4, []), (6, ["CLOCK_SKEW"]), (-6, ["CLOCK_SKEW"])])
def test_a_clock_that_is_off_by_more_than_five_seconds(behind: int, found: list[str]) -> None:
    plant = EvaluatedPlant()
    for number in range(12):
        plant.receive_readings(plant.make_dose(behind=timedelta(seconds=behind), dedup=number))
        plant.advance_clock(10)
    assert list_raised(plant) == found


def test_messages_held_up_by_the_broker_say_nothing_of_the_clock() -> None:
    plant = EvaluatedPlant()
    for number in range(8):
        plant.receive_readings(plant.make_dose(behind=timedelta(seconds=600 - 50 * number), dedup=number))
    for number in range(8, 20):
        plant.advance_clock(20)
        plant.receive_readings(plant.make_dose(dedup=number))
    assert list_raised(plant) == []


def test_a_station_without_a_clock_raises_an_alarm() -> None:
    plant = EvaluatedPlant()
    for number in range(12):
        plant.receive_readings(replace(plant.make_dose(dedup=number), time_quality=TimeQuality.UPTIME))
        plant.advance_clock(10)
    assert find_message(plant, "CLOCK_SKEW").startswith("Station dosing_system_01 sends no usable time")


def test_a_database_that_is_down_says_what_waits() -> None:
    plant = EvaluatedPlant()
    plant.outlook = replace(
        plant.outlook,
        database=ConnectionState(False, NOW, "No server."),
        spool_count=1234,
        oldest_spooled_at=NOW,
    )
    plant.advance_clock(11)
    assert find_message(plant, "DB_DOWN") == "Database down: buffering 1 234 messages, oldest 0 s · No server"


def test_a_database_that_is_down_does_not_count_messages_where_none_wait() -> None:
    plant = EvaluatedPlant()
    plant.outlook = replace(plant.outlook, database=ConnectionState(False, NOW, "No server."), spool_count=0)
    plant.advance_clock(11)
    assert find_message(plant, "DB_DOWN") == "Database down · No server"


@pytest.mark.parametrize(("percent", "since"), [(81.0, None), (1.0, NOW - timedelta(minutes=61))])
def test_a_spool_that_fills_up(percent: float, since: datetime | None) -> None:
    plant = EvaluatedPlant()
    plant.outlook = replace(plant.outlook, spool_percent=percent, spool_count=5, oldest_spooled_at=since)
    plant.advance_clock(11)
    assert list_raised(plant) == ["SPOOL_HIGH"]


def test_a_spool_that_takes_nothing_more_is_an_alarm_at_once() -> None:
    plant = EvaluatedPlant()
    plant.outlook = replace(plant.outlook, is_intake_stopped=True)
    plant.advance_clock(1)
    assert list_raised(plant) == ["SPOOL_FULL"]
    assert find_message(plant, "SPOOL_FULL") == "Spool full: messages wait at the broker"


def test_a_part_of_the_database_that_fails_is_an_alarm_after_twenty_seconds() -> None:
    plant = EvaluatedPlant()
    fault = DatabasePartState("journal", "Alarm journal unavailable: a right is missing.")
    works = DatabasePartState("journal", "")
    plant.outlook = replace(plant.outlook, database=ConnectionState(True, plant.now), database_parts=(fault,))
    plant.advance_clock(19)
    assert list_raised(plant) == []
    plant.advance_clock(2)
    assert list_raised(plant) == ["DB_PARTIAL"]
    assert plant.get_shown_state("DB_PARTIAL", "", "journal") is AlarmStateName.UNACK
    # while all of the database is down, nothing is known of its parts
    plant.outlook = replace(
        plant.outlook, database=ConnectionState(False, plant.now, "gone"), database_parts=(works,)
    )
    plant.advance_clock(15)
    assert plant.get_shown_state("DB_PARTIAL", "", "journal") is AlarmStateName.SUPPRESSED
    plant.outlook = replace(plant.outlook, database=ConnectionState(True, plant.now))
    plant.advance_clock(15)
    assert plant.get_shown_state("DB_PARTIAL", "", "journal") is AlarmStateName.RTN_UNACK
