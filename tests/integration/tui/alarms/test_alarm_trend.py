"""The trend in an alarm's detail: value against limit, when it was raised, and why there is none."""

from datetime import UTC, timedelta

import pytest

from dosing_tui.config.settings import GlyphMode
from dosing_tui.domain.panels.alarm_trend_query import (
    TRENDS,
    AlarmTrendPoint,
    AlarmTrendQuery,
    build_trend_query,
)
from dosing_tui.tui.alarms.alarm_trend import AlarmTrendState, build_trend_chart, render_trend
from dosing_tui.tui.app.terminal_options import TerminalOptions
from dosing_tui.tui.rendering.canvas import Rows
from dosing_tui.tui.rendering.palette import ColourRole
from tests.support.tui.alarm_samples import make_state, make_view, picture_of
from tests.support.tui.console_driver import LARGE, MEDIUM, SMALL, Console, open_console
from tests.support.tui.sample_plant import NOW


def join_rows(rows: Rows) -> list[str]:
    return ["".join(cell for cell, _ in row) for row in rows]


def make_trend_query(rule: str, **fields: object) -> AlarmTrendQuery:
    asked = build_trend_query(make_state(rule, "T-12", **fields), NOW)  # type: ignore[arg-type]  # AlarmState's fields
    assert asked is not None
    return asked


def make_falling_trend(
    asked: AlarmTrendQuery, *, first: float = 60.0, last: float = 12.0
) -> list[AlarmTrendPoint]:
    steps = (asked.now - asked.since) // asked.step + 1
    return [
        AlarmTrendPoint(asked.since + n * asked.step, first + (last - first) * n / (steps - 1))
        for n in range(steps)
    ]


def test_a_level_below_its_limit_warns_and_one_above_does_not() -> None:
    low = make_state("STOCK_LOW", "T-12")
    asked = make_trend_query("STOCK_LOW")
    curves = build_trend_chart(asked, make_falling_trend(asked), make_view(low), UTC)
    assert (curves.limit, curves.is_beyond_limit(19.9), curves.is_beyond_limit(20.0)) == (20.0, True, False)
    rows = render_trend(AlarmTrendState(asked, make_falling_trend(asked)), make_view(low), UTC, 72, 12)
    warned = [x for row in rows[1:-2] for x, (_, pen) in enumerate(row) if pen.fg is ColourRole.DEVIATION]
    assert warned
    assert min(warned) > 50
    assert "▲ 12.0 %   limit 20.0" in join_rows(rows)[0]
    assert any(line.count("┄") > 40 for line in join_rows(rows))


def test_the_moment_it_was_raised_is_marked_and_always_in_sight() -> None:
    raised = NOW - timedelta(hours=20)
    asked = make_trend_query("STOCK_LOW", raised_at=raised)
    assert asked.since <= raised - timedelta(minutes=59)
    low = make_state("STOCK_LOW", "T-12", raised_at=raised)
    shown = join_rows(
        render_trend(AlarmTrendState(asked, make_falling_trend(asked)), make_view(low), UTC, 72, 12)
    )
    assert "◆ raised" in shown[0]
    assert shown[1].index("◆") < 20


def test_no_more_than_a_day_is_read_in_no_more_steps_than_columns() -> None:
    for hours in (0, 1, 7, 30, 3_000):
        asked = make_trend_query("STOCK_LOW", raised_at=NOW - timedelta(hours=hours))
        assert timedelta(hours=6) <= asked.now - asked.since <= timedelta(hours=24, minutes=30)
        assert (asked.now - asked.since) // asked.step <= 73


def test_silence_is_drawn_in_minutes_and_an_error_without_its_sign() -> None:
    offline = make_state("DEVICE_OFFLINE", value=700.0, limit=600.0)
    asked = make_trend_query("DEVICE_OFFLINE")
    assert build_trend_chart(asked, [], make_view(offline), UTC).limit == 10.0
    gross = make_state("DOSE_GROSS", "P", value=-3.0, limit=2.0)
    assert build_trend_chart(make_trend_query("DOSE_GROSS"), [], make_view(gross), UTC).limit == 2.0


def test_a_jump_is_drawn_without_the_limit_of_something_else() -> None:
    asked = make_trend_query("STOCK_RESET")
    assert build_trend_chart(asked, [], make_view(make_state("STOCK_RESET", "T-12")), UTC).limit is None


@pytest.mark.parametrize("rule", ["BROKER_DOWN", "QUARANTINE", "BATCH_ABORTED", "CLOCK_SKEW"])
async def test_a_rule_without_a_value_says_so(rule: str) -> None:
    assert rule not in TRENDS
    async with open_console(size=SMALL) as one:
        one.live.set_alarms(picture_of(make_state(rule)))
        one.app._run_tick()
        shown = await one.press_keys("a", "enter")
        assert "None: this alarm is about an event" in shown
        assert "tab Trend" not in shown


def test_nothing_measured_and_a_database_that_is_away_are_said() -> None:
    asked = make_trend_query("ERR_MEAN_1H")
    one = make_view(make_state("ERR_MEAN_1H"))
    empty = [AlarmTrendPoint(asked.since, None)]
    assert any(
        "No measured values" in line
        for line in join_rows(render_trend(AlarmTrendState(asked, empty), one, UTC, 72, 9))
    )
    away = AlarmTrendState(asked, error="No database server listens.")
    assert any("No database server" in line for line in join_rows(render_trend(away, one, UTC, 72, 9)))


async def open_trend(one: Console) -> None:
    one.live.set_alarms(picture_of(make_state("STOCK_LOW", "T-12", number=90)))
    one.app._run_tick()
    await one.press_keys("a", "enter")


@pytest.mark.parametrize("size", [LARGE, MEDIUM])
async def test_words_and_trend_stand_together_where_there_is_room(size: tuple[int, int]) -> None:
    async with open_console(size=size) as one:
        await open_trend(one)
        shown = await one.wait_for_text("Level, since")
        for word in ("Cause", "Consequence", "Action", "limit 20.0", "◆ raised"):
            assert word in shown


@pytest.mark.parametrize("glyphs", [GlyphMode.UNICODE, GlyphMode.ASCII])
async def test_tab_turns_to_the_trend_and_back_in_a_small_window(glyphs: GlyphMode) -> None:
    async with open_console(size=SMALL, where=TerminalOptions(glyphs=glyphs)) as one:
        await open_trend(one)
        assert "tab Trend" in one.screen
        await one.press_keys("tab")
        shown = await one.wait_for_text("Level, since")
        assert "Cause" not in shown
        if glyphs is GlyphMode.ASCII:
            assert shown.isascii()
        assert "Cause" in await one.press_keys("tab")


async def test_a_trend_that_was_read_stays_when_the_database_goes_away() -> None:
    async with open_console() as one:
        await open_trend(one)
        await one.wait_for_text("Level, since")
        one.source.away = "No database server listens."
        one.app.screen._request_trend()  # type: ignore[attr-defined]  # the detail: its timer is not waited for
        shown = await one.wait_for_text("▲ No database server listens.")
        assert "limit 20.0" in shown


async def test_a_long_message_is_whole_above_the_trend_in_a_small_window() -> None:
    words = " ".join(f"word{number:02}" for number in range(30))
    async with open_console(size=SMALL) as one:
        one.live.set_alarms(picture_of(make_state("STOCK_LOW", "T-12", number=90, message=words)))
        one.app._run_tick()
        await one.press_keys("a", "enter", "tab")
        shown = await one.wait_for_text("Level, since")
        assert [word for word in words.split() if word not in shown] == []
        assert "◆ raised" in shown
        assert "tab Words" in shown
