"""Which alarm a tag means that is normal."""

import pytest

from dosing_tui.domain.alarms import operator_commands
from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.domain.alarms.models import AlarmKey, Priority, Shown
from dosing_tui.domain.alarms.operator_commands import Asking
from dosing_tui.domain.alarms.tag_lookup import ABOUT, Heard, normal_alarm
from dosing_tui.errors import AlarmRefused
from tests.support.domain.alarm_entries import ANNA
from tests.support.domain.evaluated_plant import STATION, Plant

HEARD = Heard((STATION,), ("T-12", "A/B"))


def test_every_rule_says_what_it_is_about() -> None:
    assert ABOUT.keys() == RULES.keys()


@pytest.mark.parametrize(
    "key",
    [
        AlarmKey("SPOOL_HIGH"),
        AlarmKey("CLOCK_SKEW", STATION),
        AlarmKey("ERR_MEAN_1H", STATION),
        AlarmKey("ERR_MEAN_1H", STATION, "pump 2"),
        AlarmKey("STOCK_RESET", STATION, "A/B"),
        AlarmKey("BATCH_ABORTED", STATION, "FG-85/95"),
        AlarmKey("QUARANTINE", "", "factory/line 1/x"),
    ],
    ids=lambda key: key.tag,
)
def test_a_tag_is_its_alarm(key: AlarmKey) -> None:
    assert normal_alarm(key.tag, HEARD).key == key
    assert normal_alarm(key.tag, HEARD).shown is Shown.NORMAL


@pytest.mark.parametrize(
    ("tag", "shape"),
    [
        ("DB_DOWN/x", "DB_DOWN."),
        ("DEVICE_OFFLINE", "DEVICE_OFFLINE/STATION."),
        (f"DEVICE_OFFLINE/{STATION}/T-12", "DEVICE_OFFLINE/STATION."),
        (f"DOSE_GROSS/{STATION}", "DOSE_GROSS/STATION/CHEMICAL."),
        (f"BATCH_ABORTED/{STATION}/", "BATCH_ABORTED/STATION/RECIPE."),
        (f"ERR_MEAN_1H/{STATION}/T-12", "pump 2."),
        ("QUARANTINE", "QUARANTINE/TOPIC."),
    ],
)
def test_a_tag_of_another_shape_is_refused_with_the_right_one(tag: str, shape: str) -> None:
    with pytest.raises(AlarmRefused) as refused:
        normal_alarm(tag, HEARD)
    assert str(refused.value).endswith(shape)


def test_while_the_scale_is_away_its_doses_raise_nothing() -> None:
    plant = Plant()
    gross = normal_alarm(f"DOSE_GROSS/{STATION}/T-12", HEARD)
    asking = Asking(ANNA, plant.now)
    plant.journal.append(
        operator_commands.remove(gross, asking, priority=Priority.HIGH, reason="scale is away")
    )
    plant.written()
    assert plant.hear(plant.dose(30.0)) == []
    plant.tick(120)
    removed = plant.evaluator.replica.state(gross.key)
    assert removed.shown is Shown.OUT_OF_SERVICE
    plant.journal.append(operator_commands.restore(removed, Asking(ANNA, plant.now)))
    plant.written()
    plant.tick(2)
    assert plant.shown(*gross.key) is Shown.NORMAL
    plant.hear(plant.dose(31.0, dedup=1))
    assert plant.shown(*gross.key) is Shown.UNACK
