"""What a tile shows, and the frame it shows it in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from dosing_tui.domain.panels.filters import EVERYTHING, Selection
from dosing_tui.domain.panels.panel_catalog import Panel
from dosing_tui.tui.layout.geometry import Frame
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, cells, fitted, sentence
from dosing_tui.tui.rendering.palette import DIM, TEXT, Pen, Tone
from dosing_tui.tui.scope.render_context import Moment

Data = TypeVar("Data")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Origin:
    """What the rows behind a tile are rows of, for programs: ``scope`` says it to people."""

    panel: str = ""
    selection: Selection = EVERYTHING
    since: datetime | None = None
    """None for a tile of the present."""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Content(Generic[Data]):
    """Two equal contents look the same; ``paint`` draws ``data`` at any size."""

    title: str
    data: Data
    paint: Callable[[Data, int, int], Rows]
    unit: str = ""
    age: str = ""
    stale: bool = False
    """``data`` is the last good one: drawn dim, with its time instead of its age."""
    empty: str = ""
    """Why there is nothing to show; '' when there is something."""
    scope: str = ""
    """Of which time and which readings it is."""
    trouble: str = ""
    """Why it is not newer; '' when it is as new as can be."""
    origin: Origin = field(default_factory=lambda: Origin())


ASKING = "asking …"
"""In place of an age, while what is shown is not what was asked for."""
_OF = "of "
"""Before the time of what is no longer fresh."""

AnyContent = Content[Any]
"""The tiles hold contents of several data types side by side; each brings the painter that fits."""


def age_of_panel(moment: Moment, *panels: Panel[Any]) -> tuple[str, bool]:
    """How old the oldest of these panels' answers is, and whether it has gone stale."""
    times = [at for panel in panels if (at := moment.answer(panel).at) is not None]
    if not times or any(moment.refused(panel) for panel in panels):
        return "", False
    stale = any(moment.stale(panel) for panel in panels)
    if stale and any(moment.other_scope(panel) for panel in panels):
        return ASKING, True
    return _age_or_time(moment, min(times), stale), stale


def age_of_reading(moment: Moment, newest: datetime | None, *, stale: bool) -> str:
    """How old the newest of the live readings is."""
    return "" if newest is None else _age_or_time(moment, newest, stale)


def _age_or_time(moment: Moment, at: datetime, stale: bool) -> str:
    if stale:
        return f"{_OF}{number_format.stamp(at, moment.zone, now=moment.now)}"
    return number_format.age((moment.now - at).total_seconds())


def framed(content: AnyContent, width: int, height: int, *, frame: Frame, focused: bool) -> Rows:
    """The whole tile: frame, title, age and unit around what the content paints."""
    canvas = Canvas(width, height)
    line = Pen(Tone.FOCUS if focused else Tone.LINE)
    if frame is Frame.FULL:
        _box(canvas, line)
        canvas.paste(2, 1, _body(content, width - 4, height - 2))
        _caption(canvas, height - 1, content)
    else:
        canvas.text(0, 0, "─" * width, line)
        canvas.paste(1, 1, _body(content, width - 2, height - 1))
    _heading(canvas, content, focused, frame)
    return canvas.rows


def _body(content: AnyContent, width: int, height: int) -> Rows:
    if width < 1 or height < 1:
        return []
    if content.empty:
        return sentence(content.empty, width, height)
    rows = content.paint(content.data, width, height)
    return dimmed(rows) if content.stale else rows


def dimmed(rows: Rows) -> Rows:
    """The same shapes, all in the quiet tones: nothing stale may shine."""

    def quiet(tone: Tone, *, text: bool) -> Tone:
        if tone in (Tone.HOT, Tone.TEXT):
            return Tone.DIM
        if tone in (Tone.BAR, Tone.SPARK, Tone.CREST, Tone.OK, Tone.WARN, Tone.ERROR):
            return Tone.DIM if text else Tone.FADED
        return tone

    return [
        [(cell, Pen(quiet(pen.fg, text=cell.isascii()), quiet(pen.bg, text=False))) for cell, pen in row]
        for row in rows
    ]


def _box(canvas: Canvas, pen: Pen) -> None:
    across = "─" * (canvas.width - 2)
    canvas.text(0, 0, f"╭{across}╮", pen)
    canvas.text(0, canvas.height - 1, f"╰{across}╯", pen)
    for y in range(1, canvas.height - 1):
        canvas.put(0, y, "│", pen)
        canvas.put(canvas.width - 1, y, "│", pen)


def _heading(canvas: Canvas, content: AnyContent, focused: bool, frame: Frame) -> None:
    left, right = (2, canvas.width - 2) if frame is Frame.FULL else (0, canvas.width - 1)
    title, age = f" {content.title} ", _age_that_fits(content, right - left)
    room = right - left - len(age) - 1
    end = canvas.text(left, 0, title, Pen(Tone.HOT) if focused else TEXT, width=room)
    if frame is Frame.TOP:
        _beside(canvas, end - 1, content, left + room - end)
    if age:
        canvas.right(right, 0, age, Pen(Tone.WARN) if content.stale else DIM)


def _beside(canvas: Canvas, x: int, content: AnyContent, room: int) -> None:
    """What the caption would say, as far as there is room beside the title."""
    if content.trouble:
        canvas.text(x, 0, f" ▲ {content.trouble} ", Pen(Tone.WARN), width=max(0, room))
        return
    said = _that_fits(content, room - 1)
    if said and len(cells(said)) < room:
        canvas.text(x, 0, f" {said} ", DIM)


def _age_that_fits(content: AnyContent, width: int) -> str:
    """The title is worth more than the word and the seconds of an old answer's time."""
    if not content.age:
        return ""
    time = content.age.removeprefix(_OF)
    for said in (content.age, time):
        if len(content.title) + len(said) + 5 <= width:
            return f" {said} "
    if content.age == ASKING:
        return " … "
    return f" {time[:5] if content.stale else time} "


def _caption(canvas: Canvas, y: int, content: AnyContent) -> None:
    """Trouble before all; then the time and the choice, which matter more than the unit."""
    room = canvas.width - 6
    if content.trouble:
        canvas.text(2, y, f" ▲ {content.trouble} ", Pen(Tone.WARN), width=room + 2)
        return
    said = _that_fits(content, room)
    if said:
        shown = "".join(fitted(said, room))
        canvas.right(canvas.width - 2, y, f" {shown} ", DIM)


def _that_fits(content: AnyContent, room: int) -> str:
    """Unit and scope; where both are too long, less and less of the unit."""
    parts = [part for part in (*content.unit.split(" · "), content.scope) if part]
    while len(parts) > 1 and len(cells(" · ".join(parts))) > room:
        del parts[0]
    return " · ".join(parts)
