"""Every value has its unit and digits that mean something, and an age limit."""

import inspect
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import dosing_tui
from dosing_tui.domain.alarms.catalog import RULES, AlarmRule, format_alarm_value
from dosing_tui.domain.quantities.quantity_text import (
    NO_VALUE,
    Quantity,
    choose_common_unit,
    cut_to_shown,
    format_duration,
    format_quantity,
)
from dosing_tui.domain.quantities.value_age import AGE_LIMITS, ValueKind, is_old

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def test_every_alarm_rule_declares_what_it_measures() -> None:
    assert inspect.signature(AlarmRule).parameters["quantity"].default is inspect.Parameter.empty
    assert all(isinstance(rule.quantity, Quantity) for rule in RULES.values())


@pytest.mark.parametrize("rule", [rule for rule in RULES.values() if rule.quantity is not Quantity.EVENT])
def test_a_value_of_an_alarm_has_a_unit_unless_it_is_a_count(rule: AlarmRule) -> None:
    text = format_alarm_value(rule.id, 1234.5678)
    if rule.quantity is Quantity.COUNT:
        assert text == "1 235"
    else:
        assert text.split()[-1] in ("g", "kg", "%", "s", "min", "h", "d")
        assert "5678" not in text


def test_a_station_silent_for_days_is_not_given_in_hundredths_of_a_second() -> None:
    assert format_alarm_value("DEVICE_OFFLINE", 432_470.49) == "5 d 0 h"
    assert format_alarm_value("DEVICE_OFFLINE", 600.0) == "10 min"


def test_a_level_below_its_limit_is_not_shown_as_the_limit() -> None:
    assert format_alarm_value("STOCK_LOW", 19.96) == "19.9 %"
    assert format_alarm_value("STOCK_LOW", 20.0) == "20.0 %"


def test_an_alarm_of_another_release_keeps_its_number() -> None:
    assert format_alarm_value("RULE_OF_TOMORROW", 12.345) == "12.35"


@example(1.8e307, Quantity.LEVEL)
@given(st.none() | st.floats(), st.sampled_from(Quantity))
def test_any_number_has_a_text_without_nan_and_of_few_cells(value: float | None, quantity: Quantity) -> None:
    text = format_quantity(value, quantity)
    assert text
    assert "nan" not in text
    assert "inf" not in text
    if value is None:
        assert text == NO_VALUE
    elif abs(value) < 1e6:
        assert len(text) <= 12


@given(st.floats(10, 1e8))
def test_a_duration_is_exact_to_its_smaller_unit(seconds: float) -> None:
    sizes = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}
    parts = format_duration(seconds).split()
    read = sum(int(number) * sizes[unit] for number, unit in zip(parts[::2], parts[1::2], strict=True))
    coarse = 3_600 if seconds >= 86_400 - 1 else 60 if seconds >= 3_600 - 1 else 1
    assert abs(read - seconds) <= coarse


@pytest.mark.parametrize("kind", ValueKind)
def test_every_kind_of_value_has_an_age_from_which_it_is_old(kind: ValueKind) -> None:
    limit = AGE_LIMITS[kind]
    assert not is_old(kind, NOW - limit, NOW)
    assert is_old(kind, NOW - limit - timedelta(seconds=1), NOW)
    assert is_old(kind, NOW - timedelta(days=5), NOW)


_OWN_DECIMALS = re.compile(r"\{[^{}]*:[+,]*\.(\d|\{[a-z_.]*\})f\}")
_ROOMS = ("tui", "cli", "notifiers", "export", "domain/alarm_rules", "domain/alarms", "doctor")
_FORMATTERS = {"tui/alarms/kpi_view.py": 1}


def test_no_text_chooses_its_decimals_on_its_own() -> None:
    """Every number that people read goes through a formatter of its quantity."""
    package = Path(dosing_tui.__file__).parent
    found = Counter(
        str(path.relative_to(package))
        for room in _ROOMS
        for path in sorted((package / room).rglob("*.py"))
        for _ in _OWN_DECIMALS.finditer(path.read_text(encoding="utf-8"))
    )
    assert found == _FORMATTERS


@given(value=st.floats(-1e9, 1e9), quantity=st.sampled_from(Quantity))
def test_a_value_that_is_cut_looks_as_it_did(value: float, quantity: Quantity) -> None:
    assert format_quantity(cut_to_shown(value, quantity), quantity) == format_quantity(value, quantity)


@given(st.lists(st.none() | st.floats(), max_size=9))
def test_a_unit_for_several_masses_shows_each_of_a_gram_or_more(masses: list[float | None]) -> None:
    unit = choose_common_unit(masses)
    assert 0 <= unit.decimals <= 3
    for mass in masses:
        if mass is not None and 1 <= abs(mass) < 1e12:
            assert float(unit.format_number(mass).replace(" ", "")) * unit.grams == pytest.approx(
                mass, rel=0.5
            )


@pytest.mark.parametrize(
    ("masses", "shown"),
    [((35_000.0, 660.0), "0.66"), ((2.0e6, 3.0), "0.003"), ((950.0, 0.5), "0.50"), ((40.0, 39.0), "39.0"),
     ((1e15, 8_700.0), "8.7"), ((5_000.0, 0.0), "0.00")],
)  # fmt: skip
def test_one_large_mass_does_not_round_the_others_away(masses: tuple[float, ...], shown: str) -> None:
    assert choose_common_unit(masses).format_number(masses[-1]) == shown
