"""The material ledger: what is entered about a tank's content, and the checks before it is stored.

Every entry is about one tank, of a station and a chemical. ``any/0047_material_entries`` stores them.
"""

from datetime import UTC, date, datetime
from enum import StrEnum
from math import inf, isfinite

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.messages.chemical_names import normalize_name
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text
from dosing_tui.domain.quantities.quantity_text import format_deviation, format_mass

MAX_REASON_LENGTH = 500
MAX_OPERATOR_LENGTH = 60
MAX_NAME_LENGTH = 100
"""Of lot number and supplier."""
MAX_CERTIFICATE_LENGTH = 200
MAX_MASS_G = 1e9
MIN_MASS_G = 1e-6
DENSITY_RANGE = (0.1, 25.0)
"""In g/ml."""
_VALID_YEARS = range(2020, 2100)


class MaterialKind(StrEnum):
    DELIVERY = "delivery"
    DRUM_CHANGE = "drum_change"
    REFILL = "refill"
    PRIME = "prime"
    PURGE = "purge"
    WASTE = "waste"
    COUNT = "count"
    CORRECTION = "correction"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ")


ADDED_KINDS = frozenset({MaterialKind.DELIVERY, MaterialKind.REFILL})
REMOVED_KINDS = frozenset({MaterialKind.PRIME, MaterialKind.PURGE, MaterialKind.WASTE})
LOSS_KINDS = REMOVED_KINDS | {MaterialKind.CORRECTION}
"""They explain a loss; of the corrections those below 0."""
SETTING_KINDS = frozenset({MaterialKind.COUNT, MaterialKind.DRUM_CHANGE})
"""The book starts anew from their mass."""
LOT_KINDS = frozenset({MaterialKind.DELIVERY, MaterialKind.DRUM_CHANGE, MaterialKind.REFILL})
"""New material comes into the tank."""
REASON_KINDS = frozenset({MaterialKind.WASTE, MaterialKind.CORRECTION})


class MassUnitName(StrEnum):
    GRAM = "g"
    KILOGRAM = "kg"
    POUND = "lb"
    LITRE = "l"


_GRAMS_PER_UNIT = {MassUnitName.GRAM: 1.0, MassUnitName.KILOGRAM: 1_000.0, MassUnitName.POUND: 453.59237}


class EntrySource(StrEnum):
    CONSOLE = "console"
    CLI = "cli"
    CSV = "csv"
    STATION = "station"


def convert_to_grams(quantity: float, unit: MassUnitName, density_g_per_ml: float | None) -> float | None:
    """None for litres without a density.

    >>> convert_to_grams(2.0, MassUnitName.LITRE, 1.06), convert_to_grams(1.0, MassUnitName.POUND, None)
    (2120.0, 453.59237)
    """
    if unit is MassUnitName.LITRE:
        return None if density_g_per_ml is None else quantity * (1_000 * density_g_per_ml)
    return quantity * _GRAMS_PER_UNIT[unit]


class MaterialDraft(Struct, frozen=True):
    """An entry that is not stored yet. ``entry_key``: one that is sent again adds nothing.

    ``quantity`` is in ``unit``: what was added or taken, positive; of a count what was there, of a drum
    change what the new drum holds; a correction has its sign.
    """

    entry_key: str
    source: EntrySource
    time: datetime
    device_id: str
    chemical: str
    kind: MaterialKind
    quantity: float
    unit: MassUnitName
    operator: str
    density_g_per_ml: float | None = None
    pump: int | None = None
    lot_number: str = ""
    supplier: str = ""
    expires_on: date | None = None
    opened_on: date | None = None
    certificate: str = ""
    reason: str = ""

    @property
    def mass_g(self) -> float | None:
        return convert_to_grams(self.quantity, self.unit, self.density_g_per_ml)


class MaterialEntry(Struct, frozen=True):
    """A stored entry. ``operator`` is the name that was typed; the server gives ``db_role`` and times of it.

    ``mass_g`` is None where a station gave none.
    """

    entry_id: int
    time: datetime
    recorded_at: datetime
    device_id: str
    chemical: str
    pump: int | None
    kind: str
    mass_g: float | None
    change_g: float | None
    """What it adds to the book; None of a count or drum change, which sets it."""
    entered_quantity: float | None
    entered_unit: str
    density_g_per_ml: float | None
    lot_number: str
    supplier: str
    expires_on: date | None
    opened_on: date | None
    certificate: str
    reason: str
    source: str
    operator: str
    os_user: str
    db_role: str


class TankMovement(Struct, frozen=True):
    """What the alarm rules take of an entry: a loss, an addition, or neither, as a count."""

    entry_id: int
    time: datetime
    device_id: str
    chemical: str
    kind: str
    change_g: float | None

    @property
    def is_addition(self) -> bool:
        return self.kind in LOT_KINDS

    @property
    def loss_g(self) -> float:
        """What it took out of the tank; infinite, if that is not known. A count takes nothing out."""
        if self.kind not in LOSS_KINDS:
            return 0.0
        return inf if self.change_g is None else max(-self.change_g, 0.0)


def clean_draft(draft: MaterialDraft) -> MaterialDraft:
    """The draft without control characters or line breaks; lengths are left to ``validate_draft``."""
    return replace(
        draft,
        device_id=clean_text(draft.device_id),
        chemical=clean_text(normalize_name(draft.chemical)),
        operator=clean_line(draft.operator, 2 * MAX_OPERATOR_LENGTH),
        lot_number=clean_line(draft.lot_number, 2 * MAX_NAME_LENGTH),
        supplier=clean_line(draft.supplier, 2 * MAX_NAME_LENGTH),
        certificate=clean_line(draft.certificate, 2 * MAX_CERTIFICATE_LENGTH),
        reason=clean_line(draft.reason, 2 * MAX_REASON_LENGTH),
    )


def describe_draft(draft: MaterialDraft) -> str:
    """In words: kind, mass, tank."""
    is_signed = draft.kind is MaterialKind.CORRECTION
    mass = format_deviation(draft.mass_g) if is_signed else format_mass(draft.mass_g)
    return f"{draft.kind.label} of {mass}, {draft.chemical} ({draft.device_id})"


def validate_draft(draft: MaterialDraft) -> str:
    """Why the draft is refused, as a sentence; '' if it is valid."""
    checks = (
        (draft.device_id and draft.chemical, "Enter station and chemical."),
        (draft.operator, "Enter your name."),
        (draft.reason or draft.kind not in REASON_KINDS, f"A {draft.kind.label} needs a reason."),
        (draft.time.astimezone(UTC).year in _VALID_YEARS, "The time lies outside 2020 to 2099."),
        (_is_density_valid(draft.density_g_per_ml), "A density lies between 0.1 and 25 g/ml."),
        (draft.mass_g is not None, _describe_missing_density(draft)),
        (_is_mass_valid(draft), _describe_wrong_mass(draft)),
        *_check_lengths(draft),
    )
    return next((sentence for is_fine, sentence in checks if not is_fine), "")


def _describe_missing_density(draft: MaterialDraft) -> str:
    return f"Litres of {draft.chemical} need its density: give density_g_per_ml, or set it in [[chemicals]]."


def _is_density_valid(density: float | None) -> bool:
    return density is None or DENSITY_RANGE[0] <= density <= DENSITY_RANGE[1]


def _is_mass_valid(draft: MaterialDraft) -> bool:
    mass_g = draft.mass_g
    if mass_g is None or not isfinite(mass_g) or abs(mass_g) > MAX_MASS_G:
        return False
    if draft.kind in SETTING_KINDS:
        return mass_g >= 0
    return (abs(mass_g) if draft.kind is MaterialKind.CORRECTION else mass_g) >= MIN_MASS_G


def _describe_wrong_mass(draft: MaterialDraft) -> str:
    if draft.kind is MaterialKind.CORRECTION:
        return "A correction is an amount with its sign, e.g. -100."
    if draft.kind in SETTING_KINDS:
        return f"A {draft.kind.label} is an amount of 0 or more."
    return f"A {draft.kind.label} is an amount above 0."


def _check_lengths(draft: MaterialDraft) -> tuple[tuple[bool, str], ...]:
    return tuple(
        (len(text) <= longest, f"The {name} is longer than {longest} characters.")
        for name, text, longest in (
            ("name", draft.operator, MAX_OPERATOR_LENGTH),
            ("lot number", draft.lot_number, MAX_NAME_LENGTH),
            ("supplier", draft.supplier, MAX_NAME_LENGTH),
            ("certificate reference", draft.certificate, MAX_CERTIFICATE_LENGTH),
            ("reason", draft.reason, MAX_REASON_LENGTH),
        )
    )
