"""An alarm's station, tag and text: each part once, and no two alarms alike."""

import pytest

from dosing_tui.domain.alarms.models import AlarmKey
from dosing_tui.domain.labels.alarm_labels import AlarmLabel, describe_alarm

STATION = "dosing_system_01"


@pytest.mark.parametrize(
    ("key", "message", "tag", "text"),
    [
        (("STOCK_LOW", STATION, "T-12"), "Low inventory: T-12 at 18.3 %", "STOCK_LOW/T-12",
         "Low inventory: T-12 at 18.3 %"),
        (("DOSE_GROSS", STATION, "T-12"), f"Gross dosing error: T-12 +3.10 g of 5.00 g (pump 2, {STATION})",
         "DOSE_GROSS/T-12", "Gross dosing error: T-12 +3.10 g of 5.00 g (pump 2)"),
        (("ERR_MEAN_1H", STATION, "pump 2"), f"High dosing error rate: 1.20 g average ({STATION}, pump 2)",
         "ERR_MEAN_1H/pump 2", "High dosing error rate: 1.20 g average (pump 2)"),
        (("DEVICE_OFFLINE", STATION, ""), f"Dosing system offline: {STATION} has never reported",
         "DEVICE_OFFLINE", "Dosing system offline: never reported"),
        (("CLOCK_SKEW", STATION, ""), f"Clock of station {STATION} is 12 s behind", "CLOCK_SKEW",
         "Clock is 12 s behind"),
        (("STOCK_RESET", STATION, "T-12"), f"T-12 rose by 900 g: refilled, or station {STATION} restarted",
         "STOCK_RESET/T-12", "T-12 rose by 900 g: refilled, or the station restarted"),
        (("STOCK_LOW", STATION, "T-12"), "", "STOCK_LOW/T-12", "Low inventory"),
    ],
)  # fmt: skip
def test_the_text_does_not_repeat_the_station(
    key: tuple[str, str, str], message: str, tag: str, text: str
) -> None:
    assert describe_alarm(AlarmKey(*key), message) == AlarmLabel(STATION, tag, text)


def test_a_shorter_text_of_a_batch_does_not_repeat_the_recipe_of_its_tag() -> None:
    key = AlarmKey("BATCH_INGREDIENT", STATION, "CU-85")
    label = describe_alarm(key, f"Batch CU-85: 3 doses, 2 expected · from 2 pumps ({STATION})")
    assert label.text == "Batch CU-85: 3 doses, 2 expected · from 2 pumps"
    assert label.shorter_texts[-1] == "3 doses, 2 expected · from 2 pumps"


def test_an_alarm_of_no_station_is_the_plants() -> None:
    label = describe_alarm(AlarmKey("QUARANTINE", "", "factory/dosing"), "3 messages refused")
    assert label == AlarmLabel("plant", "QUARANTINE/factory/dosing", "3 messages refused")


def test_a_station_has_its_short_name() -> None:
    label = describe_alarm(AlarmKey("DEVICE_OFFLINE", STATION), "", {STATION: "L1"})
    assert label.station == "L1"
