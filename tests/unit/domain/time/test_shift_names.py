"""Shifts by their names, also those that end on another day, and where there are none."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dosing_tui.domain.time.shift_calendar import THREE_SHIFTS, ShiftCalendar
from dosing_tui.domain.time.shift_names import parse_shift
from dosing_tui.errors import RangeError

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "name", "since"),
    [
        ("this", "Early", datetime(2026, 11, 24, 5, tzinfo=UTC)),
        (" Last  Shift ", "Night", datetime(2026, 11, 23, 21, tzinfo=UTC)),
        ("2026-11-20 late", "Late", datetime(2026, 11, 20, 13, tzinfo=UTC)),
        ("2026-10-24 Night", "Night", datetime(2026, 10, 24, 20, tzinfo=UTC)),
    ],
)
def test_a_shift_is_found_by_its_name(words: str, name: str, since: datetime) -> None:
    found = parse_shift(words, NOW, BERLIN, THREE_SHIFTS)
    assert (found.name, found.since) == (name, since)


def test_a_night_in_which_the_clocks_go_back_is_an_hour_longer() -> None:
    night = parse_shift("2026-10-24 Night", NOW, BERLIN, THREE_SHIFTS)
    assert (night.until - night.since).total_seconds() == 9 * 3600


@pytest.mark.parametrize("words", ["", "next", "2026-13-01 Early", "2026-11-24", "2026-11-24 \x1b[2J"])
def test_what_is_no_shift_is_refused_in_a_harmless_sentence(words: str) -> None:
    with pytest.raises(RangeError) as raised:
        parse_shift(words, NOW, BERLIN, THREE_SHIFTS)
    assert "\x1b" not in str(raised.value)


@pytest.mark.parametrize("words", ["this", "last"])
def test_without_shifts_the_setting_is_named(words: str) -> None:
    with pytest.raises(RangeError, match=r"\[\[shifts\]\]"):
        parse_shift(words, NOW, BERLIN, ShiftCalendar(()))
