"""Which values of the four dimensions are chosen, and what keys do to the choice. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dosing_tui.domain.panels.filters import Dimension, Selection
from dosing_tui.tui.rendering.canvas import sanitize_text
from dosing_tui.tui.rendering.text_field import TextField

EMPTY_FIELD = TextField()
FilterValues = Mapping[Dimension, Sequence[str]]


@dataclass(frozen=True, slots=True)
class FilterGroup:
    """One dimension's values as the database has them. Nothing chosen is everything."""

    dimension: Dimension
    values: tuple[str, ...] = ()
    selected_values: frozenset[str] = frozenset()
    search: TextField = EMPTY_FIELD
    row: int = 0

    @property
    def matching_values(self) -> tuple[str, ...]:
        """The values that hold what is searched for, as they are read on the screen."""
        wanted = self.search.text.casefold().strip()
        return tuple(value for value in self.values if wanted in sanitize_text(value).casefold())

    @property
    def summary(self) -> str:
        return f"{len(self.selected_values)} of {len(self.values)}" if self.selected_values else "all"


@dataclass(frozen=True, slots=True)
class FilterDialogState:
    """``group_index`` is the number of the group that the keys are about."""

    groups: tuple[FilterGroup, ...]
    group_index: int = 0
    is_searching: bool = False
    is_loaded: bool = False

    @property
    def group(self) -> FilterGroup:
        return self.groups[self.group_index]


def create_state(selection: Selection) -> FilterDialogState:
    """Before the values are known: only what is chosen already."""
    return FilterDialogState(
        tuple(_create_group(dimension, selection.get_values(dimension)) for dimension in Dimension)
    )


def load_values(state: FilterDialogState, values: FilterValues) -> FilterDialogState:
    """With the values there are; a chosen one that is not among them stays, in front."""
    groups = tuple(
        replace(group, values=_merge_values(sorted(group.selected_values), values.get(group.dimension, ())))
        for group in state.groups
    )
    return replace(state, groups=groups, is_loaded=True)


def build_selection(state: FilterDialogState) -> Selection:
    """What is chosen, in the order in which it is shown."""
    chosen = {
        group.dimension: tuple(value for value in group.values if value in group.selected_values)
        for group in state.groups
    }
    return Selection(
        device=chosen[Dimension.DEVICE],
        chemical=chosen[Dimension.CHEMICAL],
        recipe=chosen[Dimension.RECIPE],
        mode=chosen[Dimension.MODE],
    )


def replace_group(state: FilterDialogState, group: FilterGroup) -> FilterDialogState:
    """With this group in place of the present one; its row is one that there is."""
    kept = replace(group, row=min(max(group.row, 0), max(0, len(group.matching_values) - 1)))
    groups = (*state.groups[: state.group_index], kept, *state.groups[state.group_index + 1 :])
    return replace(state, groups=groups)


def move_cursor(state: FilterDialogState, rows: int) -> FilterDialogState:
    return replace_group(state, replace(state.group, row=state.group.row + rows))


def toggle_value(state: FilterDialogState) -> FilterDialogState:
    """The value of the present row is chosen, or no longer."""
    group = state.group
    matching = group.matching_values
    if not matching:
        return state
    return replace_group(state, replace(group, selected_values=group.selected_values ^ {matching[group.row]}))


def clear_group(state: FilterDialogState) -> FilterDialogState:
    """No value of the present group is singled out any more."""
    return replace_group(state, replace(state.group, selected_values=frozenset(), search=EMPTY_FIELD))


def clear_all(state: FilterDialogState) -> FilterDialogState:
    groups = tuple(replace(group, selected_values=frozenset(), search=EMPTY_FIELD) for group in state.groups)
    return replace(state, groups=groups)


def go_to_group(state: FilterDialogState, number: int) -> FilterDialogState:
    return replace(state, group_index=number % len(state.groups), is_searching=False)


def _create_group(dimension: Dimension, selected_values: Sequence[str]) -> FilterGroup:
    return FilterGroup(dimension, values=tuple(selected_values), selected_values=frozenset(selected_values))


def _merge_values(selected_values: Sequence[str], values: Sequence[str]) -> tuple[str, ...]:
    known = frozenset(values)
    return tuple(dict.fromkeys([*(value for value in selected_values if value not in known), *values]))
