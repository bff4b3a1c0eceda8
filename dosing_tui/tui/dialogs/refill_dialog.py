"""Asks what was refilled: which tank, how much it holds now, who did it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from textual.binding import Binding

from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.domain.panels.operator_notes import AUTHOR_LONGEST
from dosing_tui.tui.rendering import number_format, text_field
from dosing_tui.tui.rendering.canvas import Canvas, Rows, broken, plain
from dosing_tui.tui.rendering.palette import DIM, LABEL, TEXT
from dosing_tui.tui.rendering.text_field import Field
from dosing_tui.tui.rendering.theme import Look
from dosing_tui.tui.widgets.form_dialog import CHOSEN, Sheet, box, keys_row, say

_WIDTH, _LABELS, _MASS = 74, 10, 12


class Line(IntEnum):
    """What the keys are about, from top to bottom."""

    TANK = 0
    GRAMS = 1
    NAME = 2


@dataclass(frozen=True, slots=True)
class Refill:
    """``grams``: what the tank holds now; None if nobody has weighed it."""

    tank: InventoryLevel
    grams: float | None
    name: str


class RefillDialog(Sheet[Refill]):
    BINDINGS = [
        Binding("tab,down", "line(1)", "Next line", show=False),
        Binding("shift+tab,up", "line(-1)", "Line before", show=False),
    ]

    def __init__(
        self, look: Look, tanks: Sequence[InventoryLevel], *, chosen: int, name: str, within: timedelta
    ) -> None:
        """``chosen``: the number of the tank it opens with; ``within``: so long its level may jump up."""
        super().__init__(look)
        self._tanks = tanks
        self._tank = chosen
        self._within = within
        self._fields = {Line.GRAMS: Field(longest=_MASS), Line.NAME: text_field.filled(name, AUTHOR_LONGEST)}
        self._line = Line.GRAMS
        self._sentence = ""

    @property
    def typing(self) -> Field | None:
        return self._fields.get(self._line)

    def put(self, changed: Field) -> None:
        self._fields[self._line] = changed
        self._sentence = ""

    def action_line(self, step: int) -> None:
        self._line = Line((self._line + step) % len(Line))
        self.draw()

    def action_edit(self, key: str) -> None:
        """On the line of the tanks ← and → choose one."""
        if self._line is Line.TANK and key in ("left", "right"):
            self._tank = (self._tank + (1 if key == "right" else -1)) % len(self._tanks)
            self._sentence = ""
            self.draw()
        else:
            super().action_edit(key)

    def action_accept(self) -> None:
        tank = self._tanks[self._tank]
        grams = mass(self._fields[Line.GRAMS].text, tank)
        if isinstance(grams, str):
            self._sentence = grams
            self.draw()
        else:
            self.dismiss(Refill(tank, grams, self._fields[Line.NAME].text.strip()))

    def rows(self, width: int, height: int) -> Rows:
        consequence = broken(
            f"The jump of its level is no alarm for {number_format.span(self._within)}. The journal keeps who"
            " refilled it, and to how much.",
            _WIDTH - 6,
        )
        canvas = box(_WIDTH, 12 + len(consequence), "Refilled?")
        for line, label in zip(Line, ("Tank", "Grams", "Name"), strict=True):
            canvas.text(3, 3 + line, label, LABEL if line is self._line else DIM)
        self._draw_lines(canvas)
        for number, line_ in enumerate(consequence):
            canvas.text(3, 7 + number, line_, DIM)
        say(canvas, canvas.height - 4, self._sentence, fault=bool(self._sentence))
        keys_row(
            canvas, canvas.height - 2,
            ("enter", "tells of the refill"), ("tab", "next line"), ("esc", "leaves"),
        )  # fmt: skip
        return canvas.rows

    def _draw_lines(self, canvas: Canvas) -> None:
        tank, x = self._tanks[self._tank], 3 + _LABELS
        named = f"← {plain(tank.chemical, 24)} · {plain(tank.device_id, 24)} →"
        canvas.text(x, 3, named, CHOSEN if self._line is Line.TANK else TEXT, width=_WIDTH - _LABELS - 6)
        here = self._line is Line.GRAMS
        text_field.draw(canvas, x, 4, self._fields[Line.GRAMS], width=_MASS + 1, focused=here)
        canvas.text(x + _MASS + 3, 4, f"in it now, {_room(tank)}; empty if not weighed", DIM)
        name, here = self._fields[Line.NAME], self._line is Line.NAME
        text_field.draw(canvas, x, 5, name, width=_WIDTH - _LABELS - 6, focused=here)


def _room(tank: InventoryLevel) -> str:
    return "of any size" if tank.capacity_g is None else f"of {tank.capacity_g:,.0f}".replace(",", " ")


def mass(text: str, tank: InventoryLevel) -> float | str | None:
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
        return f"The tank holds {_room(tank).removeprefix('of ')} g at most."
    return grams
