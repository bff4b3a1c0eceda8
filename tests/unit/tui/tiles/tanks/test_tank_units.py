"""A container of a tonne beside small tanks: all in kg, and none of them empty because of the unit."""

from datetime import UTC, datetime

from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.live_snapshot import LiveSnapshot
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.tanks.tank_gauges import build_inventory, paint_inventory
from dosing_tui.tui.tiles.tanks.tank_table import build_tank_table
from tests.support.domain.evaluated_plant import EvaluatedPlant

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
MASSES_G = {"BDO": (672_000.0, 1_000_000.0), "T-9": (290.0, 5_000.0), "T-12": (29.0, 500.0)}


def build_context() -> RenderContext:
    level = EvaluatedPlant().make_level(50)
    levels = tuple(
        replace(level, chemical=chemical, remaining_g=remaining, capacity_g=capacity, received_at=NOW)
        for chemical, (remaining, capacity) in MASSES_G.items()
    )
    return RenderContext(NOW, UTC, Settings(), LiveSnapshot(levels=levels))


def read_lines(content: object, width: int, height: int) -> list[str]:
    rows = content.paint(content.data, width, height)  # type: ignore[attr-defined]
    return ["".join(cell for cell, _ in row) for row in rows]


def test_a_small_tank_beside_a_large_one_has_its_digits() -> None:
    _, *lines = read_lines(build_tank_table(build_context()), 76, 4)
    shown = {line.split()[1]: " ".join(line.split()[2:]) for line in lines}
    assert shown["BDO"].startswith("672.000 1 000.00 328.00 ")
    assert shown["T-9"].startswith("0.290 5.000 4.710")
    assert shown["T-12"].startswith("0.029 0.500 0.471")


def test_a_mass_does_not_run_into_its_bar() -> None:
    context = build_context()
    full = replace(context.snapshot.levels[0], remaining_g=1_000_000.0)
    snapshot = replace(context.snapshot, levels=(full, *context.snapshot.levels[1:]))
    content = build_inventory(replace(context, snapshot=snapshot))
    lines = ["".join(cell for cell, _ in row) for row in paint_inventory(content.data, 70, 3)]
    assert any(" 1 000.000 kg" in line for line in lines), lines
