"""Values that are old for their kind look old: dim, with their age beside them."""

import re
from datetime import UTC, timedelta

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.live_snapshot import LinkState, LinkStatus
from dosing_tui.tui.rendering.canvas import Rows
from dosing_tui.tui.rendering.palette import ColourRole
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.dose_table import build_dose_table
from dosing_tui.tui.tiles.shared.tile_content import AnyTileContent
from dosing_tui.tui.tiles.tanks.tank_gauges import build_inventory
from dosing_tui.tui.tiles.tanks.tank_table import build_tank_table
from tests.support.tui.sample_plant import NOW, live_plant, make_history, make_levels


def make_context(*, age: timedelta) -> RenderContext:
    """One station that has just sent its levels, another one that has not since ``age``."""
    levels = make_levels(devices=2)
    old = [
        level if level.device_id.endswith("01") else replace(level, time=NOW - age, received_at=NOW - age)
        for level in levels
    ]
    live = live_plant(make_history(days=0.2, at=NOW - age), old)
    live.set_broker(LinkState(LinkStatus.UP, NOW))
    return RenderContext(NOW, UTC, Settings(), live.get_snapshot(NOW))


def find_rows(content: AnyTileContent, *, width: int = 40, height: int = 9) -> dict[str, Rows]:
    rows = content.paint(content.data, width, height)
    return {"".join(cell for cell, _ in row): [row] for row in rows}


def test_a_level_of_five_days_ago_is_dim_with_its_age_beside_it() -> None:
    content = build_inventory(make_context(age=timedelta(days=5)))
    assert not content.is_stale
    for text, (row,) in find_rows(content).items():
        if "%" not in text:
            continue
        colours = {style.fg for cell, style in row if cell.isdigit() or cell == "%"}
        if text.strip()[:12].find("02") >= 0:
            assert "5 d ago" in text
            assert colours == {ColourRole.DIM}
        else:
            assert "ago" not in text
            assert ColourRole.DIM not in {style.fg for cell, style in row if cell == "%"}


@pytest.mark.parametrize("height", [16, 24])
@pytest.mark.parametrize("width", [23, 25, 27, 36])
def test_the_age_takes_no_room_of_a_name_and_touches_no_word(width: int, height: int) -> None:
    content = build_inventory(make_context(age=timedelta(minutes=42)))
    shown = "\n".join(find_rows(content, width=width, height=height))
    assert [tank.name for tank in content.data.tanks if tank.name not in shown] == []
    assert re.search(r"(kg|low|reorder)\d", shown) is None


@pytest.mark.parametrize("width", [30, 34, 38, 44, 60])
def test_the_bars_of_old_and_new_levels_have_one_scale(width: int) -> None:
    context = make_context(age=timedelta(minutes=90))
    snapshot = context.snapshot
    same = tuple(replace(level, percent_full=55.0) for level in snapshot.levels)
    content = build_inventory(replace(context, snapshot=replace(snapshot, levels=same)))
    shown = find_rows(content, width=width, height=9)
    bars = {re.sub(r"[^▁-█━─╸╺▬▪■]", "", text) for text in shown if "%" in text}
    assert any("h" in text.rpartition("%")[0] for text in shown)
    assert len(bars - {""}) == 1, shown.keys()
    assert ("" in bars) == (width < 38), shown.keys()


def test_a_level_of_now_is_not_dim() -> None:
    assert not any("ago" in text for text in find_rows(build_inventory(make_context(age=timedelta(0)))))


def test_doses_of_five_days_ago_are_dim_and_their_tile_names_the_age() -> None:
    content = build_dose_table(make_context(age=timedelta(days=5)))
    assert content.is_stale
    assert content.age == "5 d"
    assert not build_dose_table(make_context(age=timedelta(minutes=5))).is_stale


def test_the_table_of_tanks_keeps_the_age_of_an_old_level() -> None:
    content = build_tank_table(make_context(age=timedelta(days=5, minutes=1)))
    rows = content.paint(content.data, 60, 10)
    drawn = ["".join(cell for cell, _ in row) for row in rows]
    assert sum("5 d" in row for row in drawn) == 4


def test_the_table_of_tanks_counts_the_seconds_of_an_age() -> None:
    """As the bars beside it do: the table was up to a minute behind them."""
    levels = [replace(level, received_at=NOW.replace(second=50)) for level in make_levels(devices=2)]
    now = NOW.replace(second=0) + timedelta(minutes=1, seconds=45)
    context = RenderContext(
        now, UTC, Settings(), live_plant(make_history(days=0.2), levels).get_snapshot(now)
    )
    content = build_tank_table(context)
    rows = content.paint(content.data, 60, 12)
    drawn = ["".join(cell for cell, _ in row).rstrip() for row in rows]
    assert sum(row.endswith(" 50 s") for row in drawn) == len(levels)
