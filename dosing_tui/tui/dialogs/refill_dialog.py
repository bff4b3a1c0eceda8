"""Records a tank refill: the tank, its content now, the operator's name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.domain.panels.operator_notes import MAX_AUTHOR_LENGTH
from dosing_tui.tui.rendering import number_format, text_field
from dosing_tui.tui.rendering.canvas import Rows, sanitize_text
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.form_dialog import FormDialog, InvalidEntryError
from dosing_tui.tui.widgets.form_fields import BLANK_ROW, ChoiceField, FormPart, TextEntry, wrap_form_text

_MASS_WIDTH = 12


@dataclass(frozen=True, slots=True)
class RefillInput:
    """``grams``: the tank's content now; None if it has not been weighed."""

    tank: InventoryLevel
    grams: float | None
    name: str


class RefillDialog(FormDialog[RefillInput]):
    def __init__(
        self,
        theme: TerminalTheme,
        tanks: Sequence[InventoryLevel],
        *,
        tank_index: int,
        name: str,
        grace_period: timedelta,
    ) -> None:
        """``tank_index``: the tank shown first; ``grace_period``: the time in which its level may jump up."""
        self._tanks = tanks
        self._tank = ChoiceField(
            label="Tank",
            options=[
                f"{sanitize_text(tank.chemical, 24)} · {sanitize_text(tank.device_id, 24)}" for tank in tanks
            ],
            index=tank_index,
        )
        self._grams = TextEntry(
            label="Grams", field=text_field.TextField(max_length=_MASS_WIDTH), width=_MASS_WIDTH + 1
        )
        self._operator = TextEntry(label="Name", field=text_field.create_field(name, MAX_AUTHOR_LENGTH))
        consequence = wrap_form_text(
            f"Its level may jump up for {number_format.format_bucket_width(grace_period)} without an alarm."
            " The journal records your name and the amount."
        )
        fields: list[FormPart] = [self._tank, self._grams, self._operator, BLANK_ROW, consequence]
        super().__init__(theme, "Record refill", fields, action="Record refill")
        self._focused_field = self._grams

    @property
    def _selected_tank(self) -> InventoryLevel:
        return self._tanks[self._tank.index]

    def build_result(self) -> RefillInput:
        grams = parse_mass(self._grams.text, self._selected_tank)
        return RefillInput(self._selected_tank, grams, self._operator.text)

    def render_rows(self, width: int, height: int) -> Rows:
        self._grams.hint = f"in it now, {_format_capacity(self._selected_tank)}; leave empty if not weighed"
        return super().render_rows(width, height)


def _format_capacity(tank: InventoryLevel) -> str:
    return "of any size" if tank.capacity_g is None else f"of {number_format.format_whole(tank.capacity_g)}"


def parse_mass(text: str, tank: InventoryLevel) -> float | None:
    """The grams, None for no text. Raises InvalidEntryError for text that is no mass this tank can hold.

    "9,500" is refused: it may mean thousands or a fraction.
    """
    text = text.strip()
    if not text:
        return None
    if re.search(r",\d{3}$", text):
        raise InvalidEntryError(f"{text} may be thousands or a fraction. Enter 9500 or 9500.5.")
    try:
        grams = float(text.replace(" ", "").replace(",", "."))
    except ValueError as error:
        raise InvalidEntryError(f"{text} is not a number of grams. Enter 9500 or 9500.5.") from error
    if not 0 <= grams < float("inf"):
        raise InvalidEntryError("Enter a mass of 0 g or more.")
    if tank.capacity_g is not None and grams > tank.capacity_g:
        raise InvalidEntryError(f"The tank holds {_format_capacity(tank).removeprefix('of ')} g at most.")
    return grams
