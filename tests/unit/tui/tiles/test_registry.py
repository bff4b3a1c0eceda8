"""A content is built and painted again when something of it has changed, and only then."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot
from dosing_tui.domain.panels.panel_catalog import ERROR_RATE
from dosing_tui.live_snapshot import LinkState, LinkStatus, LiveSnapshot, MessageCounts, Role
from dosing_tui.tui.layout.geometry import TileFrame, TileId
from dosing_tui.tui.rendering.canvas import Rows
from dosing_tui.tui.rendering.data_table import TableCursor, paint_table
from dosing_tui.tui.scope.render_context import PanelResult, RenderContext
from dosing_tui.tui.tiles.registry import TILES, TileRegistry
from dosing_tui.tui.tiles.shared.tile_content import BodyPainter, BoundPainter, TileContent, render_tile
from tests.support.tui.sample_plant import live_plant, make_history, make_levels

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CONTEXT = RenderContext(NOON, UTC, Settings(), LiveSnapshot())
LATER = replace(CONTEXT, now=NOON + timedelta(milliseconds=400))


@pytest.mark.parametrize("name", TILES)
def test_nothing_is_built_for_a_second_draw_within_the_second(name: str) -> None:
    registry = TileRegistry()
    assert registry.build_content(name, LATER) is registry.build_content(name, CONTEXT)


def test_a_message_is_a_reason_to_build_only_the_tiles_that_show_it() -> None:
    registry = TileRegistry()
    tiles = (TileId.ERROR_RATE, TileId.INVENTORY, TileId.DOSES, TileId.SYSTEM_STATUS)
    before = [registry.build_content(tile, CONTEXT) for tile in tiles]
    level = make_levels()[0]
    heard = replace(CONTEXT.snapshot, revision=1, last_message_at=NOON, levels=(level,))
    after = [registry.build_content(tile, replace(LATER, snapshot=heard)) for tile in tiles]
    assert [one is other for one, other in zip(before, after, strict=True)] == [True, False, True, False]


@pytest.mark.parametrize("name", TILES)
def test_a_content_is_never_that_of_another_state_of_the_plant(name: str) -> None:
    """Field by field from an empty plant to one with everything, and back."""
    registry, full = TileRegistry(), live_plant(make_history(days=0.1), make_levels()).get_snapshot(NOON)
    full = replace(
        full, broker=LinkState(LinkStatus.UP, NOON), database=LinkState(LinkStatus.DOWN, NOON, "It is away."),
        alarms=AlarmSnapshot(NOON, recent_raise_count=3), notice="It only watches.", role=Role.STANDBY,
        has_more_tanks=True, has_more_stations=True, failed_threads=("viewer",), limits=AlarmLimits(),
        refused_topics=("factory/dosing/batch",), message_counts=MessageCounts(received=3, stored=1),
    )  # fmt: skip
    snapshot = CONTEXT.snapshot
    for goal in (full, CONTEXT.snapshot):
        for field in LiveSnapshot.__struct_fields__:
            snapshot = replace(snapshot, **{field: getattr(goal, field)})
            context = replace(CONTEXT, snapshot=snapshot)
            assert registry.build_content(name, context) == TileRegistry().build_content(name, context), field


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


def test_painters_with_equal_options_are_equal() -> None:
    one, same, other = (
        BoundPainter(paint_table, {"cursor": TableCursor(first)}) for first in ("a", "a", "b")
    )
    assert one == same
    assert one != other


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
