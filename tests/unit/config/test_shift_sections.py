"""``[[shifts]]``: defaults, refusals by number and name, and the way there and back."""

import tomllib
from datetime import time, timedelta
from pathlib import Path

import pytest

from dosing_tui.config.render_toml import render_settings, render_template
from dosing_tui.config.settings import DEFAULT_SHIFTS, Settings, ShiftSettings
from dosing_tui.domain.time import shift_calendar
from dosing_tui.domain.time.shift_calendar import Shift
from tests.unit.config.test_loader import load_refusal, load_text

EARLY = '[[shifts]]\nname = "Early"\nstart = "06:00"\n'


def test_three_shifts_of_eight_hours_hold_where_nothing_is_set() -> None:
    assert Settings().calendar == shift_calendar.THREE_SHIFTS


def test_shifts_are_read_and_replace_all_defaults(tmp_path: Path) -> None:
    result = load_text(
        tmp_path, EARLY + 'hours = 12\ndays = ["mon", "tue"]\n[[shifts]]\nname = "Night"\nstart = "18:30"'
    )
    assert result.settings.calendar.shifts == (
        Shift("Early", time(6), timedelta(hours=12), frozenset({"mon", "tue"})),
        Shift("Night", time(18, 30), timedelta(hours=8)),
    )
    assert result.sources["shifts"] == f"file {result.path}"


def test_the_shifts_in_force_are_shown_with_their_source_and_can_be_read_back(tmp_path: Path) -> None:
    text = EARLY + 'days = ["mon", "sun"]'
    shown = render_settings(load_text(tmp_path, text))
    assert f"[[shifts]]  # file {tmp_path}" in shown
    assert load_text(tmp_path, shown).settings.shifts == (
        ShiftSettings("Early", "06:00", days=("mon", "sun")),
    )  # fmt: skip
    none = render_settings(load_text(tmp_path, "shifts = []"))
    assert load_text(tmp_path, none).settings.shifts == ()
    assert "[[shifts]]  # default" in render_settings(load_text(tmp_path, ""))


def test_the_template_documents_the_shifts(tmp_path: Path) -> None:
    commented = (
        render_template()
        .partition("# One section for each shift")[2]
        .partition("\n")[2]
        .partition("# Other limits")[0]
    )
    uncommented = "\n".join(
        line.removeprefix("# ") for line in commented.splitlines() if "=" in line or "[[" in line
    )
    assert len(tomllib.loads(uncommented)["shifts"]) == 3
    assert load_text(tmp_path, uncommented).settings.shifts == DEFAULT_SHIFTS
    assert "Days on which it starts." in commented


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (EARLY + "hour = 8", "shifts[1].hour is not a setting. Did you mean shifts[1].hours?"),
        (EARLY + '[[shifts]]\nname = "Late"', "shifts[2]: start is missing."),
        (EARLY + 'hours = "8"', "shifts[1].hours: '8' is not a number."),
        (EARLY + 'days = "mon"', "shifts[1].days: is not a list of texts"),
        ('[shifts]\nname = "Early"', "shifts is a repeated section; write [[shifts]]"),
        ('[[shift]]\nname = "Early"', "[shift] is not a setting. Did you mean [shifts]?"),
        ('[[shifts]]\nname = "E"\nstart = "6:00"', "shifts 'E': start '6:00' is not a time of day"),
        ('[[shifts]]\nname = "E"\nstart = "24:00"', "shifts 'E': start '24:00' is not a time of day"),
        ('[[shifts]]\nname = " "\nstart = "06:00"', "shifts: ' ' is not a name"),
        (EARLY + "hours = 25", "shifts 'Early': hours 25 is outside 0.25 to 24."),
        (EARLY + "hours = nan", "shifts 'Early': hours nan is outside"),
        (EARLY + "days = []", "shifts 'Early': days is empty"),
        (EARLY + 'days = ["Monday"]', "day 'Monday' is not one of mon, tue, wed, thu, fri, sat, sun. "
                                      "Did you mean mon?"),
        (EARLY + '[[shifts]]\nname = "Late"\nstart = "13:30"\ndays = ["wed"]',
         "shifts: 'Early' of wed overlaps 'Late', which starts on wed at 13:30."),
        ('[[shifts]]\nname = "Night"\nstart = "22:00"\nhours = 9\ndays = ["sun"]\n' + EARLY,
         "shifts: 'Night' of sun overlaps 'Early', which starts on mon at 06:00."),
        (EARLY + EARLY, "shifts: 'Early' of mon overlaps 'Early', which starts on mon at 06:00."),
    ],
)  # fmt: skip
def test_a_wrong_shift_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    assert sentence in load_refusal(tmp_path, text)


def test_shifts_may_leave_time_between_them_and_end_where_the_next_begins(tmp_path: Path) -> None:
    text = EARLY + '[[shifts]]\nname = "Late"\nstart = "14:00"\nhours = 6.5'
    assert [shift.name for shift in load_text(tmp_path, text).settings.shifts] == ["Early", "Late"]
    alone = '[[shifts]]\nname = "All"\nstart = "06:00"\nhours = 24'
    assert load_text(tmp_path, alone).settings.shifts[0].hours == 24
