"""How a frame comes onto the terminal: the cells are those of Textual, asked of the widgets that changed."""

from datetime import datetime
from itertools import combinations
from typing import Any

import pytest
from msgspec.structs import replace
from rich.segment import Segment
from textual._compositor import Compositor
from textual.strip import Strip

from dosing_tui.domain.messages.models import ReadingKind
from dosing_tui.live_state import LiveState
from dosing_tui.tui.rendering.canvas import split_cells
from dosing_tui.tui.rendering.minimal_repaint import ChangedCellsCompositor, ChangedCellsUpdate
from dosing_tui.tui.rendering.palette import DIM, STRONG
from tests.support.tui.console_driver import Console, open_console


def send_dose(live: LiveState, at: datetime) -> None:
    """A dose and a level, received and stored."""
    snapshot = live.get_snapshot(at)
    dose, level = snapshot.doses[0], snapshot.levels[0]
    live.apply_readings(
        [
            replace(dose, time=at, received_at=at, dedup=dose.dedup + 1),
            replace(level, time=at, received_at=at, remaining_g=123.0, percent_full=1.2),
        ]
    )
    live.count_messages(["factory/dosing/consumption"], at)
    live.count_stored([ReadingKind.DOSE, ReadingKind.LEVEL])


def list_cells(strips: list[Strip]) -> list[list[Segment]]:
    """Each row as segments of one cell."""
    return [[cell for segment in strip for cell in _split(segment)] for strip in strips]


def _split(segment: Segment) -> list[Segment]:
    return [Segment(character, segment.style) for character in segment.text]


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How each update was made: 'rows' of widgets, or 'chops' of everything between."""
    made: list[str] = []
    ours, theirs = ChangedCellsCompositor.render_partial_update, Compositor.render_partial_update
    full = Compositor.render_full_update

    def note_ours(self: ChangedCellsCompositor) -> Any:
        made.append("rows")
        shown = getattr(self, "_shown", None)
        update = ours(self)
        wanted = list_cells(self.render_strips())
        if shown is not None and isinstance(update, ChangedCellsUpdate) and len(shown) == len(wanted):
            for x, y, strip in update._spans:
                cells = [cell for segment in strip for cell in _split(segment)]
                shown[y][x : x + len(cells)] = cells
            assert shown == wanted
        self._shown = wanted  # type: ignore[attr-defined]
        return update

    def note_theirs(self: Compositor) -> Any:
        made[-1] = "chops"
        return theirs(self)

    def note_full(self: Compositor, *given: Any, **by: Any) -> Any:
        update = full(self, *given, **by)
        self._shown = list_cells(self.render_strips())  # type: ignore[attr-defined]
        return update

    monkeypatch.setattr(ChangedCellsCompositor, "render_partial_update", note_ours)
    monkeypatch.setattr(Compositor, "render_partial_update", note_theirs)
    monkeypatch.setattr(Compositor, "render_full_update", note_full)
    return made


async def pass_seconds(driven: Console, count: int) -> None:
    for _ in range(count):
        driven.clock.move_forward(1)
        send_dose(driven.live, driven.clock())
        driven.app._run_tick()
        await driven.pilot.pause(0.05)


async def test_what_changes_is_asked_of_its_widgets_and_shows_the_same_cells(frames: list[str]) -> None:
    async with open_console() as driven:
        await pass_seconds(driven, 1)
        frames.clear()
        await pass_seconds(driven, 4)
        assert frames
        assert set(frames) == {"rows"}


async def test_a_picture_is_painted_with_its_tick_and_not_after_a_turn_of_messages(frames: list[str]) -> None:
    async with open_console() as driven:
        await pass_seconds(driven, 1)
        driven.clock.move_forward(1)
        send_dose(driven.live, driven.clock())
        frames.clear()
        driven.app._run_tick()
        assert frames == ["rows"]
        await driven.pilot.pause(0.1)
        assert frames == ["rows"]


async def test_a_part_of_a_line_has_the_cells_of_the_whole_line() -> None:
    """Also where it cuts a character of two cells."""
    async with open_console() as driven:
        widget, text = driven.app.dashboard_screen._status, "DOSING 混合 › ○ 12"
        row = [
            (character, STRONG if number % 3 else DIM) for number, character in enumerate(split_cells(text))
        ]
        for start, end in combinations(range(len(row) + 1), 2):
            widget.replace_rows([row])
            part = widget.render_cells(0, start, end, width=len(row))
            assert list_cells([part]) == list_cells([widget.render_line(0).crop(start, end)])
            assert list_cells([widget.render_cells(0, start, end, width=len(row))]) == list_cells([part])
