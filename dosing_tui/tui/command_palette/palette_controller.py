"""Opens the palette with what there is to run now, and runs what was selected."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from inspect import isawaitable
from typing import Any

from msgspec.structs import replace
from textual.app import App
from textual.binding import ActiveBinding

from dosing_tui.domain.alarms.catalog import RETIRED
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.panels.filters import NO_FILTER, Dimension, Selection
from dosing_tui.domain.time.range_parser import to_absolute
from dosing_tui.domain.time.shift_calendar import ShiftPeriod
from dosing_tui.domain.time.time_range import TimeRange
from dosing_tui.tui.command_palette.binding_commands import BindingCommand, list_binding_commands
from dosing_tui.tui.command_palette.command import CommandKind, PaletteCommand
from dosing_tui.tui.command_palette.palette_dialog import CommandPalette
from dosing_tui.tui.controllers.screen_host import ConsoleServices
from dosing_tui.tui.coordination.console_controllers import ConsoleControllers
from dosing_tui.tui.dialogs.range_dialog import PRESET_COLUMNS
from dosing_tui.tui.layout.geometry import TileId
from dosing_tui.tui.rendering.canvas import sanitize_text

RECENT_SHIFTS = 9
"""Shifts offered by name: of three days with three shifts."""
MAX_VALUES = 10_000
"""Stations, chemicals, recipes, modes or pumps offered, each."""
_VALUE_KINDS: Mapping[Dimension, CommandKind] = {
    Dimension.DEVICE: CommandKind.STATION,
    Dimension.CHEMICAL: CommandKind.CHEMICAL,
    Dimension.RECIPE: CommandKind.RECIPE,
    Dimension.MODE: CommandKind.MODE,
    Dimension.PUMP: CommandKind.PUMP,
}
_TILE_TITLES: Mapping[TileId, str] = {
    TileId.INVENTORY: "Inventory",
    TileId.TANK_TABLE: "Tank table",
    TileId.DOSES: "Doses",
    TileId.STATION_TABLE: "Station table",
    TileId.CHEMICAL_TOTALS: "Consumption today",
    TileId.BATCH_TOTALS: "Batches by recipe",
    TileId.CONSUMPTION: "Consumption, total",
    TileId.CONSUMPTION_LINES: "Consumption by chemical",
    TileId.SPARKLINES: "Sparklines of the chemicals",
    TileId.ACCURACY: "Accuracy histogram",
    TileId.ACCURACY_NUMBERS: "Accuracy numbers",
    TileId.ERROR_RATE: "Error rate",
    TileId.DURATION: "Dosing duration",
    TileId.PRODUCTION: "Production",
    TileId.DAILY_PRODUCTION: "Daily production",
    TileId.SYSTEM_STATUS: "Data integrity",
}
_PLACES: Mapping[CommandKind, str] = {
    CommandKind.ALARM: "alarms",
    CommandKind.BATCH: "batches",
    CommandKind.REPORT: "shift_report",
}
"""The action that leads to the screen of these commands."""


@dataclass(eq=False)
class FilterValueReceiver:
    """Adds the values in the database to the open palette."""

    palette: CommandPalette
    make_commands: Callable[[Mapping[Dimension, Sequence[str]]], list[PaletteCommand]]

    @property
    def is_closed(self) -> bool:
        return self.palette.is_closed

    def show_values(self, values: Mapping[Dimension, Sequence[str]]) -> None:
        self.palette.add_commands(self.make_commands(values))

    def show_error(self, sentence: str) -> None:
        """The values of the received messages are offered already."""


@dataclass(eq=False)
class PaletteController:
    """``app``: where actions are run."""

    services: ConsoleServices
    app: App[None]
    controllers: ConsoleControllers

    def open_palette(self) -> None:
        scopes = self.controllers.scopes
        palette = CommandPalette(scopes.host.terminal_theme, self.list_commands())
        self.app.push_screen(palette, self._run_command)
        scopes.load_filter_values(FilterValueReceiver(palette, self._list_filters))

    async def _run_command(self, command: PaletteCommand | None) -> None:
        if command is None:
            return
        try:
            if isawaitable(result := command.run()):
                await result
        except Exception as error:
            # boundary of one command: the console goes on
            self.controllers.scopes.host.note_failure(command.title, error)

    def list_commands(self) -> list[PaletteCommand]:
        """What keys do on this screen, ranges, filters, shifts; at the end what other screens' keys do."""
        bound = list(self._list_bound())
        others = [
            *self._list_ranges(), *self._list_tiles(), *self._list_shifts(),
            *self._list_filters(self.controllers.scopes.list_live_values()), *self._list_retirements(),
        ]  # fmt: skip
        moves = [command for command in bound if command.kind is CommandKind.MOVE]
        direct = [command for command in bound if command not in moves]
        available = [command for command in direct if command.is_available]
        return [*available, *others, *(one for one in direct if not one.is_available), *moves]

    # what keys do

    def _list_bound(self) -> Iterator[PaletteCommand]:
        active = {binding.binding.id: binding for binding in self.app.screen.active_bindings.values()}
        for command in list_binding_commands(self.services.keymap):
            found = active.get(command.binding.id)
            is_available = found is not None and found.enabled
            run = (
                partial(self._run_binding, found)
                if found and is_available
                else partial(self._lead_to, command)
            )
            yield PaletteCommand(command.kind, command.title, run, command.keys, is_available)

    def _run_binding(self, active: ActiveBinding) -> Awaitable[bool]:
        return self.app.run_action(active.binding.action, active.node)

    async def _lead_to(self, command: BindingCommand) -> None:
        """To the screen where the key works: what it acts on is seen before it is done."""
        action = _PLACES.get(command.kind)
        if action is not None and not self._is_open(command.kind):
            await self.app.run_action(action, self.app)
        if command.kind is not CommandKind.REPORT:
            self.app.call_after_refresh(self.controllers.scopes.host.show_message, command.hint)

    def _is_open(self, kind: CommandKind) -> bool:
        alarms, reviews = self.controllers.alarms.screen, self.controllers.reviews.screen
        return alarms is not None if kind is CommandKind.ALARM else alarms is None and reviews is not None

    # what no single key does

    def _list_ranges(self) -> Iterator[PaletteCommand]:
        apply = self.controllers.scopes.apply_range
        for column in PRESET_COLUMNS:
            for preset in column:
                yield PaletteCommand(
                    CommandKind.RANGE, preset.name, partial(apply, preset.spec), f"g {preset.key}"
                )

    def _list_tiles(self) -> Iterator[PaletteCommand]:
        for tile, title in _TILE_TITLES.items():
            yield PaletteCommand(CommandKind.CHART, title, partial(self._open_tile, tile))

    def _open_tile(self, tile: TileId) -> None:
        """Screens above the dashboard are closed."""
        if self.controllers.alarms.screen is not None:
            self.controllers.alarms.screen.dismiss(None)
        if self.controllers.reviews.screen is not None:
            self.controllers.reviews.screen.dismiss(None)
        self.controllers.dashboard_screen.open_tile(tile)

    def _list_shifts(self) -> Iterator[PaletteCommand]:
        """The shift in progress and those before it, the newest first, as ranges and as reports."""
        zone, scopes = self.services.zone, self.controllers.scopes
        for shift in self._find_recent_shifts():
            begin, end = shift.since.astimezone(zone), shift.until.astimezone(zone)
            name = f"{clean_text(shift.name, limit=24)} {begin:%a %d %b}"
            spec = to_absolute(TimeRange(shift.since, shift.until), zone)
            title = f"{name} {begin:%H:%M}–{end:%H:%M}"
            yield PaletteCommand(CommandKind.RANGE, title, partial(scopes.apply_range, spec))
            open_report = partial(self.controllers.shift_reports.open_report, shift)
            yield PaletteCommand(CommandKind.REPORT, f"Shift report {name}", open_report)

    def _find_recent_shifts(self) -> list[ShiftPeriod]:
        calendar, now, zone = self.services.settings.calendar, self.services.clock(), self.services.zone
        current = calendar.get_current_shift(now, zone)
        shifts = [] if current is None else [current]
        until = now if current is None else current.since
        while len(shifts) < RECENT_SHIFTS and (shift := calendar.get_last_shift(until, zone)) is not None:
            shifts.append(shift)
            until = shift.since
        return shifts

    def _list_filters(self, values: Mapping[Dimension, Sequence[str]]) -> list[PaletteCommand]:
        scopes = self.controllers.scopes
        clear = PaletteCommand(
            CommandKind.FILTER, "No filter: show all", partial(scopes.apply_selection, NO_FILTER)
        )
        return [
            clear,
            *(
                PaletteCommand(
                    kind,
                    f"Only {sanitize_text(value) or '(none)'}",
                    partial(self._show_only, dimension, value),
                )
                for dimension, kind in _VALUE_KINDS.items()
                for value in values.get(dimension, ())[:MAX_VALUES]
            ),
        ]

    def _list_retirements(self) -> Iterator[PaletteCommand]:
        """To take a station or a tank out of service for good, or back."""
        snapshot, request = self.services.get_snapshot(), self.controllers.alarm_actions.request_retirement
        alarms = snapshot.alarms.out_of_service if snapshot.alarms else ()
        retired = {view.state.key[1:] for view in alarms if view.state.key.rule == RETIRED}
        parts = {
            (name, "")
            for name in (
                *self.services.settings.plant.devices,
                *(name for name, _ in snapshot.device_last_seen),
            )
        }
        parts |= {(level.device_id, level.chemical) for level in snapshot.levels} | retired
        for device, chemical in sorted(parts)[:MAX_VALUES]:
            what = f"tank {chemical} of station {device}" if chemical else f"station {device}"
            is_retired = (device, chemical) in retired
            title = f"Return {what} to service" if is_retired else f"Retire {what}"
            yield PaletteCommand(
                CommandKind.STATION, sanitize_text(title), partial(request, device, chemical)
            )

    def _show_only(self, dimension: Dimension, value: str) -> None:
        """This value of its dimension; the other dimensions stay."""
        scopes = self.controllers.scopes
        changes: dict[str, Any] = {dimension.value: (value,)}
        selection: Selection = replace(scopes.scope.selection, **changes)
        scopes.apply_selection(selection)
