"""A hundred real faults, each in a batch between two good ones, are a hundred batches with an exception."""

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from msgspec.structs import replace

from dosing_tui.domain.batch_review.exception_checks import judge_batch
from dosing_tui.domain.batch_review.finding_weight import ExceptionKind
from dosing_tui.domain.batches.alarm_overlap import AlarmSpan
from dosing_tui.domain.batches.master_recipe import MasterVersion
from dosing_tui.domain.messages.models import BatchEvent, Dose, Reading
from dosing_tui.domain.tolerances.rules import ToleranceRules
from tests.support.domain.batch_messages import (
    STATION,
    make_dose,
    make_event,
    make_level,
    normal_batch,
    reconstruct_from,
    seconds_after,
)
from tests.unit.domain.batch_review.test_exception_checks import MASTER, review_limits

BATCH_S = 300
LIMITS = review_limits(ToleranceRules(pump_chemicals=("DMDEE", "T-12", "T-9", "L25B")))
MessageFault = Callable[[list[Reading], float, Random], list[Reading]]


def put_out_of_tolerance(readings: list[Reading], at: float, random: Random) -> list[Reading]:
    off_g = random.choice((-1, 1)) * random.uniform(0.51, 6.0)
    return [
        replace(each, actual_g=40.0 + off_g, error_g=off_g)
        if isinstance(each, Dose) and each.chemical == "T-9"
        else each
        for each in readings
    ]


def lose_a_dose(readings: list[Reading], at: float, random: Random) -> list[Reading]:
    name = random.choice(("T-9", "T-12"))
    return [each for each in readings if not (isinstance(each, Dose) and each.chemical == name)]


def add_an_ingredient(readings: list[Reading], at: float, random: Random) -> list[Reading]:
    return [*readings, make_dose(at + 90, random.choice(("L25B", "DMDEE")))]


def swap_the_pump(readings: list[Reading], at: float, random: Random) -> list[Reading]:
    """To the other ingredient's pump: without a master recipe only that shows."""
    return [
        replace(each, pump=3) if isinstance(each, Dose) and each.chemical == "T-12" else each
        for each in readings
    ]


def mistake_the_pump(readings: list[Reading], at: float, random: Random) -> list[Reading]:
    """A pump that nothing else uses: only the plant's own list of pumps tells."""
    return [
        replace(each, pump=4) if isinstance(each, Dose) and each.chemical == "T-12" else each
        for each in readings
    ]


def abort_the_batch(readings: list[Reading], at: float, random: Random) -> list[Reading]:
    kept = [each for each in readings if not (isinstance(each, BatchEvent) and each.event == "complete")]
    return [*kept, make_event(at + 124, "abort")] if random.random() < 0.5 else kept


def fill_a_used_tank(readings: list[Reading], at: float, random: Random) -> list[Reading]:
    return readings  # its level is raised by ``make_levels``


FAULTS: dict[MessageFault, ExceptionKind] = {
    put_out_of_tolerance: ExceptionKind.TOLERANCE,
    lose_a_dose: ExceptionKind.MISSING,
    add_an_ingredient: ExceptionKind.EXTRA,
    swap_the_pump: ExceptionKind.WRONG_PUMP,
    mistake_the_pump: ExceptionKind.WRONG_PUMP,
    abort_the_batch: ExceptionKind.NOT_COMPLETE,
    fill_a_used_tank: ExceptionKind.STOCK_JUMP,
}


def make_plant(random: Random) -> tuple[list[Reading], dict[float, ExceptionKind]]:
    """201 batches of one station, every second one with a fault, and the levels after each dose."""
    readings: list[Reading] = [make_level(-60, name, 9_000.0) for name in ("T-9", "T-12", "L25B", "DMDEE")]
    expected: dict[float, ExceptionKind] = {}
    level_g = dict.fromkeys(("T-9", "T-12", "L25B", "DMDEE"), 9_000.0)
    for number in range(201):
        at, messages = float(number * BATCH_S), normal_batch(number * BATCH_S)
        refilled_g = 0.0
        if number % 2:
            fault = random.choice(list(FAULTS))
            expected[at] = FAULTS[fault]
            messages = fault(messages, at, random)
            refilled_g = random.uniform(200, 3_000) if fault is fill_a_used_tank else 0.0
        readings += messages
        for dose in sorted((each for each in messages if isinstance(each, Dose)), key=lambda each: each.time):
            level_g[dose.chemical] += refilled_g - (dose.actual_g or 0.0)
            refilled_g = 0.0
            seconds = (dose.time - seconds_after(0)).total_seconds()
            readings.append(make_level(seconds + 0.1, dose.chemical, level_g[dose.chemical]))
        if random.random() < 0.1:  # a tank that the batch does not use is filled meanwhile
            level_g["L25B"] += 500.0
            readings.append(make_level(at + 95, "L25B", level_g["L25B"]))
    return readings, expected


@pytest.mark.parametrize("master", [None, MASTER])
def test_a_hundred_faults_are_a_hundred_exceptions_and_nothing_else_is(master: MasterVersion | None) -> None:
    readings, expected = make_plant(Random(1))
    plant_alarms = tuple(
        AlarmSpan(name, seconds_after(0), None, STATION)
        for name in ("ERR_RATE_1H", "ERR_MEAN_1H", "CLOCK_SKEW", "DB_DOWN", "STOCK_LOW/T-9")
    )
    found = {
        (batch.begins_at - seconds_after(0)).total_seconds(): [
            one.kind
            for one in judge_batch(batch, master=master, limits=LIMITS, alarms=plant_alarms).exceptions
        ]
        for batch in reconstruct_from(*readings)
    }
    assert len(found) == 201
    assert len(expected) == 100
    assert Counter(expected.values()).keys() == set(FAULTS.values()), "each kind of fault is among them"
    missed = {at: kind for at, kind in expected.items() if kind not in found[at]}
    assert missed == {}
    assert {at for at, kinds in found.items() if kinds} == set(expected)
