"""Tubes and calibrations: what is due, by which limit, and its alarm."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.alarm_rules.dose_rules import check_service
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.shared.rule_state import RuleState
from dosing_tui.domain.alarms.models import AlarmEvent
from dosing_tui.domain.capability.service_state import (
    PlantServiceLimits,
    ServiceLimitOverride,
    ServiceLimits,
    ServiceState,
    ServiceWork,
    list_service_dues,
)
from tests.support.domain.alarm_entries import NOW
from tests.support.domain.evaluated_plant import STATION, EvaluatedPlant

DAY = timedelta(days=1)
LOGGED = ServiceState(
    STATION, 2, NOW - 20 * DAY, NOW - 91 * DAY, NOW - 10 * DAY, NOW - 400 * DAY, 20_400.0, 36_000.0
)
LIMITS = ServiceLimits(calibration_days=90, scale_calibration_days=30, tube_life_g=20_000, tube_life_hours=20)


def list_events(plant: EvaluatedPlant) -> list[tuple[str, str, str]]:
    return [(entry.event.value, entry.key.tag, entry.message) for entry in plant.journal]


def test_what_is_due_is_raised_and_returns_when_it_is_done() -> None:
    plant = EvaluatedPlant(AlarmLimits(service=PlantServiceLimits(LIMITS)))
    plant.evaluator.rules.service_states = [LOGGED]
    plant.advance_clock()
    calibration = f"Calibration is due: 91 of 90 d ({STATION}, pump 2)"
    tube = f"Tube change is due: 20 400 of 20 000 g ({STATION}, pump 2)"
    assert list_events(plant) == [
        ("raise", f"CALIBRATION_DUE/{STATION}/pump 2", calibration),
        ("raise", f"TUBE_DUE/{STATION}/pump 2", tube),
    ]
    done = replace(LOGGED, calibrated_at=NOW, tube_at=NOW, tube_g=0.0, tube_run_s=0.0)
    plant.evaluator.rules.service_states = [done]
    plant.advance_clock(12)
    assert [entry.event for entry in plant.journal[2:]] == [AlarmEvent.RETURN] * 2


def test_a_scale_has_one_alarm_whatever_its_pumps() -> None:
    plant = EvaluatedPlant(AlarmLimits(service=PlantServiceLimits(ServiceLimits(scale_calibration_days=9))))
    plant.evaluator.rules.service_states = [LOGGED, replace(LOGGED, pump=3)]
    plant.advance_clock()
    assert list_events(plant) == [
        (
            "raise",
            f"CALIBRATION_DUE/{STATION}",
            f"Calibration of the scale is due: 10 of 9 d ({STATION}, scale)",
        )
    ]


def test_without_a_limit_nothing_is_due_and_what_was_returns() -> None:
    found = list(
        check_service(RuleState((), NOW), [LOGGED, replace(LOGGED, pump=3)], PlantServiceLimits(), NOW)
    )
    assert {detection.active for detection in found} == {False}
    assert [detection.key.tag for detection in found] == [
        f"CALIBRATION_DUE/{STATION}/pump 2", f"TUBE_DUE/{STATION}/pump 2", f"CALIBRATION_DUE/{STATION}",
        f"CALIBRATION_DUE/{STATION}/pump 3", f"TUBE_DUE/{STATION}/pump 3",
    ]  # fmt: skip


def test_while_nothing_is_logged_the_first_dose_counts_and_it_is_said() -> None:
    bare = replace(LOGGED, tube_at=None, calibrated_at=None, first_at=NOW - 100 * DAY)
    dues = list(list_service_dues(bare, LIMITS, NOW))
    assert [(due.work, due.used, due.is_due, due.last_at is not None) for due in dues] == [
        (ServiceWork.CALIBRATION, 100, True, False),
        (ServiceWork.SCALE_CALIBRATION, 10, False, True),
        (ServiceWork.TUBE, 20_400, True, False),
        (ServiceWork.TUBE, 10, False, False),
    ]
    plant = EvaluatedPlant(AlarmLimits(service=PlantServiceLimits(LIMITS)))
    plant.evaluator.rules.service_states = [bare]
    plant.advance_clock()
    assert "100 of 90 d, none in the log" in plant.journal[0].message


def test_a_pump_may_have_limits_of_its_own_and_the_later_counts() -> None:
    limits = PlantServiceLimits(LIMITS, (
        ServiceLimitOverride("", 2, tube_life_g=50_000.0),
        ServiceLimitOverride(STATION.upper(), 2, calibration_days=0.0),
    ))  # fmt: skip
    assert limits.get_limits(STATION, 2) == replace(LIMITS, tube_life_g=50_000.0, calibration_days=0.0)
    assert limits.get_limits("other", 2) == replace(LIMITS, tube_life_g=50_000.0)
    assert limits.get_limits(STATION, 1) == LIMITS


@given(st.floats(0, 1e6), st.floats(0, 1e8), st.floats(0.1, 1e5), st.floats(0.1, 1e5))
def test_a_tube_is_due_by_whichever_limit_comes_first(
    grams: float, seconds: float, life_g: float, life_hours: float
) -> None:
    state = replace(LOGGED, tube_g=grams, tube_run_s=seconds)
    dues = list_service_dues(state, ServiceLimits(tube_life_g=life_g, tube_life_hours=life_hours), NOW)
    assert any(due.is_due for due in dues) == (grams >= life_g or seconds / 3600 >= life_hours)


@pytest.mark.parametrize("days", [89.9, 90.0])
def test_the_due_date_is_the_last_calibration_and_the_interval(days: float) -> None:
    at = NOW - timedelta(days=days)
    (due,) = list_service_dues(replace(LOGGED, calibrated_at=at), ServiceLimits(calibration_days=90), NOW)
    assert due.due_at == at + 90 * DAY
    assert due.is_due == (due.due_at <= NOW)


def test_of_pumps_that_are_not_due_nothing_is_told_while_their_alarms_are_normal() -> None:
    """Every pump, each second."""
    plant, states = (
        EvaluatedPlant(AlarmLimits(service=PlantServiceLimits(LIMITS))),
        [replace(LOGGED, tube_g=5.0)],
    )
    rules = plant.evaluator.rules
    told = [each.key.rule for each in check_service(rules.state, states, PlantServiceLimits(LIMITS), NOW)]
    assert told == ["CALIBRATION_DUE"]
    assert list(check_service(rules.state, states, PlantServiceLimits(), NOW)) == []
