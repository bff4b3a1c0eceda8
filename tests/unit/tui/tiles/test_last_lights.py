"""A station without news keeps its light from one picture to the next, and no light is out of date."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.live_state import LiveState
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles import station_overview
from dosing_tui.tui.tiles.station_overview import LastLights, StationLight, build_station_lights
from tests.support.tui.sample_plant import NOW, live_plant, make_history, make_levels


def draw(live: LiveState, at: datetime) -> tuple[StationLight, ...]:
    return build_station_lights(RenderContext(at, UTC, Settings(), live.get_snapshot(at))).data.lights


def draw_anew(live: LiveState, at: datetime) -> tuple[StationLight, ...]:
    """As by a console that has drawn nothing yet."""
    station_overview._LAST_LIGHTS = LastLights()
    return draw(live, at)


def make_plant() -> LiveState:
    return live_plant(make_history(days=0.2), make_levels())


def test_only_the_light_of_a_station_with_news_is_built_again() -> None:
    live = make_plant()
    before = draw_anew(live, NOW)
    dose = live.get_snapshot(NOW).doses[0]
    live.apply_readings([replace(dose, time=NOW, received_at=NOW, dedup=9)])
    after = draw(live, NOW + timedelta(seconds=1))
    same = [one is other for one, other in zip(before, after, strict=True)]
    assert same == [name != dose.device_id for name in list_stations(live)]


def list_stations(live: LiveState) -> list[str]:
    return [name for name, _ in live.get_snapshot(NOW).device_last_seen]


def test_silence_and_its_length_reach_every_light() -> None:
    live = make_plant()
    draw_anew(live, NOW)
    for passed in (1, 61, 600, 3_600, 3_661, 90_000):
        kept, at = station_overview._LAST_LIGHTS, NOW + timedelta(seconds=passed)
        shown = draw(live, at)
        assert shown == draw_anew(live, at), passed
        station_overview._LAST_LIGHTS = kept
