"""Selects the time range of the panels."""

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

from msgspec import Struct

from dosing_tui.domain.time.time_range import RangeSpec, TimeRange
from dosing_tui.errors import DosingError
from dosing_tui.tui.rendering import number_format, text_field
from dosing_tui.tui.rendering.canvas import Canvas, sanitize_text
from dosing_tui.tui.rendering.palette import TEXT
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.canvas_dialog import KEY_STYLE, SELECTED_STYLE
from dosing_tui.tui.widgets.form_dialog import FormDialog, KeyLabels
from dosing_tui.tui.widgets.form_fields import BLANK_ROW, FormField, FormPart, FormText, TextEntry

RangeResolver = Callable[[RangeSpec], TimeRange]
"""The range in absolute time, now. Raises a DosingError with the reason where there is none."""


class RangePreset(Struct, frozen=True):
    """One range of the list; ``key`` applies it at once."""

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
    RangePreset("n", "Last night's shift", RangeSpec("last night")),
    RangePreset("b", "This batch", RangeSpec("this batch")),
)
PRESET_COLUMNS = (RELATIVE_PRESETS, CALENDAR_PRESETS)
_WIDTH, _COLUMN_WIDTH, _LABEL_WIDTH, _MAX_LENGTH = 72, 36, 6, 40


class PresetList(FormField):
    """The presets in two columns; the arrows move the cursor and never leave the list."""

    def __init__(self, spec: RangeSpec) -> None:
        """The cursor starts on ``spec`` if that is a preset; else none is selected before the first arrow."""
        super().__init__(label="")
        self.column, self.row = 0, 3
        self._is_selected = self.move_to(lambda preset: preset.spec == spec)

    @property
    def height(self) -> int:
        return max(map(len, PRESET_COLUMNS))

    @property
    def selected_preset(self) -> RangePreset | None:
        return PRESET_COLUMNS[self.column][self.row] if self._is_selected else None

    def move_to(self, is_wanted: Callable[[RangePreset], bool]) -> bool:
        """Move the cursor to the preset; False where there is none."""
        for number, column in enumerate(PRESET_COLUMNS):
            for row, preset in enumerate(column):
                if is_wanted(preset):
                    self.column, self.row, self._is_selected = number, row, True
                    return True
        return False

    def take_input(self, key: str, text: str | None) -> bool:
        match key:
            case "up" | "down" | "left" | "right" if not self._is_selected:
                self._is_selected = True
            case "up" | "down":
                self.row = (self.row + (1 if key == "down" else -1)) % len(PRESET_COLUMNS[self.column])
            case "left" | "right":
                self.column = 1 - self.column
                self.row = min(self.row, len(PRESET_COLUMNS[self.column]) - 1)
            case _:
                return False
        return True

    def draw_part(self, canvas: Canvas, y: int, *, is_focused: bool) -> None:
        for number, column in enumerate(PRESET_COLUMNS):
            x = 3 + number * (_COLUMN_WIDTH - 2)
            for row, preset in enumerate(column, start=y):
                is_selected = is_focused and preset is self.selected_preset
                canvas.write_text(x, row, f" {preset.key} ", SELECTED_STYLE if is_selected else KEY_STYLE)
                name = f"{preset.name:<{_COLUMN_WIDTH - 8}}"
                canvas.write_text(x + 3, row, name, SELECTED_STYLE if is_selected else TEXT)


def preview_range(spec: RangeSpec, resolve: RangeResolver, zone: tzinfo) -> tuple[str, bool]:
    """The range in the plant's time zone, or the reason why it has none; and whether it is one."""
    try:
        since, until = resolve(spec)
    except DosingError as error:
        return sanitize_text(str(error), _WIDTH - 8), False
    span = f"{_format_time(since, zone)} – {_format_time(until, zone)}"
    return f"{span}   {_format_length(until - since)}", True


def _format_time(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%a %Y-%m-%d %H:%M")


def _format_length(span: timedelta) -> str:
    minutes = round(span / timedelta(minutes=1))
    days, rest = divmod(minutes, 24 * 60)
    parts = ((days, "d"), (rest // 60, "h"), (rest % 60, "min"))
    texts = [f"{number_format.format_count(number)} {unit}" for number, unit in parts if number]
    return " ".join(texts) or "less than 1 min"


class RangeDialog(FormDialog[RangeSpec]):
    """Opens with the current range. A range that cannot be resolved is not applied."""

    form_width = _WIDTH
    hint = "plant time"

    def __init__(
        self, theme: TerminalTheme, current: RangeSpec, *, resolve: RangeResolver, zone: tzinfo
    ) -> None:
        self._resolve = resolve
        self._zone = zone
        self._presets = PresetList(current)
        self._from, self._to = (
            TextEntry(
                label=label, field=text_field.create_field(text, _MAX_LENGTH),
                label_width=_LABEL_WIDTH, width=_MAX_LENGTH + 1,
            )
            for label, text in (("From", current.from_), ("To", current.to))
        )  # fmt: skip
        examples = FormText(["now-6h, now/d, now-7d/d, 2026-11-24 06:00"], x=3 + _LABEL_WIDTH)
        parts: list[FormPart] = [self._presets, BLANK_ROW, self._from, self._to, examples]
        super().__init__(theme, "Time range", parts, action="Apply")

    def list_keys(self) -> KeyLabels:
        return ("Enter", "Apply"), ("Tab", "Type a range"), ("Esc", "Cancel")

    def format_message(self) -> tuple[str, bool]:
        text, is_valid = preview_range(self.build_result(), self._resolve, self._zone)
        return text, not is_valid

    def take_input(self, key: str, text: str | None) -> bool:
        """In the list, a preset's key applies it at once; if it cannot be resolved, the cursor goes there."""
        if self._focused_field is self._presets and self._presets.move_to(lambda preset: preset.key == key):
            self.action_accept()
            return True
        return super().take_input(key, text)

    def build_result(self) -> RangeSpec:
        preset = self._presets.selected_preset
        if self._focused_field is self._presets and preset is not None:
            return preset.spec
        return RangeSpec(self._from.text, self._to.text)

    def action_accept(self) -> None:
        if preview_range(self.build_result(), self._resolve, self._zone)[1]:
            super().action_accept()
