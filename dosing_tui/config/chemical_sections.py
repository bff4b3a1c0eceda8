"""``[[chemicals]]``: what the plant says of a chemical; checks of each section."""

from collections.abc import Iterator, Sequence

from dosing_tui.config.sections.section import Section
from dosing_tui.config.type_coercion import find_range_errors
from dosing_tui.domain.materials.ledger import DENSITY_RANGE
from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.messages.text_sanitizer import clean_text


class ChemicalSettings(Section, frozen=True):
    name: str
    """The chemical, as the stations name it."""
    density_g_per_ml: float
    """Its density in g/ml: with it litres can be entered in the material ledger."""


def find_errors(chemicals: Sequence[ChemicalSettings]) -> Iterator[str]:
    """One sentence for each impossible value."""
    names: set[str] = set()
    for number, chemical in enumerate(chemicals, start=1):
        location = f"chemicals[{number}]"
        if not chemical.name or clean_text(chemical.name) != chemical.name:
            yield f"{location}.name: {chemical.name!r} is not the name of a chemical."
        if fold_name(chemical.name) in names:
            yield f"{location}.name: {chemical.name!r} is there twice."
        names.add(fold_name(chemical.name))
        yield from find_range_errors(
            (f"{location}.density_g_per_ml:", chemical.density_g_per_ml, *DENSITY_RANGE)
        )


def find_density(chemicals: Sequence[ChemicalSettings], name: str) -> float | None:
    """The density of a chemical in g/ml, however its name is spelled; None if it has none."""
    key = fold_name(name)
    return next((each.density_g_per_ml for each in chemicals if fold_name(each.name) == key), None)
