"""Tanks and stations are drawn once a second while messages are rare, and never twice a second late."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.tui.layout.geometry import TileId
from dosing_tui.tui.tiles.tile_pace import DENSE_PER_S, SLOW_TILES, TilePace

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
TICK = timedelta(seconds=0.5)


def list_draws(tile: str, *, rate: float = 1.0, views: str = "aaaaaa", step: timedelta = TICK) -> list[bool]:
    pace = TilePace()
    return [
        pace.is_due(tile, NOW + number * step, message_rate=rate, view=view)
        for number, view in enumerate(views)
    ]


def test_every_other_tick_draws_the_tanks_while_messages_are_rare() -> None:
    assert list_draws(TileId.INVENTORY) == [True, False] * 3


def test_every_tick_draws_the_doses_and_all_else_while_messages_are_dense() -> None:
    assert all(list_draws(TileId.DOSES))
    assert all(list_draws(TileId.STATION_LIGHTS, rate=DENSE_PER_S))


def test_ticks_of_a_slow_line_leave_nothing_out() -> None:
    assert all(list_draws(TileId.INVENTORY, step=timedelta(seconds=2)))


def test_another_view_is_drawn_at_once() -> None:
    assert list_draws(TileId.INVENTORY, views="aabbcc") == [True, False, True, False, True, False]
    assert all(list_draws(TileId.INVENTORY, views="abcdef"))


@given(st.lists(st.floats(-100, 100), min_size=1), st.sampled_from(sorted(SLOW_TILES)))
def test_whatever_the_clock_does_no_tile_waits_for_two_pictures(steps: list[float], tile: str) -> None:
    pace, at, draws = TilePace(), NOW, []
    for step in steps:
        at += timedelta(seconds=step)
        draws.append(pace.is_due(tile, at, message_rate=1.0, view="a"))
    assert draws[0]
    assert (False, False) not in set(pairwise(draws))
