"""Masses, pumps and durations in every spelling stations are known to use."""

import pytest

from tests.support.domain.payload_samples import (
    DOSE,
    DOSES,
    a_dose,
    a_rejection,
    change_fields,
    with_raw,
)

ACCEPTED_NUMBERS: list[tuple[str, float | None, str]] = [
    ("40", 40.0, ""),
    ("4.0e1", 40.0, ""),
    ("-0.00", 0.0, ""),
    ("1e-300", 0.0, ""),
    ('"40.15"', 40.15, "text"),
    ('" 40.15 "', 40.15, "text"),
    ('"+4e1"', 40.0, "text"),
    ('".5"', 0.5, "text"),
    ('"40,15"', 40.15, "decimal comma"),
    ('"0,150"', 0.15, "decimal comma"),
    ('"1234,567"', 1234.567, "decimal comma"),
    ("nan", None, "nan"),
    ("-nan", None, "nan"),
    ("inf", None, "nan"),
    ("NaN", None, "nan"),
    ("Infinity", None, "inf"),
    ("-Infinity", None, "-inf"),
    ("1e999", None, "inf"),
    ('"nan"', None, "nan"),
    ('"-inf"', None, "-inf"),
    ('""', None, "empty"),
    ('"null"', None, "null"),
    ("null", None, "missing"),
    ("-3.5", -3.5, "range"),
    ("1e12", 1e12, "range"),
]


@pytest.mark.parametrize(("raw", "value", "flag"), ACCEPTED_NUMBERS)
def test_a_mass_is_taken_or_left_out_and_flagged(raw: str, value: float | None, flag: str) -> None:
    found = a_dose(with_raw(DOSE, "target_g", raw))
    assert found.target_g == value
    assert [each for each in found.flags if each.startswith("target_g")] == (
        [f"target_g: {flag}"] if flag else []
    )


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ('"much"', "'much' is not a number"),
        ('"1,234"', "'1,234' may have a decimal comma or a thousands separator"),
        ('"1,234,567"', "'1,234,567' is not a number"),
        ('"1_000"', "'1_000' is not a number"),
        ('"٣"', "'٣' is not a number"),
        ('"40 g"', "'40 g' is not a number"),
        ("true", "true is not a number"),
        ("[40]", "a list is not a number"),
        ('{"g":40}', "an object is not a number"),
        ("1e300", "1e+300 is too large"),
        ("1" + "0" * 40, "a number of very many digits is too large"),
        ("9" * 5_000, f"'{'9' * 39}…' is not a number"),
        ('"' + "9" * 30 + '"', "'999999999999999999999999999999' is too large"),
    ],
)
@pytest.mark.parametrize("name", ["target_g", "actual_g", "error_g"])
def test_a_bad_mass_is_left_out_and_flagged_and_the_dose_is_kept(raw: str, said: str, name: str) -> None:
    found = a_dose(with_raw(DOSE, name, raw))
    assert f"{name}: {said}" in found.flags
    masses = {"target_g": found.target_g, "actual_g": found.actual_g}
    assert masses.pop(name, None) is None
    assert all(mass is not None for mass in masses.values())
    # without its mass a dose has no error; a bad error is computed from both masses
    assert found.error_g == {"target_g": 0.15, "actual_g": None, "error_g": 0.15}[name]


@pytest.mark.parametrize(
    "word", ["unavailable", "Unknown", "none", "n/a", "N/A", "NA", "-", "--", "–", "?", "undefined"]
)
@pytest.mark.parametrize("name", ["target_g", "actual_g", "error_g", "duration_ms"])
def test_a_word_for_nothing_is_no_number_and_flagged(word: str, name: str) -> None:
    found = a_dose(change_fields(DOSE, **{name: word}))
    assert f"{name}: {word.lower()}" in found.flags
    if name != "error_g":
        assert getattr(found, name) is None


@pytest.mark.parametrize(
    ("raw", "pump", "flags"),
    [
        ("2", 2, ()),
        ("2.0", 2, ()),
        ("2e0", 2, ()),
        ('"2"', 2, ("pump: text",)),
        ('" 2.0"', 2, ("pump: text",)),
        ("0", 0, ("pump: range",)),
        ("-1", -1, ("pump: range",)),
        ("9", 9, ("pump: range",)),
        ("2147483647", 2_147_483_647, ("pump: range",)),
    ],
)
def test_a_pump_is_a_whole_number(raw: str, pump: int, flags: tuple[str, ...]) -> None:
    found = a_dose(with_raw(DOSE, "pump", raw))
    assert (found.pump, found.flags) == (pump, flags)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("3.7", "pump: 3.7 is not a whole number"),
        ('"3.7"', "pump: '3.7' is not a whole number"),
        ('"3,7"', "pump: '3,7' is not a whole number"),
        ('"two"', "pump: 'two' is not a number"),
        ("2147483648", "pump: 2147483648 is too large"),
        ("-2147483649", "pump: -2147483649 is too large"),
        ("1e300", "pump: 1e+300 is too large"),
        ("9" * 25, "pump: 9999999999999999999999999 is too large"),
        ("9" * 5_000, f"pump: '{'9' * 39}…' is not a number"),
        ("nan", "pump: nan is not a number"),
        ("1e999", "pump: inf is not a number"),
        ("null", "pump is missing"),
        ('""', "pump: '' is not a number"),
        ("false", "pump: false is not a number"),
    ],
)
def test_a_pump_that_is_none_is_refused_with_its_value(raw: str, reason: str) -> None:
    payload = with_raw(DOSE, "pump", raw)
    assert a_rejection(DOSES, payload).reason == reason
    assert a_rejection(DOSES, payload).record == payload


@pytest.mark.parametrize(
    ("raw", "value", "flags"),
    [
        ("300000", 300_000, ()),
        ("300001", 300_001, ("duration_ms: range",)),
        ("4294966296", 4_294_966_296, ("duration_ms: range",)),
        ("58432.5", 58_432, ("duration_ms: coerced",)),
        ("58433.5", 58_434, ("duration_ms: coerced",)),
        ("58432.0004", 58_432, ("duration_ms: coerced",)),
        ('"58432,5"', 58_432, ("duration_ms: decimal comma", "duration_ms: coerced")),
        ("true", None, ("duration_ms: true is not a number",)),
        ("1e13", None, ("duration_ms: 10000000000000 is too large",)),
        ("58432.0", 58_432, ()),
        ('"58432"', 58_432, ("duration_ms: text",)),
        ("-5", -5, ("duration_ms: range",)),
        ("4294967296", 4_294_967_296, ("duration_ms: range",)),
        ("null", None, ("duration_ms: missing",)),
        ("nan", None, ("duration_ms: nan",)),
    ],
)
def test_a_duration_is_rounded_to_milliseconds_and_flagged_where_impossible(
    raw: str, value: int | None, flags: tuple[str, ...]
) -> None:
    found = a_dose(with_raw(DOSE, "duration_ms", raw))
    assert (found.duration_ms, found.flags) == (value, flags)
