"""The range and the choice: moved, widened, said in words."""

from datetime import UTC, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.domain.messages.models import ReadingKind
from dosing_tui.domain.panels.dropped_readings import DroppedReadings
from dosing_tui.domain.panels.filters import NO_FILTER, Dimension, Selection
from dosing_tui.domain.panels.panel_catalog import (
    BATCHES_LEFT,
    CONSUMPTION_OVER_TIME,
    MATERIAL_BOOK,
    PUMP_CHEMICALS,
    STOCK_OUTLOOK,
    Panel,
)
from dosing_tui.domain.time.time_range import RangeSpec
from dosing_tui.errors import RangeError
from dosing_tui.live_snapshot import LiveSnapshot
from dosing_tui.tui.scope.render_context import PanelResult, RenderContext
from dosing_tui.tui.scope.scope import (
    LIVE_SCOPE,
    RANGE_CHANGES,
    Scope,
    TimeContext,
    change_range,
    format_filters,
    format_range,
    is_live,
    matches_selection,
    resolve_range,
)
from tests.support.tui.sample_plant import NOW, make_history

PRESENT = TimeContext(NOW, UTC, LiveSnapshot())
DAY = timedelta(days=1)


def test_back_and_forward_again_is_the_same_stretch_of_time() -> None:
    before = change_range(LIVE_SCOPE, RANGE_CHANGES["back"], PRESENT)
    again = change_range(before, RANGE_CHANGES["forward"], PRESENT)
    assert before.spec is not None
    assert again.spec is not None
    assert resolve_range(before.spec, PRESENT, NO_FILTER) == (NOW - 2 * DAY, NOW - DAY)
    assert resolve_range(again.spec, PRESENT, NO_FILTER) == (NOW - DAY, NOW)
    assert not is_live(before)


def test_wider_and_narrower_go_on_to_follow_the_clock() -> None:
    wider = change_range(LIVE_SCOPE, RANGE_CHANGES["wider"], PRESENT)
    assert format_range(wider, PRESENT) == "last 2 d"
    assert is_live(wider)
    narrower = change_range(LIVE_SCOPE, RANGE_CHANGES["narrower"], PRESENT)
    assert format_range(narrower, PRESENT) == "last 12 h"


def test_a_range_that_would_never_end_is_refused_with_a_sentence() -> None:
    scope = replace(LIVE_SCOPE, spec=RangeSpec("2026-03-11 10:00", "2026-03-11 09:00"))
    with pytest.raises(RangeError, match="not after the beginning"):
        change_range(scope, RANGE_CHANGES["back"], PRESENT)


def test_this_batch_is_the_newest_that_was_started_until_its_end() -> None:
    events = tuple(reversed(make_history().events))
    start = next(event for event in events if event.event == "start")
    end = next(event for event in events if event.event != "start")
    present = replace(PRESENT, snapshot=LiveSnapshot(events=events))
    assert resolve_range(RangeSpec("this batch"), present, NO_FILTER) == (start.time, end.time)
    with pytest.raises(RangeError, match="No start of a batch"):
        resolve_range(RangeSpec("this batch"), PRESENT, NO_FILTER)


def test_a_panel_without_a_chosen_dimension_says_so() -> None:
    chosen = Selection(device=("dosing_system_01",), recipe=("CU-85", "CU-65/75"))
    assert format_filters(chosen, frozenset(Dimension)) == "station dosing_system_01 · recipe CU-85, CU-65/75"
    assert format_filters(chosen, frozenset({Dimension.DEVICE})) == "station dosing_system_01 · not by recipe"


def test_an_empty_panel_names_the_device_that_has_nothing_in_the_range() -> None:
    scope = replace(LIVE_SCOPE, selection=Selection(device=("dosing_system_99",), recipe=("CU-85",)))
    answers = {CONSUMPTION_OVER_TIME.id: PanelResult(rows=(), loaded_at=NOW, scope=scope)}
    moment = RenderContext(NOW, UTC, Settings(), LiveSnapshot(), answers, scope=scope)
    said = moment.explain_empty(CONSUMPTION_OVER_TIME, "no dose")
    assert said == "no dose in the last 24 h\nof station dosing_system_99 · recipe CU-85"


def test_a_panel_of_a_range_that_retention_has_dropped_does_not_only_say_that_it_is_empty() -> None:
    scope = Scope(RangeSpec("2026-01-01", "2026-01-02"))
    dropped = DroppedReadings(ReadingKind.DOSE, NOW - timedelta(days=2), NOW - timedelta(days=1))
    answers = {CONSUMPTION_OVER_TIME.id: PanelResult(rows=(), loaded_at=NOW, scope=scope, dropped=dropped)}
    moment = RenderContext(NOW, UTC, Settings(), LiveSnapshot(), answers, scope=scope)
    said = moment.explain_empty(CONSUMPTION_OVER_TIME, "no dose")
    assert said == f"no dose in this range\n{dropped.describe(UTC)}"


@pytest.mark.parametrize("panel", [STOCK_OUTLOOK, BATCHES_LEFT, PUMP_CHEMICALS, MATERIAL_BOOK])
def test_what_is_always_of_now_is_empty_in_no_range(panel: Panel[Any]) -> None:
    for scope in (LIVE_SCOPE, Scope(RangeSpec("now-7d", "now-6d"))):
        answers = {panel.id: PanelResult(rows=(), loaded_at=NOW, scope=scope)}
        moment = RenderContext(NOW, UTC, Settings(), LiveSnapshot(), answers, scope=scope)
        assert moment.explain_empty(panel, "no level") == "no level"


def test_nothing_chosen_is_everything() -> None:
    assert matches_selection(NO_FILTER, device="a", recipe="b")
    assert not matches_selection(Selection(device=("a",)), device="b")
