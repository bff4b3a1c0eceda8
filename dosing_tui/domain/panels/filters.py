"""The filters of a panel: devices, chemicals, recipes, modes, pumps."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct


class Dimension(StrEnum):
    """What readings are filtered by."""

    DEVICE = "device"
    CHEMICAL = "chemical"
    RECIPE = "recipe"
    MODE = "mode"
    PUMP = "pump"

    @property
    def label(self) -> str:
        """For people; the value is for commands and statements."""
        return "station" if self is Dimension.DEVICE else self.value


class Selection(Struct, frozen=True):
    """The selected values of each dimension; an empty tuple is all values."""

    device: tuple[str, ...] = ()
    chemical: tuple[str, ...] = ()
    recipe: tuple[str, ...] = ()
    mode: tuple[str, ...] = ()
    pump: tuple[str, ...] = ()
    """Numbers."""

    @property
    def is_active(self) -> bool:
        return any(self.get_values(dimension) for dimension in Dimension)

    def get_values(self, dimension: Dimension) -> tuple[str, ...]:
        """The selected values of one dimension."""
        values: tuple[str, ...] = getattr(self, dimension.value)
        return values

    def restrict_to(self, dimensions: Iterable[Dimension]) -> "Selection":
        """The selection by these dimensions only, for a panel without the others."""
        names = frozenset(dimensions)
        return Selection(**{name.value: self.get_values(name) for name in Dimension if name in names})


NO_FILTER = Selection()
DOSE_DIMENSIONS = frozenset(Dimension) - {Dimension.PUMP}
"""What sums of doses are filtered by: they are not kept by pump."""


def describe_selection(selection: Selection, dimensions: Iterable[Dimension]) -> str:
    """For titles: 'device dosing_system_01 · recipe CU-85, CU-65/75'."""
    return " · ".join(
        f"{dimension.value} {', '.join(selection.get_values(dimension))}"
        for dimension in Dimension
        if dimension in frozenset(dimensions) and selection.get_values(dimension)
    )
