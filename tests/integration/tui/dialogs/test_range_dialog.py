"""The dialog that asks for a stretch of time."""

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest

from dosing_tui.domain.time.time_range import RangeSpec, TimeRange
from dosing_tui.errors import DosingError
from dosing_tui.tui.dialogs.range_dialog import CALENDAR_PRESETS, RELATIVE_PRESETS, RangeDialog
from dosing_tui.tui.rendering.theme import TerminalTheme
from tests.support.tui.dialog_driver import LOOKS, SIZES, assert_whole, open_dialog
from tests.support.tui.sample_plant import HOSTILE, NOW

DAY = RangeSpec("now-24h", "now")
BERLIN = ZoneInfo("Europe/Berlin")


def resolve_hours(spec: RangeSpec) -> TimeRange:
    """Knows hours before now, and no batch."""
    if spec.from_ == "this batch":
        raise DosingError("No batch is running.")
    if not (spec.from_.startswith("now-") and spec.from_.endswith("h") and spec.to == "now"):
        raise DosingError(f"{spec.from_!r} is no time.")
    return TimeRange(NOW - timedelta(hours=int(spec.from_[4:-1])), NOW)


def any_range(spec: RangeSpec) -> TimeRange:
    return TimeRange(NOW - timedelta(days=1), NOW)


def make_dialog(look: TerminalTheme = LOOKS["dark"], *, present: RangeSpec = DAY) -> RangeDialog:
    return RangeDialog(look, present, resolve=resolve_hours, zone=BERLIN)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("size", SIZES)
async def test_every_choice_is_on_every_window(look: str, size: str) -> None:
    async with open_dialog(make_dialog(LOOKS[look]), size=SIZES[size]) as asked:
        assert_whole(asked, SIZES[size])
        for quick in (*RELATIVE_PRESETS, *CALENDAR_PRESETS):
            assert f" {quick.key} {quick.name}" in asked.screen_text
        assert asked.screen_text.isascii() is (look == "ascii")
        assert "#ffffff" not in asked.colours


async def test_one_key_takes_a_range_of_the_list() -> None:
    def lenient() -> RangeDialog:
        return RangeDialog(LOOKS["dark"], DAY, resolve=any_range, zone=UTC)

    async with open_dialog(lenient()) as asked:
        for quick in (*RELATIVE_PRESETS, *CALENDAR_PRESETS):
            await asked.press_keys(quick.key)
            await asked.open_again(lenient())
        assert asked.results == [quick.spec for quick in (*RELATIVE_PRESETS, *CALENDAR_PRESETS)]


async def test_it_opens_on_the_present_range_and_says_what_it_means_in_the_plants_time() -> None:
    async with open_dialog(make_dialog()) as asked:
        assert "Tue 2026-03-10 15:26 – Wed 2026-03-11 15:26   1 d" in asked.screen_text
        moved = await asked.press_keys("up")
        assert "Wed 2026-03-11 09:26 – Wed 2026-03-11 15:26   6 h" in moved
        await asked.press_keys("enter")
        assert asked.results == [RangeSpec("now-6h", "now")]


async def test_arrows_go_through_both_columns() -> None:
    async with open_dialog(RangeDialog(LOOKS["dark"], DAY, resolve=any_range, zone=UTC)) as asked:
        await asked.press_keys("right", "up", "enter")
        assert asked.results == [CALENDAR_PRESETS[2].spec]


async def test_a_typed_range_is_judged_letter_by_letter() -> None:
    async with open_dialog(make_dialog()) as asked:
        half = await asked.press_keys("tab", "ctrl+u", *"now-")
        assert "▲ 'now-' is no time." in half
        assert "#ffffff" in asked.colours
        await asked.press_keys("enter")
        assert asked.results == []
        whole = await asked.press_keys("3", "h")
        assert "Wed 2026-03-11 12:26 – Wed 2026-03-11 15:26   3 h" in whole
        await asked.press_keys("enter")
        assert asked.results == [RangeSpec("now-3h", "now")]


async def test_the_second_field_is_typed_into_as_well() -> None:
    async with open_dialog(make_dialog()) as asked:
        await asked.press_keys("tab", "down", "home", "b", "delete")
        assert "bow" in asked.screen_text


async def test_a_choice_that_means_nothing_now_says_why_and_is_not_taken() -> None:
    async with open_dialog(make_dialog()) as asked:
        assert "▲ No batch is running." in await asked.press_keys("b")
        await asked.press_keys("enter")
        assert asked.results == []


async def test_escape_leaves_the_range_as_it_is() -> None:
    async with open_dialog(make_dialog()) as asked:
        await asked.press_keys("tab", "x", "escape")
        assert asked.results == [None]


@pytest.mark.parametrize("look", LOOKS)
async def test_hostile_text_is_only_text(look: str) -> None:
    async with open_dialog(make_dialog(LOOKS[look], present=RangeSpec(HOSTILE, HOSTILE))) as asked:
        await asked.press_keys("tab", "ctrl+u")
        shown = await asked.paste_text(HOSTILE)
        assert_whole(asked, (80, 24))
        assert "[bold ]52;c;aGk= evil" in shown


async def test_a_range_that_is_not_in_the_list_is_kept_by_enter_and_replaced_by_an_arrow() -> None:
    present = RangeSpec("now-5h", "now")
    async with open_dialog(make_dialog(present=present)) as asked:
        assert "Wed 2026-03-11 10:26 – Wed 2026-03-11 15:26   5 h" in asked.screen_text
        await asked.press_keys("enter")
        assert asked.results == [present]
    async with open_dialog(make_dialog(present=present)) as asked:
        assert "1 d" in await asked.press_keys("down")
        await asked.press_keys("enter")
        assert asked.results == [DAY]
