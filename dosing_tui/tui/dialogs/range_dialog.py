"""Asks for the stretch of time that the panels shall show."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from enum import Enum, auto

from textual.binding import Binding

from dosing_tui.domain.time.time_range import RangeSpec, TimeRange
from dosing_tui.errors import DosingError
from dosing_tui.tui.rendering import number_format, text_field
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text
from dosing_tui.tui.rendering.palette import DIM, LABEL, TEXT
from dosing_tui.tui.rendering.text_field import TextField
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.form_dialog import (
    KEY_STYLE,
    SELECTED_STYLE,
    FormDialog,
    create_box,
    draw_keys,
    draw_message,
)

RangeResolver = Callable[[RangeSpec], TimeRange]
"""What a range means at this moment. Raises a DosingError whose sentence says why it means nothing."""


@dataclass(frozen=True, slots=True)
class RangePreset:
    """One range of the list: the key that takes it at once, and its name."""

    key: str
    name: str
    spec: RangeSpec


RELATIVE_PRESETS = (
    RangePreset("1", "Last 15 minutes", RangeSpec("now-15m", "now")),
    RangePreset("2", "Last hour", RangeSpec("now-1h", "now")),
    RangePreset("3", "Last 6 hours", RangeSpec("now-6h", "now")),
    RangePreset("4", "Last 24 hours", RangeSpec("now-24h", "now")),
    RangePreset("5", "Last 7 days", RangeSpec("now-7d", "now")),
    RangePreset("6", "Last 30 days", RangeSpec("now-30d", "now")),
    RangePreset("7", "Last 90 days", RangeSpec("now-90d", "now")),
)
CALENDAR_PRESETS = (
    RangePreset("8", "Today", RangeSpec("now/d", "now/d")),
    RangePreset("9", "Yesterday", RangeSpec("now-1d/d", "now-1d/d")),
    RangePreset("w", "This week", RangeSpec("now/w", "now/w")),
    RangePreset("s", "This shift", RangeSpec("this shift")),
    RangePreset("l", "Last shift", RangeSpec("last shift")),
    RangePreset("b", "This batch", RangeSpec("this batch")),
)
PRESET_COLUMNS = (RELATIVE_PRESETS, CALENDAR_PRESETS)
_MAX_LENGTH = 40
_WIDTH, _COLUMN_WIDTH = 72, 36


class RangeDialogPart(Enum):
    """What the keys are about."""

    LIST = auto()
    FROM = auto()
    TO = auto()


@dataclass(frozen=True, slots=True)
class RangeDialogState:
    """The dialog's state: a place in the list, and what stands in the two fields."""

    from_: TextField
    to: TextField
    part: RangeDialogPart = RangeDialogPart.LIST
    column: int = 0
    row: int = 3

    @property
    def preset(self) -> RangePreset:
        return PRESET_COLUMNS[self.column][self.row]

    @property
    def spec(self) -> RangeSpec:
        """What enter would take."""
        if self.part is RangeDialogPart.LIST:
            return self.preset.spec
        return RangeSpec(self.from_.text.strip(), self.to.text.strip())


def create_state(spec: RangeSpec) -> RangeDialogState:
    """With the present range in the fields, and in the list if it is one of its own."""
    start = RangeDialogState(
        text_field.create_field(spec.from_, _MAX_LENGTH), text_field.create_field(spec.to, _MAX_LENGTH)
    )
    for number, column in enumerate(PRESET_COLUMNS):
        for row, quick in enumerate(column):
            if quick.spec == spec:
                return replace(start, column=number, row=row)
    return start


def move_cursor(state: RangeDialogState, *, rows: int = 0, columns: int = 0) -> RangeDialogState:
    """To another place in the list."""
    column = (state.column + columns) % len(PRESET_COLUMNS)
    count = len(PRESET_COLUMNS[column])
    row = min(state.row, count - 1) if columns else (state.row + rows) % count
    return replace(state, column=column, row=row)


def preview_range(spec: RangeSpec, resolve: RangeResolver, zone: tzinfo) -> tuple[str, bool]:
    """What the range means in the plant's time, and whether it means anything."""
    try:
        since, until = resolve(spec)
    except DosingError as error:
        return sanitize_text(str(error), _WIDTH - 8), False
    return (
        f"{_format_time(since, zone)} – {_format_time(until, zone)}   {_format_length(until - since)}",
        True,
    )


def _format_time(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%a %Y-%m-%d %H:%M")


def _format_length(span: timedelta) -> str:
    minutes = round(span / timedelta(minutes=1))
    days, rest = divmod(minutes, 24 * 60)
    parts = ((days, "d"), (rest // 60, "h"), (rest % 60, "min"))
    return (
        " ".join(f"{number_format.format_count(number)} {unit}" for number, unit in parts if number)
        or "less than 1 min"
    )


def render_range(state: RangeDialogState, meaning: str, *, valid: bool) -> Rows:
    canvas = create_box(_WIDTH, 19, "Time range", hint="the plant's time")
    for number, column in enumerate(PRESET_COLUMNS):
        for row, quick in enumerate(column):
            here = state.part is RangeDialogPart.LIST and (state.column, state.row) == (number, row)
            _draw_preset(canvas, 3 + number * (_COLUMN_WIDTH - 2), 3 + row, quick, is_current=here)
    for part, y, label, shown in (
        (RangeDialogPart.FROM, 11, "From", state.from_),
        (RangeDialogPart.TO, 12, "To", state.to),
    ):
        present = state.part is part
        canvas.write_text(3, y, label, LABEL if present else DIM)
        text_field.draw_field(canvas, 9, y, shown, width=_MAX_LENGTH + 1, is_focused=present)
    canvas.write_text(9, 13, "now-6h, now/d, now-7d/d, 2026-11-24 06:00", DIM)
    draw_message(canvas, 15, meaning, is_error=not valid)
    draw_keys(canvas, 17, ("enter", "takes it"), ("tab", "type a range"), ("esc", "leaves it as it is"))
    return canvas.rows


def _draw_preset(canvas: Canvas, x: int, y: int, preset: RangePreset, *, is_current: bool) -> None:
    pen = SELECTED_STYLE if is_current else TEXT
    canvas.write_text(x, y, f" {preset.key} ", SELECTED_STYLE if is_current else KEY_STYLE)
    canvas.write_text(x + 3, y, f"{preset.name:<{_COLUMN_WIDTH - 8}}", pen)


class RangeDialog(FormDialog[RangeSpec]):
    """Opens with the present range; what cannot be resolved cannot be taken."""

    BINDINGS = [
        Binding("tab", "part(1)", "Next part", show=False),
        Binding("shift+tab", "part(-1)", "Part before", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        *(
            Binding(quick.key, f"quick('{quick.key}')", show=False)
            for column in PRESET_COLUMNS
            for quick in column
        ),
    ]

    def __init__(
        self, theme: TerminalTheme, current: RangeSpec, *, resolve: RangeResolver, zone: tzinfo
    ) -> None:
        super().__init__(theme)
        self._range_state = create_state(current)
        self._resolve = resolve
        self._zone = zone

    @property
    def active_field(self) -> TextField | None:
        match self._range_state.part:
            case RangeDialogPart.LIST:
                return None
            case RangeDialogPart.FROM:
                return self._range_state.from_
            case RangeDialogPart.TO:
                return self._range_state.to

    def update_field(self, new_field: TextField) -> None:
        if self._range_state.part is RangeDialogPart.FROM:
            self._range_state = replace(self._range_state, from_=new_field)
        else:
            self._range_state = replace(self._range_state, to=new_field)

    def render_rows(self, width: int, height: int) -> Rows:
        meaning, valid = preview_range(self._range_state.spec, self._resolve, self._zone)
        return render_range(self._range_state, meaning, valid=valid)

    def _set_state(self, state: RangeDialogState) -> None:
        self._range_state = state
        self.draw_dialog()

    def action_part(self, step: int) -> None:
        parts = list(RangeDialogPart)
        self._set_state(
            replace(self._range_state, part=parts[(parts.index(self._range_state.part) + step) % len(parts)])
        )

    def action_move(self, rows: int) -> None:
        if self._range_state.part is RangeDialogPart.LIST:
            self._set_state(move_cursor(self._range_state, rows=rows))
        else:
            self.action_part(rows)

    def action_edit(self, key: str) -> None:
        """In the list the arrows go from column to column."""
        if self._range_state.part is not RangeDialogPart.LIST:
            super().action_edit(key)
        elif key in ("left", "right"):
            self._set_state(move_cursor(self._range_state, columns=1 if key == "right" else -1))

    def action_quick(self, key: str) -> None:
        """Takes it at once; if it means nothing now, goes there and says why."""
        for number, column in enumerate(PRESET_COLUMNS):
            for row, quick in enumerate(column):
                if quick.key == key:
                    self._set_state(replace(self._range_state, column=number, row=row))
        self.action_accept()

    def action_accept(self) -> None:
        if preview_range(self._range_state.spec, self._resolve, self._zone)[1]:
            self.dismiss(self._range_state.spec)
