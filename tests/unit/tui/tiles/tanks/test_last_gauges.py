"""A tank without news keeps its gauge from one picture to the next, and no gauge is out of date."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot
from dosing_tui.live_state import LiveState
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.tanks import last_gauges, tank_gauges
from dosing_tui.tui.tiles.tanks.last_gauges import LastGauges
from dosing_tui.tui.tiles.tanks.tank_gauges import TankGauges, build_inventory
from tests.support.tui.sample_plant import NOW, live_plant, make_history, make_levels


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The chemicals whose gauges were built, in order."""
    found: list[str] = []
    build = last_gauges._build_tank_gauge

    def build_and_note(context: RenderContext, level: Any, *given: Any) -> Any:
        found.append(level.chemical)
        return build(context, level, *given)

    monkeypatch.setattr(last_gauges, "_build_tank_gauge", build_and_note)
    monkeypatch.setattr(tank_gauges, "_LAST_GAUGES", LastGauges())
    return found


def draw(live: LiveState, at: datetime) -> TankGauges:
    return build_inventory(RenderContext(at, UTC, Settings(), live.get_snapshot(at))).data


def draw_anew(live: LiveState, at: datetime) -> TankGauges:
    """As by a console that has drawn nothing yet."""
    tank_gauges._LAST_GAUGES = LastGauges()
    return draw(live, at)


def make_plant() -> LiveState:
    return live_plant(make_history(days=0.2), make_levels())


def test_only_the_tank_with_a_new_level_is_built_again(built: list[str]) -> None:
    live = make_plant()
    draw(live, NOW)
    built.clear()
    draw(live, NOW + timedelta(seconds=1))
    assert built == []
    level = live.get_snapshot(NOW).levels[1]
    live.apply_readings([structs.replace(level, time=NOW, received_at=NOW, percent_full=3.3)])
    shown = draw(live, NOW + timedelta(seconds=2))
    assert built == [level.chemical]
    assert 3.3 in {tank.percent for tank in shown.tanks}


def test_ages_alarms_and_limits_reach_every_gauge(built: list[str]) -> None:
    live = make_plant()
    steps: list[Callable[[], None]] = [
        lambda: None,
        lambda: live.set_alarms(AlarmSnapshot(NOW)),
        lambda: live.set_alarms(replace(AlarmSnapshot(NOW), is_flood=True)),
    ]
    for number, (step, passed) in enumerate(
        zip(steps * 3, [1, 30, 40, 61, 600, 3_600, 7_200, 90_000, 90_001], strict=True)
    ):
        step()
        at = NOW + timedelta(seconds=passed)
        kept = tank_gauges._LAST_GAUGES
        shown = draw(live, at)
        assert shown == draw_anew(live, at), number
        tank_gauges._LAST_GAUGES = kept


@given(passed=st.lists(st.floats(-5_000, 200_000) | st.integers(0, 90).map(lambda n: 60.0 * n), max_size=8))
def test_gauges_at_any_moment_equal_those_drawn_anew(passed: list[float]) -> None:
    """Also at the very moment of a minute, and when the clock is set back."""
    live, kept = make_plant(), LastGauges()
    for seconds in passed:
        at = NOW + timedelta(seconds=seconds)
        tank_gauges._LAST_GAUGES = kept
        shown = draw(live, at)
        assert shown == draw_anew(live, at)


def test_another_tank_in_the_place_of_one_has_its_own_gauge() -> None:
    """As many as before: the oldest made room."""
    levels, kept = make_levels(), LastGauges()
    for number in range(len(levels)):
        tank_gauges._LAST_GAUGES = kept
        changed = [*levels]
        changed[number] = structs.replace(
            levels[number], device_id="other", chemical="X-1", percent_full=50.5
        )
        for some in (levels, changed):
            live = live_plant(make_history(days=0.2), some)
            shown = draw(live, NOW)
            assert shown == draw_anew(live, NOW)
            tank_gauges._LAST_GAUGES = kept
