"""Messages that arrive late: what they prove wrong returns to normal, what they raise says their own time."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from dosing_tui.domain.alarm_rules.delays import MAX_STANDING, DelayedCondition
from dosing_tui.domain.alarm_rules.shared.detection import Detection
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey, AlarmStateName, JournalEntry
from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterRecipe, MasterVersion
from dosing_tui.domain.messages.models import Reading, TimeQuality
from dosing_tui.domain.tolerances.tolerance_book import ToleranceBook
from tests.support.domain.alarm_entries import ANNA, NOW, make_entry
from tests.support.domain.evaluated_plant import STATION, EvaluatedPlant

MASTER = MasterVersion(
    MasterRecipe("CU-85", (MasterIngredient("T-9"), MasterIngredient("T-12"))),
    version=1,
    valid_from=NOW - timedelta(days=1),
)


def list_events(plant: EvaluatedPlant, rule: str) -> list[AlarmEvent]:
    return [entry.event for entry in plant.journal if entry.key.rule == rule]


def find_withdrawal(plant: EvaluatedPlant, rule: str) -> JournalEntry:
    return next(entry for entry in plant.journal if entry.key.rule == rule and entry.comment)


def run_batch_without_a_dose(plant: EvaluatedPlant) -> None:
    """Start, one of two doses, complete."""
    plant.receive_readings(plant.make_event("start"))
    plant.advance_clock(60)
    plant.receive_readings(plant.make_dose(pump=3, chemical="T-9"))
    plant.advance_clock(60)
    plant.receive_readings(plant.make_event("complete"))
    plant.advance_clock(5)


@pytest.mark.parametrize("has_master", [False, True])
def test_a_late_dose_withdraws_the_alarm_of_its_missing_ingredient(has_master: bool) -> None:
    plant = EvaluatedPlant()
    plant.evaluator.rules.tolerances = ToleranceBook(masters=(MASTER,) if has_master else ())
    run_batch_without_a_dose(plant)
    assert plant.get_shown_state("BATCH_INGREDIENT", item="CU-85") is AlarmStateName.UNACK
    plant.receive_readings(plant.make_dose(dedup=1, behind=timedelta(seconds=30)))
    assert plant.get_shown_state("BATCH_INGREDIENT", item="CU-85") is AlarmStateName.RTN_UNACK
    assert find_withdrawal(plant, "BATCH_INGREDIENT").comment == (
        "Withdrawn: the dose of T-12 was received late; its own time is 2026-11-23 10:01:35."
    )


def test_it_is_withdrawn_also_once_it_is_latched_and_normal_where_it_was_acknowledged() -> None:
    plant = EvaluatedPlant()
    run_batch_without_a_dose(plant)
    plant.advance_clock(120)
    assert plant.get_shown_state("BATCH_INGREDIENT", item="CU-85") is AlarmStateName.LATCHED_UNACK
    key = next(entry.key for entry in plant.journal if entry.key.rule == "BATCH_INGREDIENT")
    plant.journal.append(make_entry(AlarmEvent.ACKNOWLEDGE, 999, seconds=300, key=key, who=ANNA))
    plant.confirm_journal()
    assert plant.get_shown_state("BATCH_INGREDIENT", item="CU-85") is AlarmStateName.LATCHED_ACKED
    plant.receive_readings(plant.make_dose(dedup=1, behind=timedelta(seconds=200)))
    assert plant.get_shown_state("BATCH_INGREDIENT", item="CU-85") is AlarmStateName.NORMAL


def test_the_alarm_of_another_batch_of_the_recipe_stays() -> None:
    plant = EvaluatedPlant()
    run_batch_without_a_dose(plant)
    plant.advance_clock(300)
    run_batch_without_a_dose(plant)
    plant.receive_readings(plant.make_dose(dedup=1, behind=timedelta(seconds=30)))
    assert plant.get_shown_state("BATCH_INGREDIENT", item="CU-85") is AlarmStateName.UNACK
    plant.receive_readings(plant.make_dose(dedup=2, behind=timedelta(seconds=30 + 425)))
    assert plant.get_shown_state("BATCH_INGREDIENT", item="CU-85") is AlarmStateName.RTN_UNACK


def test_a_late_dose_is_not_counted_in_the_batch_that_runs_meanwhile() -> None:
    plant = EvaluatedPlant()
    run_batch_without_a_dose(plant)
    plant.receive_readings(plant.make_event("start"))
    plant.advance_clock(30)
    plant.receive_readings(plant.make_dose(dedup=1, behind=timedelta(seconds=60)))
    plant.advance_clock(30)
    plant.receive_readings(plant.make_dose(pump=3, chemical="T-9", dedup=2))
    plant.advance_clock(30)
    plant.receive_readings(plant.make_dose(dedup=3), plant.make_event("complete"))
    plant.advance_clock(5)
    assert list_events(plant, "BATCH_INGREDIENT") == [AlarmEvent.RAISE, AlarmEvent.RETURN]


def test_a_late_complete_withdraws_the_abort_by_the_next_start() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_event("start"))
    plant.advance_clock(60)
    plant.receive_readings(
        plant.make_dose(pump=3, chemical="T-9"), plant.make_dose(dedup=1, behind=timedelta(seconds=5))
    )
    plant.advance_clock(60)
    plant.receive_readings(plant.make_event("start"))
    plant.advance_clock(10)
    assert plant.get_shown_state("BATCH_ABORTED", item="CU-85") is AlarmStateName.UNACK
    late = plant.make_event("complete")
    plant.receive_readings(replace(late, time=late.time - timedelta(seconds=30)))
    assert plant.get_shown_state("BATCH_ABORTED", item="CU-85") is AlarmStateName.RTN_UNACK
    assert find_withdrawal(plant, "BATCH_ABORTED").comment == (
        "Withdrawn: the complete of CU-85 was received late; its own time is 2026-11-23 10:01:40."
    )
    plant.advance_clock(50)
    plant.receive_readings(plant.make_dose(pump=3, chemical="T-9", dedup=5), plant.make_dose(dedup=6))
    plant.receive_readings(plant.make_event("complete"))
    plant.advance_clock(5)
    assert list_events(plant, "BATCH_INGREDIENT") == []
    assert list_events(plant, "BATCH_ABORTED") == [AlarmEvent.RAISE, AlarmEvent.RETURN]


def test_a_batch_given_up_for_want_of_messages_is_completed_by_buffered_ones() -> None:
    plant = EvaluatedPlant()
    plant.outlook = replace(plant.outlook, is_shift_scheduled=False)
    plant.receive_readings(plant.make_event("start"))
    plant.advance_clock(3_700)
    assert plant.get_shown_state("BATCH_ABORTED", item="CU-85") is not AlarmStateName.NORMAL
    hour = timedelta(seconds=3_600)
    end = plant.make_event("complete")
    plant.receive_readings(
        plant.make_dose(pump=3, chemical="T-9", behind=hour),
        plant.make_dose(dedup=1, behind=hour - timedelta(seconds=50)),
        replace(end, time=end.time - hour + timedelta(seconds=55)),
    )
    assert plant.get_shown_state("BATCH_ABORTED", item="CU-85") is AlarmStateName.RTN_UNACK
    assert list_events(plant, "BATCH_INGREDIENT") == []


def test_a_late_dose_withdraws_the_alarm_of_the_level_that_did_not_fit() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_level(50))
    plant.advance_clock(60)
    plant.receive_readings(plant.make_level(49.2))  # 80 g less: two doses are missing
    plant.advance_clock(60)
    assert plant.get_shown_state("STOCK_MISMATCH", item="T-12") is AlarmStateName.UNACK
    plant.receive_readings(plant.make_dose(dedup=1, behind=timedelta(seconds=70)))
    assert plant.get_shown_state("STOCK_MISMATCH", item="T-12") is AlarmStateName.UNACK
    plant.receive_readings(plant.make_dose(dedup=2, behind=timedelta(seconds=65)))
    assert plant.get_shown_state("STOCK_MISMATCH", item="T-12") is AlarmStateName.RTN_UNACK
    plant.receive_readings(plant.make_level(49.2))
    plant.advance_clock(60)
    assert list_events(plant, "STOCK_MISMATCH") == [AlarmEvent.RAISE, AlarmEvent.RETURN]


def test_a_dose_after_the_level_withdraws_nothing() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_level(50))
    plant.advance_clock(60)
    plant.receive_readings(plant.make_level(49.6))
    plant.advance_clock(60)
    plant.receive_readings(plant.make_dose(dedup=1), plant.make_level(49.2))
    assert AlarmEvent.RETURN not in list_events(plant, "STOCK_MISMATCH")


def test_an_alarm_on_a_late_reading_says_its_own_time() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_dose(3.0, behind=timedelta(hours=5)))
    assert plant.journal[0].message == (
        "Gross dosing error: T-12 +3.00 g of 40.00 g (pump 2, dosing_system_01) · at 2026-11-23 05:00:00"
    )
    assert plant.journal[0].at == NOW


def test_its_own_time_is_shown_on_the_plants_clock() -> None:
    from zoneinfo import ZoneInfo

    plant = EvaluatedPlant(AlarmLimits(zone=ZoneInfo("America/Chicago")))
    plant.receive_readings(plant.make_dose(3.0, behind=timedelta(hours=5)))
    assert plant.journal[0].message.endswith(" · at 2026-11-22 23:00:00")


def test_an_alarm_on_a_reading_in_time_says_no_time() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_dose(3.0, behind=timedelta(seconds=2)))
    assert " · at " not in plant.journal[0].message


def test_a_late_reading_without_a_time_of_its_own_says_so() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(replace(plant.make_dose(3.0), time_quality=TimeQuality.BACKLOG))
    assert plant.journal[0].message.endswith(" · received late, its own time is unknown")


@pytest.mark.parametrize("step_s", [1, 12, 60, 300])
@pytest.mark.parametrize("interval_s", [0, 1])
def test_hours_of_buffered_doses_are_no_clock_alarm(step_s: int, interval_s: int) -> None:
    """A station that was cut off sends what it kept, faster than it happened."""
    plant = EvaluatedPlant()
    for number in range(40):
        behind = timedelta(seconds=4 * 3_600 - step_s * number - interval_s * number)
        plant.receive_readings(plant.make_dose(dedup=number, behind=behind))
        plant.advance_clock(interval_s)
    plant.advance_clock(180)
    assert "CLOCK_SKEW" not in {entry.key.rule for entry in plant.journal}


def test_a_clock_that_is_hours_off_is_one_after_a_backlog_too() -> None:
    plant = EvaluatedPlant()
    for number in range(20):
        plant.receive_readings(plant.make_dose(dedup=number, behind=timedelta(seconds=9_000 - 60 * number)))
    for number in range(20, 40):
        plant.advance_clock(30)
        plant.receive_readings(plant.make_dose(dedup=number, behind=timedelta(hours=1)))
    assert plant.get_shown_state("CLOCK_SKEW", STATION) is AlarmStateName.UNACK


def test_a_start_that_arrives_after_its_complete_opens_no_batch() -> None:
    plant = EvaluatedPlant()
    plant.outlook = replace(plant.outlook, is_shift_scheduled=False)
    plant.receive_readings(plant.make_event("complete"))
    plant.advance_clock(2)
    start = plant.make_event("start")
    plant.receive_readings(replace(start, time=start.time - timedelta(seconds=120)))
    plant.advance_clock(4_000)
    assert not {"BATCH_STALLED", "BATCH_ABORTED"} & {entry.key.rule for entry in plant.journal}


def test_a_late_start_of_an_earlier_batch_does_not_abort_the_one_that_runs() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_event("start"))
    plant.advance_clock(10)
    start = plant.make_event("start")
    plant.receive_readings(replace(start, time=start.time - timedelta(minutes=30)))
    assert list_events(plant, "BATCH_ABORTED") == []


def test_the_start_in_the_second_of_a_lone_complete_opens_a_batch() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_event("complete"), plant.make_event("start"))
    plant.advance_clock(380)
    assert plant.get_shown_state("BATCH_STALLED") is AlarmStateName.UNACK


def restart(plant: EvaluatedPlant, *stored: Reading) -> EvaluatedPlant:
    """Another process, which has read the journal and the stored readings."""
    plant.confirm_journal()
    after = EvaluatedPlant(now=plant.now)
    after.evaluator.restart_from(plant.evaluator.create_checkpoint())
    after.evaluator.load_history(stored)
    return after


def test_a_late_dose_withdraws_also_after_a_restart() -> None:
    plant = EvaluatedPlant()
    start = plant.make_event("start")
    plant.advance_clock(60)
    dose = plant.make_dose(pump=3, chemical="T-9")
    plant.advance_clock(60)
    complete = plant.make_event("complete")
    plant.receive_readings(start, dose, complete)
    after = restart(plant, start, complete, dose)
    assert after.get_shown_state("BATCH_INGREDIENT", item="CU-85") is AlarmStateName.UNACK
    after.advance_clock(10)
    after.receive_readings(after.make_dose(dedup=1, behind=timedelta(seconds=30)))
    assert after.get_shown_state("BATCH_INGREDIENT", item="CU-85") is AlarmStateName.RTN_UNACK


def test_a_late_complete_withdraws_also_after_a_restart() -> None:
    plant = EvaluatedPlant()
    start = plant.make_event("start")
    plant.advance_clock(120)
    other = plant.make_event("start")
    doses = [
        plant.make_dose(pump=3, chemical="T-9", behind=timedelta(seconds=60)),
        plant.make_dose(dedup=1, behind=timedelta(seconds=40)),
    ]
    plant.receive_readings(start, *doses, other)
    after = restart(plant, start, other, *doses)
    after.advance_clock(10)
    late = after.make_event("complete")
    after.receive_readings(replace(late, time=late.time - timedelta(seconds=30)))
    assert after.get_shown_state("BATCH_ABORTED", item="CU-85") is AlarmStateName.RTN_UNACK
    assert "BATCH_INGREDIENT" not in {entry.key.rule for entry in after.journal}


def test_of_what_stands_against_an_alarm_that_nobody_acknowledges_the_first_and_the_last_are_kept() -> None:
    """A batch without its dose every few minutes, for months."""
    detection = Detection(AlarmKey("BATCH_INGREDIENT", STATION, "CU-85"), True, "")
    condition = DelayedCondition(RULES["BATCH_INGREDIENT"], detection, True, True, NOW)
    for number in range(10_000):
        condition.add_standing(str(number))
    last = [str(number) for number in range(10_001 - MAX_STANDING, 10_000)]
    assert condition.standing == ["0", *last]


def share_intake(plant: EvaluatedPlant, *, is_shared: bool) -> None:
    """Another program with the collector's client ID receives some of the messages, or no longer."""
    plant.outlook = replace(plant.outlook, is_intake_shared=is_shared)


def test_what_another_program_received_raises_no_alarm_of_batches_and_stock() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_level(50.0), plant.make_event("start"))
    share_intake(plant, is_shared=True)
    plant.advance_clock(3)
    plant.receive_readings(plant.make_dose(pump=3, chemical="T-9"), plant.make_event("complete"))
    plant.advance_clock(3)
    plant.receive_readings(plant.make_event("start"))
    plant.advance_clock(3)
    plant.receive_readings(plant.make_level(48.0), plant.make_event("start"))
    plant.advance_clock(1)
    share_intake(plant, is_shared=False)
    plant.advance_clock(60)
    rules = {entry.key.rule for entry in plant.journal}
    assert rules.isdisjoint({"BATCH_INGREDIENT", "BATCH_ABORTED", "STOCK_MISMATCH"})


def test_what_was_raised_just_before_it_was_noticed_is_withdrawn() -> None:
    plant = EvaluatedPlant()
    run_batch_without_a_dose(plant)
    assert plant.get_shown_state("BATCH_INGREDIENT", item="CU-85") is AlarmStateName.UNACK
    share_intake(plant, is_shared=True)
    plant.advance_clock(1)
    assert plant.get_shown_state("BATCH_INGREDIENT", item="CU-85") is AlarmStateName.RTN_UNACK
    comment = find_withdrawal(plant, "BATCH_INGREDIENT").comment
    assert comment == "Withdrawn: another program with this client ID receives messages of this time."


def test_an_alarm_from_long_before_stands() -> None:
    plant = EvaluatedPlant()
    run_batch_without_a_dose(plant)
    plant.advance_clock(120)
    share_intake(plant, is_shared=True)
    plant.advance_clock(5)
    assert not [entry for entry in plant.journal if entry.comment]


def test_afterwards_whole_batches_are_evaluated_again() -> None:
    plant = EvaluatedPlant()
    share_intake(plant, is_shared=True)
    plant.advance_clock(5)
    share_intake(plant, is_shared=False)
    plant.advance_clock(1)
    run_batch_without_a_dose(plant)
    assert plant.get_shown_state("BATCH_INGREDIENT", item="CU-85") is AlarmStateName.UNACK
