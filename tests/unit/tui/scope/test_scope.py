"""The range and the choice: moved, widened, said in words."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from dosing_tui.config.settings import Settings
from dosing_tui.domain.panels.filters import EVERYTHING, Dimension, Selection
from dosing_tui.domain.panels.panel_catalog import CONSUMPTION
from dosing_tui.domain.time.time_range import RangeSpec
from dosing_tui.errors import RangeError
from dosing_tui.live_state import Picture
from dosing_tui.tui.layout.status_and_footer import Chosen, scope_row
from dosing_tui.tui.scope.render_context import Answer, Moment
from dosing_tui.tui.scope.scope import (
    CHANGES,
    LIVE,
    Present,
    filter_words,
    follows,
    moved,
    range_words,
    resolved,
    selects,
)
from tests.support.tui.sample_plant import NOW, history

PRESENT = Present(NOW, UTC, Picture())
DAY = timedelta(days=1)


def test_back_and_forward_again_is_the_same_stretch_of_time() -> None:
    before = moved(LIVE, CHANGES["back"], PRESENT)
    again = moved(before, CHANGES["forward"], PRESENT)
    assert before.spec is not None
    assert again.spec is not None
    assert resolved(before.spec, PRESENT, EVERYTHING) == (NOW - 2 * DAY, NOW - DAY)
    assert resolved(again.spec, PRESENT, EVERYTHING) == (NOW - DAY, NOW)
    assert not follows(before)


def test_wider_and_narrower_go_on_to_follow_the_clock() -> None:
    wider = moved(LIVE, CHANGES["wider"], PRESENT)
    assert range_words(wider, PRESENT) == "last 2 d"
    assert follows(wider)
    narrower = moved(LIVE, CHANGES["narrower"], PRESENT)
    assert range_words(narrower, PRESENT) == "last 12 h"


def test_a_range_that_would_never_end_is_refused_with_a_sentence() -> None:
    scope = replace(LIVE, spec=RangeSpec("2026-03-11 10:00", "2026-03-11 09:00"))
    with pytest.raises(RangeError, match="not after the beginning"):
        moved(scope, CHANGES["back"], PRESENT)


def test_this_batch_is_the_newest_that_was_started_until_its_end() -> None:
    events = tuple(reversed(history().events))
    start = next(event for event in events if event.event == "start")
    end = next(event for event in events if event.event != "start")
    present = replace(PRESENT, picture=Picture(events=events))
    assert resolved(RangeSpec("this batch"), present, EVERYTHING) == (start.time, end.time)
    with pytest.raises(RangeError, match="No start of a batch"):
        resolved(RangeSpec("this batch"), PRESENT, EVERYTHING)


def test_a_panel_without_a_chosen_dimension_says_so() -> None:
    chosen = Selection(device=("dosing_system_01",), recipe=("CU-85", "CU-65/75"))
    assert filter_words(chosen, frozenset(Dimension)) == "device dosing_system_01 · recipe CU-85, CU-65/75"
    assert filter_words(chosen, frozenset({Dimension.DEVICE})) == "device dosing_system_01 · not by recipe"


def test_an_empty_panel_names_the_device_that_has_nothing_in_the_range() -> None:
    scope = replace(LIVE, selection=Selection(device=("dosing_system_99",), recipe=("CU-85",)))
    answers = {CONSUMPTION.id: Answer(rows=(), at=NOW, scope=scope)}
    moment = Moment(NOW, UTC, Settings(), Picture(), answers, scope=scope)
    said = moment.nothing_from(CONSUMPTION, "no dose")
    assert said == "no dose in the last 24 h\nof device dosing_system_99 · recipe CU-85"


def test_nothing_chosen_is_everything() -> None:
    assert selects(EVERYTHING, device="a", recipe="b")
    assert not selects(Selection(device=("a",)), device="b")
    assert not LIVE.chosen


def test_the_row_of_the_scope_says_what_is_in_force_and_how_to_leave_it() -> None:
    (row,) = scope_row(Chosen("last 6 h", True, "recipe CU-85"), 100)
    said = "".join(cell for cell, _ in row)
    assert len(row) == 100
    for words in ("Range last 6 h live", "Only recipe CU-85", ". live again", "/ filter"):
        assert words in said
