"""Which values of the four dimensions are chosen, and what keys do to the choice. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dosing_tui.domain.panels.filters import Dimension, Selection
from dosing_tui.tui.rendering.canvas import plain
from dosing_tui.tui.rendering.text_field import Field

NOTHING = Field()
Values = Mapping[Dimension, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Group:
    """One dimension's values as the database has them. Nothing chosen is everything."""

    dimension: Dimension
    values: tuple[str, ...] = ()
    chosen: frozenset[str] = frozenset()
    search: Field = NOTHING
    row: int = 0

    @property
    def matching(self) -> tuple[str, ...]:
        """The values that hold what is searched for, as they are read on the screen."""
        wanted = self.search.text.casefold().strip()
        return tuple(value for value in self.values if wanted in plain(value).casefold())

    @property
    def words(self) -> str:
        return f"{len(self.chosen)} of {len(self.values)}" if self.chosen else "all"


@dataclass(frozen=True, slots=True)
class Choosing:
    """``at`` is the number of the group that the keys are about."""

    groups: tuple[Group, ...]
    at: int = 0
    searching: bool = False
    loaded: bool = False

    @property
    def group(self) -> Group:
        return self.groups[self.at]


def begun(selection: Selection) -> Choosing:
    """Before the values are known: only what is chosen already."""
    return Choosing(tuple(_group(dimension, selection.of(dimension)) for dimension in Dimension))


def loaded(choosing: Choosing, values: Values) -> Choosing:
    """With the values there are; a chosen one that is not among them stays, in front."""
    groups = tuple(
        replace(group, values=_all(sorted(group.chosen), values.get(group.dimension, ())))
        for group in choosing.groups
    )
    return replace(choosing, groups=groups, loaded=True)


def selection(choosing: Choosing) -> Selection:
    """What is chosen, in the order in which it is shown."""
    chosen = {
        group.dimension: tuple(value for value in group.values if value in group.chosen)
        for group in choosing.groups
    }
    return Selection(
        device=chosen[Dimension.DEVICE],
        chemical=chosen[Dimension.CHEMICAL],
        recipe=chosen[Dimension.RECIPE],
        mode=chosen[Dimension.MODE],
    )


def changed(choosing: Choosing, group: Group) -> Choosing:
    """With this group in place of the present one; its row is one that there is."""
    kept = replace(group, row=min(max(group.row, 0), max(0, len(group.matching) - 1)))
    groups = (*choosing.groups[: choosing.at], kept, *choosing.groups[choosing.at + 1 :])
    return replace(choosing, groups=groups)


def moved(choosing: Choosing, rows: int) -> Choosing:
    return changed(choosing, replace(choosing.group, row=choosing.group.row + rows))


def toggled(choosing: Choosing) -> Choosing:
    """The value of the present row is chosen, or no longer."""
    group = choosing.group
    matching = group.matching
    if not matching:
        return choosing
    return changed(choosing, replace(group, chosen=group.chosen ^ {matching[group.row]}))


def all_of_group(choosing: Choosing) -> Choosing:
    """No value of the present group is singled out any more."""
    return changed(choosing, replace(choosing.group, chosen=frozenset(), search=NOTHING))


def all_of_everything(choosing: Choosing) -> Choosing:
    groups = tuple(replace(group, chosen=frozenset(), search=NOTHING) for group in choosing.groups)
    return replace(choosing, groups=groups)


def at_group(choosing: Choosing, number: int) -> Choosing:
    return replace(choosing, at=number % len(choosing.groups), searching=False)


def _group(dimension: Dimension, chosen: Sequence[str]) -> Group:
    return Group(dimension, values=tuple(chosen), chosen=frozenset(chosen))


def _all(chosen: Sequence[str], values: Sequence[str]) -> tuple[str, ...]:
    known = frozenset(values)
    return tuple(dict.fromkeys([*(value for value in chosen if value not in known), *values]))
