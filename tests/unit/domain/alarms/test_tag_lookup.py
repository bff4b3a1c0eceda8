"""Which alarm a tag means that is normal."""

import pytest

from dosing_tui.domain.alarms import operator_commands
from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.domain.alarms.models import AlarmKey, AlarmStateName, Priority
from dosing_tui.domain.alarms.operator_commands import CommandContext
from dosing_tui.domain.alarms.tag_lookup import TAG_SCOPES, PlantNames, find_normal_alarm
from dosing_tui.errors import AlarmCommandError
from tests.support.domain.alarm_entries import ANNA
from tests.support.domain.evaluated_plant import STATION, EvaluatedPlant

HEARD = PlantNames((STATION, "[/]", "hall", "Hall/1"), ("T-12", "A/B"))


def test_every_rule_says_what_it_is_about() -> None:
    assert TAG_SCOPES.keys() == RULES.keys()


@pytest.mark.parametrize(
    "key",
    [
        AlarmKey("SPOOL_HIGH"),
        AlarmKey("CLOCK_SKEW", STATION),
        AlarmKey("ERR_MEAN_1H", STATION),
        AlarmKey("ERR_MEAN_1H", STATION, "pump 2"),
        AlarmKey("STOCK_RESET", STATION, "A/B"),
        AlarmKey("BATCH_ABORTED", STATION, "FG-85/95"),
        AlarmKey("PUMP_CHEMICAL", STATION, "pump 2"),
        AlarmKey("CHEMICAL_SLOW", "", "A/B"),
        AlarmKey("QUARANTINE", "", "factory/line 1/x"),
        AlarmKey("RETIRED", "[/]"),
        AlarmKey("RETIRED", "Hall/1", "A/B"),
        AlarmKey("DEVICE_OFFLINE", "Hall/1"),
        AlarmKey("BATCH_ABORTED", "hall", "FG-85/95"),
    ],
    ids=lambda key: key.tag,
)
def test_a_tag_is_its_alarm(key: AlarmKey) -> None:
    assert find_normal_alarm(key.tag, HEARD).key == key
    assert find_normal_alarm(key.tag, HEARD).state_name is AlarmStateName.NORMAL


@pytest.mark.parametrize(
    ("tag", "shape"),
    [
        ("DB_DOWN/x", "DB_DOWN."),
        ("DEVICE_OFFLINE", "DEVICE_OFFLINE/STATION."),
        (f"DEVICE_OFFLINE/{STATION}/T-12", "DEVICE_OFFLINE/STATION."),
        (f"DOSE_GROSS/{STATION}", "DOSE_GROSS/STATION/CHEMICAL."),
        (f"BATCH_ABORTED/{STATION}/", "BATCH_ABORTED/STATION/RECIPE."),
        (f"ERR_MEAN_1H/{STATION}/T-12", "pump 2."),
        (f"PUMP_CHEMICAL/{STATION}", "PUMP_CHEMICAL/STATION/pump 2."),
        ("CHEMICAL_SLOW", "CHEMICAL_SLOW/CHEMICAL."),
        ("QUARANTINE", "QUARANTINE/TOPIC."),
    ],
)
def test_a_tag_of_another_shape_is_refused_with_the_right_one(tag: str, shape: str) -> None:
    with pytest.raises(AlarmCommandError) as refused:
        find_normal_alarm(tag, HEARD)
    assert str(refused.value).endswith(shape)


def test_while_the_scale_is_away_its_doses_raise_nothing() -> None:
    plant = EvaluatedPlant()
    gross = find_normal_alarm(f"DOSE_GROSS/{STATION}/T-12", HEARD)
    asking = CommandContext(ANNA, plant.now)
    plant.journal.append(
        operator_commands.remove_from_service(gross, asking, priority=Priority.HIGH, reason="scale is away")
    )
    plant.confirm_journal()
    assert plant.receive_readings(plant.make_dose(30.0)) == []
    plant.advance_clock(120)
    removed = plant.evaluator.projection.get_state(gross.key)
    assert removed.state_name is AlarmStateName.OUT_OF_SERVICE
    plant.journal.append(operator_commands.return_to_service(removed, CommandContext(ANNA, plant.now)))
    plant.confirm_journal()
    plant.advance_clock(2)
    assert plant.get_shown_state(*gross.key) is AlarmStateName.NORMAL
    plant.receive_readings(plant.make_dose(31.0, dedup=1))
    assert plant.get_shown_state(*gross.key) is AlarmStateName.UNACK
