"""The commands that keys do, made from the table of bindings. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct
from textual.binding import Binding

from dosing_tui.tui.command_palette.command import CommandKind
from dosing_tui.tui.keys import bindings as keys


class BindingGroup(NamedTuple):
    """``place``: where these keys work, as the end of a sentence."""

    kind: CommandKind
    bindings: tuple[Binding, ...]
    place: str


BINDING_GROUPS = (
    BindingGroup(CommandKind.SCREEN, keys.VIEW_KEYS, "on every screen"),
    BindingGroup(CommandKind.CONSOLE, keys.APP_KEYS, "on the dashboard"),
    BindingGroup(CommandKind.RANGE, keys.SCOPE_KEYS, "on the dashboard"),
    BindingGroup(CommandKind.CONSOLE, keys.TANK_KEYS, "on the dashboard"),
    BindingGroup(CommandKind.CONSOLE, keys.PUMP_KEYS, "on the dashboard"),
    BindingGroup(CommandKind.ALARM, keys.ALARM_KEYS, "on the alarm screen"),
    BindingGroup(CommandKind.ALARM, keys.ALARM_LIST_KEYS, "on the alarm screen"),
    BindingGroup(CommandKind.BATCH, keys.BATCH_KEYS, "on the batch screen"),
    BindingGroup(CommandKind.REPORT, keys.REPORT_KEYS, "on the shift report"),
    BindingGroup(CommandKind.CONSOLE, keys.DOCTOR_KEYS, "on the doctor's page"),
    BindingGroup(CommandKind.CONSOLE, keys.MAINTENANCE_KEYS, "on the maintenance page"),
    BindingGroup(CommandKind.CONSOLE, keys.LOT_PAGE_KEYS, "on the lots page"),
    BindingGroup(CommandKind.MOVE, keys.TILE_KEYS, "on the dashboard"),
    BindingGroup(CommandKind.MOVE, keys.TABLE_KEYS, "in a table"),
    BindingGroup(CommandKind.MOVE, keys.CHART_KEYS, "in an enlarged chart"),
)
"""Every table of bindings; a test compares them with ``ALL_KEYS``."""


class BindingCommand(Struct, frozen=True):
    """One binding as the palette shows it."""

    kind: CommandKind
    binding: Binding
    place: str
    keys: str

    @property
    def title(self) -> str:
        """The tooltip names the effect; the label of a key is too short for it."""
        text = self.binding.tooltip or self.binding.description
        name = self.binding.description
        is_named = self.kind is not CommandKind.SCREEN or text.startswith(name)
        return text if is_named else f"{name}: {text}"

    @property
    def hint(self) -> str:
        """A sentence for a screen where the key does nothing."""
        return f"{self.title}: key {self.keys} {self.place}."


def list_binding_commands(keymap: Mapping[str, str]) -> list[BindingCommand]:
    """One for each binding but the palette's own, in the order of the groups."""
    return [
        BindingCommand(group.kind, binding, group.place, keys.format_binding(binding, keymap))
        for group in BINDING_GROUPS
        for binding in group.bindings
        if binding.id != "palette"
    ]
