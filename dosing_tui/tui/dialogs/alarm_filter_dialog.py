"""Selects the alarms that the lists show: by priority, by state and by station."""

from collections.abc import Mapping

from msgspec.structs import replace
from textual.binding import Binding

from dosing_tui.domain.alarms.models import SUPPRESSED_STATES, AlarmStateName, Priority
from dosing_tui.domain.labels.name_labels import fit_labels
from dosing_tui.tui.alarms.alarm_rows import WHOLE_PLANT, AlarmListOptions
from dosing_tui.tui.rendering.priority_style import PRIORITY_MARKS, STATE_LABELS
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.form_dialog import FormDialog, KeyLabels
from dosing_tui.tui.widgets.form_fields import BLANK_ROW, FormPart, OptionGroup

_PRIORITIES = tuple(Priority)
_STATES = tuple(
    state for state in AlarmStateName if state not in SUPPRESSED_STATES and state is not AlarmStateName.NORMAL
)
_NAME_WIDTH = 16
_MAX_STATIONS = 24
"""Options that a small window has rows for."""


class AlarmFilterDialog(FormDialog[AlarmListOptions]):
    """Opens with the present filter; nothing marked in a group means all of it."""

    BINDINGS = [Binding("c", "clear", "Clear", show=False)]
    gap = 0
    is_cyclic = False

    def __init__(self, theme: TerminalTheme, options: AlarmListOptions, stations: Mapping[str, str]) -> None:
        """``stations``: each with its name, those of the filter among them."""
        self._options = options
        every = sorted(stations, key=lambda device: stations[device].casefold())
        # what is selected can always be deselected
        listed = sorted(every, key=lambda device: device not in options.stations)[:_MAX_STATIONS]
        self._station_ids = [device for device in every if device in listed]
        names = [stations[device] or WHOLE_PLANT for device in self._station_ids]
        labels = fit_labels(names, _NAME_WIDTH)
        self._priorities = OptionGroup(
            label="Priority", all_label="Priority: all",
            options=[PRIORITY_MARKS[priority].word for priority in _PRIORITIES],
            marked=frozenset(map(_PRIORITIES.index, options.priorities)),
        )  # fmt: skip
        self._states = OptionGroup(
            label="State", all_label="State: all", options=[STATE_LABELS[state] for state in _STATES],
            marked=frozenset(map(_STATES.index, options.states)),
        )  # fmt: skip
        self._stations = OptionGroup(
            label="Station", all_label="Station: all", options=[labels[name] for name in names],
            marked=frozenset(map(self._station_ids.index, options.stations)),
        )  # fmt: skip
        parts: list[FormPart] = [self._priorities, BLANK_ROW, self._states, BLANK_ROW, self._stations]
        super().__init__(theme, "Alarms in the lists", parts, action="Apply")

    def list_keys(self) -> KeyLabels:
        return ("Enter", "Apply"), ("Space", "Mark"), ("Tab", "Next"), ("c", "Clear all"), ("Esc", "Cancel")

    def action_clear(self) -> None:
        """Show all alarms."""
        for group in (self._priorities, self._states, self._stations):
            group.marked = frozenset()
        self.draw_dialog()

    def build_result(self) -> AlarmListOptions:
        return replace(
            self._options,
            priorities=tuple(_PRIORITIES[number] for number in sorted(self._priorities.marked)),
            states=tuple(_STATES[number] for number in sorted(self._states.marked)),
            stations=tuple(self._station_ids[number] for number in sorted(self._stations.marked)),
        )
