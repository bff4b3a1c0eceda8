"""A retired tank is in no tile of the present, as it is in no alarm, panel or report of it."""

from datetime import UTC

from dosing_tui.config.settings import Settings
from dosing_tui.live_snapshot import LiveSnapshot
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.station_overview import list_statuses
from dosing_tui.tui.tiles.tanks.tank_gauges import build_inventory
from dosing_tui.tui.tiles.tanks.tank_table import build_tank_table
from tests.support.domain.evaluated_plant import STATION, EvaluatedPlant
from tests.unit.domain.alarm_rules.test_retirement import retire


def build_context(plant: EvaluatedPlant) -> RenderContext:
    levels = [plant.make_level(3), plant.make_level(40, chemical="T-9")]
    plant.receive_readings(*levels)
    retire(plant, "T-12")
    alarms = plant.evaluator.take_snapshot(plant.now, is_journal_live=True)
    return RenderContext(plant.now, UTC, Settings(), LiveSnapshot(levels=tuple(levels), alarms=alarms))


def test_a_retired_tank_is_in_no_tile_of_the_present() -> None:
    context = build_context(EvaluatedPlant())
    assert [level.chemical for level in context.levels] == ["T-9"]
    assert [tank.chemical for tank in build_inventory(context).data.tanks] == ["T-9"]
    assert [level.chemical for level in build_tank_table(context).data.rows] == ["T-9"]
    (status,) = list_statuses(context)
    assert status.device == STATION
    assert status.worst_tank is not None
    assert status.worst_tank.chemical == "T-9"


def test_the_tanks_of_a_retired_station_are_in_no_tile_of_the_present() -> None:
    plant = EvaluatedPlant()
    plant.receive_readings(plant.make_level(3))
    retire(plant)
    levels = (plant.make_level(3),)
    alarms = plant.evaluator.take_snapshot(plant.now, is_journal_live=True)
    context = RenderContext(plant.now, UTC, Settings(), LiveSnapshot(levels=levels, alarms=alarms))
    assert build_inventory(context).data.tanks == ()
    assert context.levels == ()
