"""Lines of a ledger file: numbers that may be thousands are refused, the same line twice is one entry."""

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.materials.csv_entries import ParsedFile, parse_entries, parse_quantity

HEADER = "time,device_id,chemical,kind,quantity,unit"
LINE = "2026-11-24 06:00,s2,T-12,delivery,9500,g"


def parse(text: str) -> ParsedFile:
    return parse_entries(text, zone=UTC, operator="Anna", densities={"t-12": 1.06})


def list_keys(*lines: str, header: str = HEADER) -> list[str]:
    parsed = parse("\n".join([header, *lines]))
    assert parsed.faults == ()
    return [draft.entry_key for draft in parsed.drafts]


@pytest.mark.parametrize("text", ["9.500", "-12.000", "9,500", "1.234,5", "1,234,567"])
def test_a_number_that_may_be_thousands_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="thousands or a fraction"):
        parse_quantity(text)


@pytest.mark.parametrize(
    ("text", "number"), [("0.500", 0.5), ("9.5", 9.5), ("9.5000", 9.5), ("1234.500", 1234.5), ("12,5", 12.5)]
)
def test_a_number_that_can_only_be_one_is_taken(text: str, number: float) -> None:
    assert parse_quantity(text) == number


@pytest.mark.parametrize(("separator", "is_clear"), [(",", True), (";", False), ("\t", False)])
def test_a_point_is_a_decimal_where_commas_part_the_columns(separator: str, *, is_clear: bool) -> None:
    lines = f"{HEADER}\n{LINE.replace('9500', '9.500')}".replace(",", separator)
    parsed = parse(lines)
    assert [draft.quantity for draft in parsed.drafts] == ([9.5] if is_clear else [])
    assert bool(parsed.faults) is not is_clear


@pytest.mark.parametrize("density", ["1.060", "1,060", "1.06"])
def test_a_density_is_never_in_thousands(density: str) -> None:
    (draft,) = parse(
        f"{HEADER};density_g_per_ml\n{LINE},x".replace(",", ";").replace("g;x", f"l;{density}")
    ).drafts
    assert draft.mass_g == pytest.approx(9500 * 1060)


@pytest.mark.parametrize(
    "line",
    [
        LINE.replace("9500", "9500.0"),
        LINE.replace("9500", "9.5e3"),
        LINE.replace(" 06:00", "T06:00:00"),
        LINE.replace(" 06:00", "T07:00:00+01:00"),
        LINE.replace("delivery", "Delivery"),
        LINE.replace("T-12,", "T\N{NON-BREAKING HYPHEN}12 ,"),
    ],
)
def test_a_line_that_is_written_in_another_way_is_the_same_entry(line: str) -> None:
    assert list_keys(line) == list_keys(LINE)
    first, second = list_keys(LINE, line)
    assert first != second  # two deliveries of one file are two


def test_the_order_of_columns_and_empty_ones_change_no_key() -> None:
    moved = "quantity,unit,kind,chemical,device_id,time,pump,lot_number"
    assert list_keys("9500,g,delivery,T-12,s2,2026-11-24 06:00,,", header=moved) == list_keys(LINE)


@given(st.floats(1e-3, 1e6), st.floats(1e-3, 1e6))
def test_lines_have_one_key_if_they_say_the_same(one: float, other: float) -> None:
    keys = list_keys(LINE.replace("9500", repr(one))), list_keys(LINE.replace("9500", repr(other)))
    assert (keys[0] == keys[1]) is (one == other)
