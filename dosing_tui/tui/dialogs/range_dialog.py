"""Asks for the stretch of time that the panels shall show."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from enum import Enum, auto

from textual.binding import Binding

from dosing_tui.domain.time.time_range import RangeSpec, TimeRange
from dosing_tui.errors import DosingError
from dosing_tui.tui.rendering import number_format, text_field
from dosing_tui.tui.rendering.canvas import Canvas, Rows, plain
from dosing_tui.tui.rendering.palette import DIM, LABEL, TEXT
from dosing_tui.tui.rendering.text_field import Field
from dosing_tui.tui.rendering.theme import Look
from dosing_tui.tui.widgets.form_dialog import CHOSEN, KEY, Sheet, box, keys_row, say

Resolve = Callable[[RangeSpec], TimeRange]
"""What a range means at this moment. Raises a DosingError whose sentence says why it means nothing."""


@dataclass(frozen=True, slots=True)
class Quick:
    """One range of the list: the key that takes it at once, and its name."""

    key: str
    name: str
    spec: RangeSpec


LASTING = (
    Quick("1", "Last 15 minutes", RangeSpec("now-15m", "now")),
    Quick("2", "Last hour", RangeSpec("now-1h", "now")),
    Quick("3", "Last 6 hours", RangeSpec("now-6h", "now")),
    Quick("4", "Last 24 hours", RangeSpec("now-24h", "now")),
    Quick("5", "Last 7 days", RangeSpec("now-7d", "now")),
    Quick("6", "Last 30 days", RangeSpec("now-30d", "now")),
    Quick("7", "Last 90 days", RangeSpec("now-90d", "now")),
)
NAMED = (
    Quick("8", "Today", RangeSpec("now/d", "now/d")),
    Quick("9", "Yesterday", RangeSpec("now-1d/d", "now-1d/d")),
    Quick("w", "This week", RangeSpec("now/w", "now/w")),
    Quick("s", "This shift", RangeSpec("this shift")),
    Quick("l", "Last shift", RangeSpec("last shift")),
    Quick("b", "This batch", RangeSpec("this batch")),
)
COLUMNS = (LASTING, NAMED)
_LONGEST = 40
_WIDTH, _SECOND = 72, 36


class Part(Enum):
    """What the keys are about."""

    LIST = auto()
    FROM = auto()
    TO = auto()


@dataclass(frozen=True, slots=True)
class Asked:
    """The dialog's state: a place in the list, and what stands in the two fields."""

    from_: Field
    to: Field
    part: Part = Part.LIST
    column: int = 0
    row: int = 3

    @property
    def quick(self) -> Quick:
        return COLUMNS[self.column][self.row]

    @property
    def spec(self) -> RangeSpec:
        """What enter would take."""
        if self.part is Part.LIST:
            return self.quick.spec
        return RangeSpec(self.from_.text.strip(), self.to.text.strip())


def opened(spec: RangeSpec) -> Asked:
    """With the present range in the fields, and in the list if it is one of its own."""
    start = Asked(text_field.filled(spec.from_, _LONGEST), text_field.filled(spec.to, _LONGEST))
    for number, column in enumerate(COLUMNS):
        for row, quick in enumerate(column):
            if quick.spec == spec:
                return replace(start, column=number, row=row)
    return start


def moved(asked: Asked, *, rows: int = 0, columns: int = 0) -> Asked:
    """To another place in the list."""
    column = (asked.column + columns) % len(COLUMNS)
    count = len(COLUMNS[column])
    row = min(asked.row, count - 1) if columns else (asked.row + rows) % count
    return replace(asked, column=column, row=row)


def preview(spec: RangeSpec, resolve: Resolve, zone: tzinfo) -> tuple[str, bool]:
    """What the range means in the plant's time, and whether it means anything."""
    try:
        since, until = resolve(spec)
    except DosingError as error:
        return plain(str(error), _WIDTH - 8), False
    return f"{_day(since, zone)} – {_day(until, zone)}   {_length(until - since)}", True


def _day(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%a %Y-%m-%d %H:%M")


def _length(span: timedelta) -> str:
    minutes = round(span / timedelta(minutes=1))
    days, rest = divmod(minutes, 24 * 60)
    parts = ((days, "d"), (rest // 60, "h"), (rest % 60, "min"))
    return (
        " ".join(f"{number_format.count(number)} {unit}" for number, unit in parts if number)
        or "less than 1 min"
    )


def range_rows(asked: Asked, meaning: str, *, valid: bool) -> Rows:
    canvas = box(_WIDTH, 19, "Time range", hint="the plant's time")
    for number, column in enumerate(COLUMNS):
        for row, quick in enumerate(column):
            here = asked.part is Part.LIST and (asked.column, asked.row) == (number, row)
            _draw_quick(canvas, 3 + number * (_SECOND - 2), 3 + row, quick, here=here)
    for part, y, label, shown in ((Part.FROM, 11, "From", asked.from_), (Part.TO, 12, "To", asked.to)):
        present = asked.part is part
        canvas.text(3, y, label, LABEL if present else DIM)
        text_field.draw(canvas, 9, y, shown, width=_LONGEST + 1, focused=present)
    canvas.text(9, 13, "now-6h, now/d, now-7d/d, 2026-11-24 06:00", DIM)
    say(canvas, 15, meaning, fault=not valid)
    keys_row(canvas, 17, ("enter", "takes it"), ("tab", "type a range"), ("esc", "leaves it as it is"))
    return canvas.rows


def _draw_quick(canvas: Canvas, x: int, y: int, quick: Quick, *, here: bool) -> None:
    pen = CHOSEN if here else TEXT
    canvas.text(x, y, f" {quick.key} ", CHOSEN if here else KEY)
    canvas.text(x + 3, y, f"{quick.name:<{_SECOND - 8}}", pen)


class RangeDialog(Sheet[RangeSpec]):
    """Opens with the present range; what cannot be resolved cannot be taken."""

    BINDINGS = [
        Binding("tab", "part(1)", "Next part", show=False),
        Binding("shift+tab", "part(-1)", "Part before", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        *(Binding(quick.key, f"quick('{quick.key}')", show=False) for column in COLUMNS for quick in column),
    ]

    def __init__(self, look: Look, present: RangeSpec, *, resolve: Resolve, zone: tzinfo) -> None:
        super().__init__(look)
        self._asked = opened(present)
        self._resolve = resolve
        self._zone = zone

    @property
    def typing(self) -> Field | None:
        match self._asked.part:
            case Part.LIST:
                return None
            case Part.FROM:
                return self._asked.from_
            case Part.TO:
                return self._asked.to

    def put(self, changed: Field) -> None:
        if self._asked.part is Part.FROM:
            self._asked = replace(self._asked, from_=changed)
        else:
            self._asked = replace(self._asked, to=changed)

    def rows(self, width: int, height: int) -> Rows:
        meaning, valid = preview(self._asked.spec, self._resolve, self._zone)
        return range_rows(self._asked, meaning, valid=valid)

    def _set(self, asked: Asked) -> None:
        self._asked = asked
        self.draw()

    def action_part(self, step: int) -> None:
        parts = list(Part)
        self._set(replace(self._asked, part=parts[(parts.index(self._asked.part) + step) % len(parts)]))

    def action_move(self, rows: int) -> None:
        if self._asked.part is Part.LIST:
            self._set(moved(self._asked, rows=rows))
        else:
            self.action_part(rows)

    def action_edit(self, key: str) -> None:
        """In the list the arrows go from column to column."""
        if self._asked.part is not Part.LIST:
            super().action_edit(key)
        elif key in ("left", "right"):
            self._set(moved(self._asked, columns=1 if key == "right" else -1))

    def action_quick(self, key: str) -> None:
        """Takes it at once; if it means nothing now, goes there and says why."""
        for number, column in enumerate(COLUMNS):
            for row, quick in enumerate(column):
                if quick.key == key:
                    self._set(replace(self._asked, column=number, row=row))
        self.action_accept()

    def action_accept(self) -> None:
        if preview(self._asked.spec, self._resolve, self._zone)[1]:
            self.dismiss(self._asked.spec)
