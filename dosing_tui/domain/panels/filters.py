"""What a panel can be narrowed to: devices, chemicals, recipes, modes."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Dimension(StrEnum):
    """By what readings are told apart."""

    DEVICE = "device"
    CHEMICAL = "chemical"
    RECIPE = "recipe"
    MODE = "mode"


@dataclass(frozen=True, slots=True)
class Selection:
    """The chosen values of each dimension; an empty tuple is all."""

    device: tuple[str, ...] = ()
    chemical: tuple[str, ...] = ()
    recipe: tuple[str, ...] = ()
    mode: tuple[str, ...] = ()

    @property
    def is_active(self) -> bool:
        return any(self.get_values(dimension) for dimension in Dimension)

    def get_values(self, dimension: Dimension) -> tuple[str, ...]:
        """The chosen values of one dimension."""
        chosen = {
            Dimension.DEVICE: self.device,
            Dimension.CHEMICAL: self.chemical,
            Dimension.RECIPE: self.recipe,
            Dimension.MODE: self.mode,
        }
        return chosen[dimension]

    def restrict_to(self, dimensions: Iterable[Dimension]) -> "Selection":
        """Only the choices of these dimensions, for a panel that has no others."""
        kept = {
            name.value: self.get_values(name) if name in frozenset(dimensions) else () for name in Dimension
        }
        return Selection(**kept)


NO_FILTER = Selection()


def describe_selection(selection: Selection, dimensions: Iterable[Dimension]) -> str:
    """For titles: 'device dosing_system_01 · recipe CU-85, CU-65/75'."""
    return " · ".join(
        f"{dimension.value} {', '.join(selection.get_values(dimension))}"
        for dimension in Dimension
        if dimension in frozenset(dimensions) and selection.get_values(dimension)
    )
