"""A list that cannot have all says so, and one that has all does not."""

from datetime import UTC

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.live_snapshot import LiveSnapshot
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.dose_table import build_dose_table
from dosing_tui.tui.tiles.station_overview import build_station_table
from dosing_tui.tui.tiles.tanks.tank_gauges import build_inventory, paint_inventory
from dosing_tui.tui.tiles.tanks.tank_table import build_tank_table
from tests.unit.test_live_state import NOW, make_dose, make_level

SNAPSHOT = LiveSnapshot(
    levels=tuple(make_level(chemical=f"chemical {number:03}") for number in range(40)),
    device_last_seen=(("dosing_system_01", NOW),),
)


def build_context(snapshot: LiveSnapshot) -> RenderContext:
    return RenderContext(NOW, UTC, Settings(), snapshot)


@pytest.mark.parametrize("is_cut", [True, False])
def test_tanks_and_stations_that_are_left_out_are_said(*, is_cut: bool) -> None:
    context = build_context(replace(SNAPSHOT, has_more_tanks=is_cut, has_more_stations=is_cut))
    assert build_tank_table(context).data.is_cut is is_cut
    assert build_station_table(context).data.is_cut is is_cut
    rows = paint_inventory(build_inventory(context).data, 60, 20)
    text = "\n".join("".join(sign for sign, _ in row) for row in rows)
    assert ("+ over 21 more" in text, "+ 21 more" in text) == (is_cut, not is_cut)


def test_the_live_list_of_doses_has_the_newest_alone() -> None:
    assert build_dose_table(build_context(LiveSnapshot(doses=(make_dose(),)))).data.is_cut
