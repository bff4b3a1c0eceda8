"""Enters what was done with a tank: a delivery, drum change, refill, loss, count or correction."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo

from msgspec import Struct

from dosing_tui.domain.materials.csv_entries import parse_day, parse_quantity
from dosing_tui.domain.materials.ledger import (
    LOT_KINDS,
    MAX_NAME_LENGTH,
    MAX_OPERATOR_LENGTH,
    MAX_REASON_LENGTH,
    EntrySource,
    MassUnitName,
    MaterialDraft,
    MaterialKind,
    clean_draft,
    validate_draft,
)
from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.tui.rendering import number_format, text_field
from dosing_tui.tui.rendering.canvas import Rows, fit_names, sanitize_text
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.form_dialog import FormDialog, InvalidEntryError
from dosing_tui.tui.widgets.form_fields import BLANK_ROW, ChoiceField, FormPart, TextEntry
from dosing_tui.tui.widgets.time_entry import MAX_TIME_LENGTH, create_time_entry

_MASS_WIDTH, _DATE_WIDTH, _TANK_NAME_WIDTH = 14, 12, 24
KINDS = (
    MaterialKind.REFILL,
    MaterialKind.DELIVERY,
    MaterialKind.DRUM_CHANGE,
    MaterialKind.COUNT,
    MaterialKind.PRIME,
    MaterialKind.PURGE,
    MaterialKind.WASTE,
    MaterialKind.CORRECTION,
)
"""In the order of the choice; the first is the most frequent."""
_QUANTITY_HINTS: Mapping[MaterialKind, str] = {
    MaterialKind.REFILL: "added",
    MaterialKind.DELIVERY: "added",
    MaterialKind.DRUM_CHANGE: "in the new drum",
    MaterialKind.COUNT: "counted: in it now",
    MaterialKind.PRIME: "taken",
    MaterialKind.PURGE: "taken",
    MaterialKind.WASTE: "taken",
    MaterialKind.CORRECTION: "with its sign: -100 was lost",
}


class MaterialDefaults(Struct, frozen=True):
    """``tank_index``: the tank shown first; ``at``: the time; ``name``: who is signed on, or ''."""

    tank_index: int
    at: datetime
    name: str


class MaterialDialog(FormDialog[MaterialDraft]):
    gap = 0

    def __init__(
        self,
        theme: TerminalTheme,
        tanks: Sequence[InventoryLevel],
        defaults: MaterialDefaults,
        *,
        zone: tzinfo,
        find_density: Callable[[str], float | None],
    ) -> None:
        """``find_density``: of a chemical in g/ml, None if it is not set."""
        self._tanks, self._find_density = tanks, find_density
        self._kind = ChoiceField(label="Kind", options=[kind.label for kind in KINDS])
        self._tank = ChoiceField(
            label="Tank",
            options=_label_tanks(tanks),
            values=[json.dumps([tank.device_id, tank.chemical]) for tank in tanks],
            index=defaults.tank_index,
        )
        self._quantity = _create_entry("Quantity", _MASS_WIDTH, required="Enter a quantity.")
        self._unit = ChoiceField(label="Unit", options=[unit.value for unit in MassUnitName])
        self._time = create_time_entry("Time", defaults.at, zone, width=MAX_TIME_LENGTH + 1)
        self._lot = _create_entry("Lot", MAX_NAME_LENGTH)
        self._supplier = _create_entry("Supplier", MAX_NAME_LENGTH)
        self._expires = _create_entry("Expires", _DATE_WIDTH, width=_DATE_WIDTH + 1)
        self._opened = _create_entry("Opened", _DATE_WIDTH, width=_DATE_WIDTH + 1)
        self._certificate = _create_entry("Cert. ref", MAX_NAME_LENGTH)
        self._reason = _create_entry("Reason", MAX_REASON_LENGTH)
        self._operator = _create_entry("Name", MAX_OPERATOR_LENGTH, text=defaults.name)
        self._operator.is_person = True
        parts: list[FormPart] = [
            self._kind, self._tank, self._quantity, self._unit, self._time, self._reason, self._operator,
            BLANK_ROW,
            self._lot, self._supplier, self._expires, self._opened, self._certificate, BLANK_ROW,
        ]  # fmt: skip
        super().__init__(theme, "Material entry", parts, action="Save")
        self._focused_field = self._quantity

    @property
    def _selected_tank(self) -> InventoryLevel:
        return self._tanks[self._tank.index]

    @property
    def _selected_kind(self) -> MaterialKind:
        return KINDS[self._kind.index]

    def render_rows(self, width: int, height: int) -> Rows:
        kind, tank = self._selected_kind, self._selected_tank
        self._kind.hint = "the level may then jump up" if kind in LOT_KINDS else ""
        self._quantity.hint = _QUANTITY_HINTS[kind]
        density = self._find_density(tank.chemical)
        is_volume = list(MassUnitName)[self._unit.index] is MassUnitName.LITRE
        self._unit.hint = "" if not is_volume else _describe_density(density)
        self._expires.hint = self._opened.hint = "e.g. 2027-05-01"
        self._notice = "" if kind in LOT_KINDS else "Lot, supplier and dates are for what comes in."
        return super().render_rows(width, height)

    def build_result(self) -> MaterialDraft:
        tank, unit = self._selected_tank, list(MassUnitName)[self._unit.index]
        try:
            quantity = parse_quantity(self._quantity.text)
            expires, opened = (
                parse_day(each.label, each.text) if self._selected_kind in LOT_KINDS else None
                for each in (self._expires, self._opened)
            )
        except ValueError as error:
            raise InvalidEntryError(str(error)) from error
        lot, supplier, certificate = (
            each.text if self._selected_kind in LOT_KINDS else ""
            for each in (self._lot, self._supplier, self._certificate)
        )
        draft = clean_draft(MaterialDraft(
            f"console:{self.entry_id}", EntrySource.CONSOLE, self._time.parse_time(), tank.device_id,
            tank.chemical, self._selected_kind, quantity, unit, self._operator.text,
            self._find_density(tank.chemical) if unit is MassUnitName.LITRE else None, None,
            lot, supplier, expires, opened, certificate, self._reason.text,
        ))  # fmt: skip
        if sentence := validate_draft(draft) or _check_capacity(draft, tank):
            raise InvalidEntryError(sentence)
        return draft


def _label_tanks(tanks: Sequence[InventoryLevel]) -> list[str]:
    """No two look the same, and an entry is never made for another tank."""
    chemicals = fit_names([sanitize_text(tank.chemical) for tank in tanks], _TANK_NAME_WIDTH)
    stations = fit_names([sanitize_text(tank.device_id) for tank in tanks], _TANK_NAME_WIDTH)
    return [f"{chemical} · {station}" for chemical, station in zip(chemicals, stations, strict=True)]


def _create_entry(
    label: str, most: int, *, text: str = "", width: int | None = None, required: str = ""
) -> TextEntry:
    entry = TextEntry(label=label, field=text_field.create_field(text, most), required=required)
    if width is not None or most < 40:
        entry.width = width or most + 1
    return entry


def _describe_density(density: float | None) -> str:
    return "no density: [[chemicals]] of the settings" if density is None else f"{density:g} g/ml"


def _check_capacity(draft: MaterialDraft, tank: InventoryLevel) -> str:
    """A sentence, if the tank cannot hold so much."""
    is_content = draft.kind in LOT_KINDS or draft.kind is MaterialKind.COUNT
    if tank.capacity_g is None or draft.mass_g is None or not is_content or draft.mass_g <= tank.capacity_g:
        return ""
    return f"The tank holds {number_format.format_whole(tank.capacity_g)} g at most."
