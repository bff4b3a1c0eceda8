"""The state of the filter dialog: values and marks of the dimensions, and its changes. Pure."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.panels.filters import Dimension, Selection
from dosing_tui.tui.rendering.canvas import sanitize_text
from dosing_tui.tui.rendering.text_field import TextField

EMPTY_FIELD = TextField()
FilterValues = Mapping[Dimension, Sequence[str]]


class FilterGroup(Struct, frozen=True):
    """One dimension's values in the database. No mark selects all values."""

    dimension: Dimension
    values: tuple[str, ...] = ()
    selected_values: frozenset[str] = frozenset()
    search: TextField = EMPTY_FIELD
    row: int = 0

    @property
    def matching_values(self) -> tuple[str, ...]:
        """The values that contain the search text, compared as they are shown."""
        text = self.search.text.casefold().strip()
        return tuple(value for value in self.values if text in sanitize_text(value).casefold())

    @property
    def summary(self) -> str:
        return f"{len(self.selected_values)} of {len(self.values)}" if self.selected_values else "all"


class FilterDialogState(Struct, frozen=True):
    """``group_index`` is the index of the group with the cursor."""

    groups: tuple[FilterGroup, ...]
    group_index: int = 0
    is_searching: bool = False
    is_loaded: bool = False

    @property
    def group(self) -> FilterGroup:
        return self.groups[self.group_index]


def create_state(selection: Selection) -> FilterDialogState:
    """The state before the values are read: only the selected ones."""
    return FilterDialogState(
        tuple(
            FilterGroup(
                dimension, selection.get_values(dimension), frozenset(selection.get_values(dimension))
            )
            for dimension in Dimension
        )
    )


def load_values(state: FilterDialogState, values: FilterValues) -> FilterDialogState:
    """Add the values in the database; a selected value that is not among them stays, in front."""
    groups = tuple(
        replace(group, values=_merge_values(sorted(group.selected_values), values.get(group.dimension, ())))
        for group in state.groups
    )
    return replace(state, groups=groups, is_loaded=True)


def build_selection(state: FilterDialogState) -> Selection:
    """The marked values, in the order shown."""
    selected = {
        group.dimension: tuple(value for value in group.values if value in group.selected_values)
        for group in state.groups
    }
    return Selection(
        device=selected[Dimension.DEVICE],
        chemical=selected[Dimension.CHEMICAL],
        recipe=selected[Dimension.RECIPE],
        mode=selected[Dimension.MODE],
        pump=selected[Dimension.PUMP],
    )


def replace_group(state: FilterDialogState, group: FilterGroup) -> FilterDialogState:
    """Replace the current group; its cursor is clamped to its rows."""
    group = replace(group, row=max(0, min(group.row, len(group.matching_values) - 1)))
    groups = (*state.groups[: state.group_index], group, *state.groups[state.group_index + 1 :])
    return replace(state, groups=groups)


def move_cursor(state: FilterDialogState, rows: int) -> FilterDialogState:
    return replace_group(state, replace(state.group, row=state.group.row + rows))


def toggle_value(state: FilterDialogState) -> FilterDialogState:
    """Mark or unmark the value under the cursor."""
    group = state.group
    matching = group.matching_values
    if not matching:
        return state
    return replace_group(state, replace(group, selected_values=group.selected_values ^ {matching[group.row]}))


def clear_group(state: FilterDialogState) -> FilterDialogState:
    """Remove all marks and the search of the current group."""
    return replace_group(state, replace(state.group, selected_values=frozenset(), search=EMPTY_FIELD))


def clear_all(state: FilterDialogState) -> FilterDialogState:
    groups = [replace(group, selected_values=frozenset(), search=EMPTY_FIELD) for group in state.groups]
    return replace(state, groups=tuple(groups))


def go_to_group(state: FilterDialogState, number: int) -> FilterDialogState:
    return replace(state, group_index=number % len(state.groups), is_searching=False)


def step_group(state: FilterDialogState, step: int) -> FilterDialogState:
    return go_to_group(state, state.group_index + step)


def _merge_values(selected_values: Sequence[str], values: Sequence[str]) -> tuple[str, ...]:
    stored = frozenset(values)
    return tuple(dict.fromkeys([*(value for value in selected_values if value not in stored), *values]))
