"""Asks what was refilled: which tank, how much it holds now, who did it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from textual.binding import Binding

from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.domain.panels.operator_notes import MAX_AUTHOR_LENGTH
from dosing_tui.tui.rendering import number_format, text_field
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text, wrap_text
from dosing_tui.tui.rendering.palette import DIM, LABEL, TEXT
from dosing_tui.tui.rendering.text_field import TextField
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.form_dialog import SELECTED_STYLE, FormDialog, create_box, draw_keys, draw_message

_WIDTH, _LABEL_WIDTH, _MASS_WIDTH = 74, 10, 12


class RefillField(IntEnum):
    """What the keys are about, from top to bottom."""

    TANK = 0
    GRAMS = 1
    NAME = 2


@dataclass(frozen=True, slots=True)
class RefillInput:
    """``grams``: what the tank holds now; None if nobody has weighed it."""

    tank: InventoryLevel
    grams: float | None
    name: str


class RefillDialog(FormDialog[RefillInput]):
    BINDINGS = [
        Binding("tab,down", "line(1)", "Next line", show=False),
        Binding("shift+tab,up", "line(-1)", "Line before", show=False),
    ]

    def __init__(
        self,
        theme: TerminalTheme,
        tanks: Sequence[InventoryLevel],
        *,
        tank_index: int,
        name: str,
        grace_period: timedelta,
    ) -> None:
        """``tank_index``: the number of the tank it opens with; ``grace_period``: so long its level may jump up."""
        super().__init__(theme)
        self._tanks = tanks
        self._tank_index = tank_index
        self._grace_period = grace_period
        self._fields = {
            RefillField.GRAMS: TextField(max_length=_MASS_WIDTH),
            RefillField.NAME: text_field.create_field(name, MAX_AUTHOR_LENGTH),
        }
        self._current_field = RefillField.GRAMS
        self._error = ""

    @property
    def active_field(self) -> TextField | None:
        return self._fields.get(self._current_field)

    def update_field(self, new_field: TextField) -> None:
        self._fields[self._current_field] = new_field
        self._error = ""

    def action_line(self, step: int) -> None:
        self._current_field = RefillField((self._current_field + step) % len(RefillField))
        self.draw_dialog()

    def action_edit(self, key: str) -> None:
        """On the line of the tanks ← and → choose one."""
        if self._current_field is RefillField.TANK and key in ("left", "right"):
            self._tank_index = (self._tank_index + (1 if key == "right" else -1)) % len(self._tanks)
            self._error = ""
            self.draw_dialog()
        else:
            super().action_edit(key)

    def action_accept(self) -> None:
        tank = self._tanks[self._tank_index]
        grams = parse_mass(self._fields[RefillField.GRAMS].text, tank)
        if isinstance(grams, str):
            self._error = grams
            self.draw_dialog()
        else:
            self.dismiss(RefillInput(tank, grams, self._fields[RefillField.NAME].text.strip()))

    def render_rows(self, width: int, height: int) -> Rows:
        consequence = wrap_text(
            f"The jump of its level is no alarm for {number_format.format_bucket_width(self._grace_period)}. The journal keeps who"
            " refilled it, and to how much.",
            _WIDTH - 6,
        )
        canvas = create_box(_WIDTH, 12 + len(consequence), "Refilled?")
        for line, label in zip(RefillField, ("Tank", "Grams", "Name"), strict=True):
            canvas.write_text(3, 3 + line, label, LABEL if line is self._current_field else DIM)
        self._draw_fields(canvas)
        for number, line_ in enumerate(consequence):
            canvas.write_text(3, 7 + number, line_, DIM)
        draw_message(canvas, canvas.height - 4, self._error, is_error=bool(self._error))
        draw_keys(
            canvas, canvas.height - 2,
            ("enter", "tells of the refill"), ("tab", "next line"), ("esc", "leaves"),
        )  # fmt: skip
        return canvas.rows

    def _draw_fields(self, canvas: Canvas) -> None:
        tank, x = self._tanks[self._tank_index], 3 + _LABEL_WIDTH
        named = f"← {sanitize_text(tank.chemical, 24)} · {sanitize_text(tank.device_id, 24)} →"
        canvas.write_text(
            x,
            3,
            named,
            SELECTED_STYLE if self._current_field is RefillField.TANK else TEXT,
            width=_WIDTH - _LABEL_WIDTH - 6,
        )
        here = self._current_field is RefillField.GRAMS
        text_field.draw_field(
            canvas, x, 4, self._fields[RefillField.GRAMS], width=_MASS_WIDTH + 1, is_focused=here
        )
        canvas.write_text(
            x + _MASS_WIDTH + 3, 4, f"in it now, {_format_capacity(tank)}; empty if not weighed", DIM
        )
        name, here = self._fields[RefillField.NAME], self._current_field is RefillField.NAME
        text_field.draw_field(canvas, x, 5, name, width=_WIDTH - _LABEL_WIDTH - 6, is_focused=here)


def _format_capacity(tank: InventoryLevel) -> str:
    return "of any size" if tank.capacity_g is None else f"of {tank.capacity_g:,.0f}".replace(",", " ")


def parse_mass(text: str, tank: InventoryLevel) -> float | str | None:
    """The grams, None for none, or why they cannot be."""
    wanted = text.replace(" ", "").replace(",", ".")
    if not wanted:
        return None
    if re.search(r",\d{3}$", text.strip()):
        return f"{text.strip()} may be thousands or a fraction: write 9500 or 9500.5."
    try:
        grams = float(wanted)
    except ValueError:
        return f"{text.strip()} is no number of grams, such as 9500 or 9500.5."
    if not 0 <= grams < float("inf"):
        return "A tank cannot hold so much."
    if tank.capacity_g is not None and grams > tank.capacity_g:
        return f"The tank holds {_format_capacity(tank).removeprefix('of ')} g at most."
    return grams
