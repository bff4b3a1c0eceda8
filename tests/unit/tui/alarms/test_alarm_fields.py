"""Values of alarms with their units."""

import pytest

from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.tui.alarms.alarm_fields import VALUE_UNITS, format_alarm_value


@pytest.mark.parametrize(
    ("rule", "value", "text"),
    [
        ("DEVICE_OFFLINE", 432_470.49, "5 d 0 h"), ("DEVICE_OFFLINE", 600.0, "10 min"),
        ("DEVICE_OFFLINE", 7_199.9, "119 min"), ("DEVICE_OFFLINE", 11_100.0, "3 h 5 min"),
        ("CLOCK_SKEW", -45.2, "−45 s"), ("STOCK_LOW", 19.96, "19.9 %"), ("DOSE_GROSS", -1.5, "-1.50 g"),
        ("STOCK_RESET", 5_230.4, "5 230 g"),
        ("BATCH_INGREDIENT", 3.0, "3 doses"), ("SPOOL_HIGH", 8.0, "8.00"),
        ("STOCK_LOW", None, "–"), ("DEVICE_OFFLINE", float("nan"), "–"), ("ANOTHER_RELEASE", 1.0, "1.00"),
    ],
)  # fmt: skip
def test_a_value_has_its_unit_and_as_many_digits_as_mean_something(
    rule: str, value: float | None, text: str
) -> None:
    assert format_alarm_value(rule, value) == text


def test_units_belong_to_rules_of_the_catalog() -> None:
    assert set(VALUE_UNITS) <= set(RULES)
