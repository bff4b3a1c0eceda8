"""What a panel can be narrowed to: devices, chemicals, recipes, modes."""

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

    def of(self, dimension: Dimension) -> tuple[str, ...]:
        """The chosen values of one dimension."""
        chosen = {
            Dimension.DEVICE: self.device,
            Dimension.CHEMICAL: self.chemical,
            Dimension.RECIPE: self.recipe,
            Dimension.MODE: self.mode,
        }
        return chosen[dimension]
