"""A content is built and painted again when something of it has changed, and only then."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.domain.panels.panel_catalog import ERROR_RATE
from dosing_tui.live_snapshot import LinkState, LinkStatus, LiveSnapshot
from dosing_tui.tui.layout.geometry import TileFrame, TileId
from dosing_tui.tui.rendering.canvas import Rows
from dosing_tui.tui.scope.render_context import PanelResult, RenderContext
from dosing_tui.tui.tiles.registry import TILES, TileRegistry
from dosing_tui.tui.tiles.shared.tile_content import BodyPainter, TileContent, render_tile

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CONTEXT = RenderContext(NOON, UTC, Settings(), LiveSnapshot())
LATER = replace(CONTEXT, now=NOON + timedelta(milliseconds=400))


@pytest.mark.parametrize("name", TILES)
def test_nothing_is_built_for_a_second_draw_within_the_second(name: str) -> None:
    registry = TileRegistry()
    assert registry.build_content(name, LATER) is registry.build_content(name, CONTEXT)


def test_a_message_is_no_reason_to_build_a_tile_of_a_panel() -> None:
    registry = TileRegistry()
    before = registry.build_content(TileId.ERROR_RATE, CONTEXT)
    links = CONTEXT.snapshot
    heard = LiveSnapshot(
        revision=1, last_message_at=NOON, message_rate=1.0, broker=links.broker, database=links.database
    )
    after_message = replace(LATER, snapshot=heard)
    assert registry.build_content(TileId.ERROR_RATE, after_message) is before
    tanks = registry.build_content(TileId.INVENTORY, CONTEXT)
    assert registry.build_content(TileId.INVENTORY, after_message) is not tanks


@pytest.mark.parametrize(
    "changed",
    [
        replace(CONTEXT, now=NOON + timedelta(seconds=1)),
        replace(CONTEXT, results={ERROR_RATE.id: PanelResult((), NOON)}),
        replace(CONTEXT, is_overdue=True),
        replace(CONTEXT, settings=Settings()),
        replace(CONTEXT, snapshot=LiveSnapshot(database=LinkState(LinkStatus.DOWN, NOON, "It is away."))),
    ],
    ids=["time", "result", "overdue", "settings", "link"],
)
def test_a_tile_of_a_panel_is_built_when_something_of_it_has_changed(changed: RenderContext) -> None:
    registry = TileRegistry()
    before = registry.build_content(TileId.ERROR_RATE, CONTEXT)
    assert registry.build_content(TileId.ERROR_RATE, changed) is not before


def test_a_loaded_tile_is_built_again_when_its_age_or_the_minute_changes() -> None:
    registry = TileRegistry()
    context = replace(CONTEXT, results={ERROR_RATE.id: PanelResult((), NOON)})
    at = {
        seconds: registry.build_content(
            TileId.ERROR_RATE, replace(context, now=NOON + timedelta(seconds=seconds))
        )
        for seconds in (1, 9, 10, 19, 59, 60, 61, 119, 120)
    }
    assert at[1] is at[9]
    assert at[10] is at[19]
    assert at[60] is at[61] is at[119]
    assert [at[seconds].age for seconds in (1, 10, 59, 60, 120)] == ["now", "10 s", "50 s", "1 min", "2 min"]


def test_an_age_is_no_reason_to_paint_the_chart_below_it() -> None:
    painted = []

    def paint(data: str, width: int, height: int) -> Rows:
        painted.append(data)
        return []

    painter, content = BodyPainter(), TileContent("Title", "a", paint)
    for each in (
        content,
        replace(content, age="1 s"),
        replace(content, age="2 s"),
        replace(content, data="b"),
    ):
        render_tile(each, 20, 5, frame=TileFrame.FULL, is_focused=False, painter=painter)
    render_tile(content, 21, 5, frame=TileFrame.FULL, is_focused=False, painter=painter)
    assert painted == ["a", "b", "a"]


def test_a_caption_without_room_keeps_the_end_of_its_filter() -> None:
    content = TileContent(
        "Title", None, lambda data, width, height: [], scope_text="24 h · station dosing_02"
    )
    rows = render_tile(content, 28, 4, frame=TileFrame.FULL, is_focused=False)
    assert "".join(cell for cell, _ in rows[-1]) == "╰─ 24 h · stat… dosing_02 ─╯"


def test_a_caption_without_room_for_the_seconds_of_its_range_has_its_minutes() -> None:
    content = TileContent(
        "Title", None, lambda data, width, height: [], scope_text="29 Nov 00:54:32–30 Nov 00:54:32"
    )
    rows = render_tile(content, 34, 4, frame=TileFrame.FULL, is_focused=False)
    assert " 29 Nov 00:54–30 Nov 00:54 ─╯" in "".join(cell for cell, _ in rows[-1])
    rows = render_tile(content, 60, 4, frame=TileFrame.FULL, is_focused=False)
    assert " 29 Nov 00:54:32–30 Nov 00:54:32 ─╯" in "".join(cell for cell, _ in rows[-1])


@pytest.mark.parametrize("width", range(16, 40))
def test_old_data_of_yesterday_have_their_whole_time(width: int) -> None:
    content = TileContent("Doses", None, lambda data, width, height: [], age="of Mo 23:59", is_stale=True)
    rows = render_tile(content, width, 4, frame=TileFrame.FULL, is_focused=False)
    assert "Mo 23:59" in "".join(cell for cell, _ in rows[0])
