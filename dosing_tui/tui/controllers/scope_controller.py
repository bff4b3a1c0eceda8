"""Range and filters of the console, and operator notes: their keys, dialogs and results."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol

from msgspec.structs import replace

from dosing_tui.domain.panels.filters import Dimension, Selection
from dosing_tui.domain.panels.operator_notes import NoteDraft
from dosing_tui.domain.time.time_range import RangeSpec, TimeRange
from dosing_tui.errors import RangeError
from dosing_tui.live_snapshot import LiveSnapshot
from dosing_tui.tui import lazy_screens
from dosing_tui.tui.controllers.screen_host import Controller
from dosing_tui.tui.data.query_results import QueryResult
from dosing_tui.tui.keys.bindings import format_keys
from dosing_tui.tui.layout.scope_bar import ScopeSummary
from dosing_tui.tui.requests.operator_entries import Entry, EntryResult
from dosing_tui.tui.scope.scope import (
    DEFAULT_RANGE,
    LIVE_SCOPE,
    RANGE_CHANGES,
    Scope,
    TimeContext,
    change_range,
    format_filters,
    format_range,
    is_live,
    resolve_range,
)


class FilterValueView(Protocol):
    """What offers the values to choose from."""

    @property
    def is_closed(self) -> bool:
        """It no longer waits for them."""

    def show_values(self, values: Mapping[Dimension, Sequence[str]]) -> None:
        """The values in the database, or else those of the received messages."""

    def show_error(self, sentence: str) -> None:
        """Why the database's values could not be read."""


class FilterValuesLoaded(QueryResult[dict[Dimension, Sequence[str]]]):
    """The values to choose from, for all that wait for them."""


class NoteStored(EntryResult[object]):
    """An operator's note is in the database, or ``error`` says why not."""

    failure = "The note is not stored"


@dataclass(eq=False)
class ScopeController(Controller):
    """Holds the scope; ``on_change`` is called after every change of it."""

    on_change: Callable[[], None]
    scope: Scope = LIVE_SCOPE
    _former_devices: tuple[str, ...] = ()
    """The filter of stations before one was entered."""
    _entered_station: str = ""
    """The station chosen in the station overview, while it is the only filter of stations."""
    _waiting_views: list[FilterValueView] = field(default_factory=list)
    """Never empty while the values are read."""

    def __post_init__(self) -> None:
        self.changed_at = self.services.clock()

    @property
    def range_spec(self) -> RangeSpec:
        """The chosen range, or the default where none is chosen."""
        return self.scope.spec or DEFAULT_RANGE

    def get_time_context(self, snapshot: LiveSnapshot | None = None) -> TimeContext:
        now = self.services.clock()
        snapshot = self.services.live_source.get_snapshot(now) if snapshot is None else snapshot
        return TimeContext(now, self.services.zone, snapshot, self.services.settings.calendar)

    def summarize_scope(
        self, snapshot: LiveSnapshot, dimensions: frozenset[Dimension] = frozenset(Dimension)
    ) -> ScopeSummary:
        """The texts of the scope row. ``dimensions``: those that filter the active screen."""
        live_key, filter_key = format_keys(["live", "filters"], self.services.keymap).split(" ")
        return ScopeSummary(
            format_range(self.scope, self.get_time_context(snapshot)), is_live(self.scope),
            format_filters(self.scope.selection, dimensions), (live_key, filter_key),
        )  # fmt: skip

    def resolve_spec(self, spec: RangeSpec, snapshot: LiveSnapshot | None = None) -> TimeRange:
        """Raises: RangeError with a sentence."""
        return resolve_range(spec, self.get_time_context(snapshot), self.scope.selection)

    def _set_scope(self, scope: Scope) -> None:
        if scope != self.scope:
            self.scope, self.changed_at = scope, self.services.clock()
            self.on_change()

    # range

    def move_range(self, direction: str) -> None:
        """``direction``: a key of RANGE_CHANGES."""
        try:
            self._set_scope(change_range(self.scope, RANGE_CHANGES[direction], self.get_time_context()))
        except RangeError as error:
            self.host.show_message(str(error))

    def return_to_live(self) -> None:
        self._set_scope(replace(self.scope, spec=None))

    def open_range_dialog(self) -> None:
        dialog = lazy_screens.RangeDialog(
            self.host.terminal_theme, self.range_spec, zone=self.services.zone, resolve=self.resolve_spec
        )
        self.open_dialog(dialog, self.apply_range)

    def apply_range(self, spec: RangeSpec) -> None:
        """A range without a meaning now is refused with its reason."""
        try:
            self.resolve_spec(spec)
        except RangeError as error:
            self.host.show_message(str(error))
        else:
            self._set_scope(replace(self.scope, spec=spec))

    # filters

    def show_station(self, device: str) -> None:
        """Show one station alone; '' shows those before it again, if the filter is still that station."""
        selection = self.scope.selection
        if not self._entered_station:
            self._former_devices = selection.device
        if device or selection.device == (self._entered_station,):
            shown = (device,) if device else self._former_devices
            self._set_scope(replace(self.scope, selection=replace(selection, device=shown)))
        self._entered_station = device

    def open_filter_dialog(self) -> None:
        dialog = lazy_screens.FilterDialog(self.host.terminal_theme, self.scope.selection)
        self.open_dialog(dialog, self.apply_selection)
        self.load_filter_values(dialog)

    def apply_selection(self, selection: Selection) -> None:
        self._set_scope(replace(self.scope, selection=selection))

    def load_filter_values(self, view: FilterValueView) -> None:
        """Read the values in the database, once for all who wait; the view gets them later."""
        is_reading = bool(self._waiting_views)
        self._waiting_views = [*(one for one in self._waiting_views if not one.is_closed), view]
        if not is_reading:
            self.services.workers.submit(self._read_filter_values, FilterValuesLoaded)

    def _read_filter_values(self) -> dict[Dimension, Sequence[str]]:
        """In a worker thread."""
        return {
            dimension: self.services.source.reader.list_filter_values(dimension) for dimension in Dimension
        }

    def show_filter_values(self, result: FilterValuesLoaded) -> None:
        views, self._waiting_views = self._waiting_views, []
        for view in views:
            if result.value is None:
                view.show_error(result.error)
            view.show_values(result.value or self.list_live_values())

    def list_live_values(self) -> dict[Dimension, Sequence[str]]:
        """The values of the received messages, while the database does not answer."""
        snapshot = self.services.get_snapshot()
        doses, levels = snapshot.doses, snapshot.levels
        return {
            Dimension.DEVICE: sorted({name for name, _ in snapshot.device_last_seen}),
            Dimension.CHEMICAL: sorted({*(d.chemical for d in doses), *(one.chemical for one in levels)}),
            Dimension.RECIPE: sorted({dose.recipe for dose in doses}),
            Dimension.MODE: sorted({dose.mode for dose in doses}),
            Dimension.PUMP: [str(pump) for pump in sorted({dose.pump for dose in doses})],
        }

    # notes

    def open_note_dialog(self, at: datetime | None) -> None:
        """``at``: the time under the cursor of a chart; None: now."""
        devices = [name for name, _ in self.services.get_snapshot().device_last_seen]
        draft = NoteDraft(at or self.services.clock(), "", self.services.operator.name)
        dialog = lazy_screens.NoteDialog(
            self.host.terminal_theme, draft, devices=devices, zone=self.services.zone
        )
        self.open_form(dialog, "note", self._submit_note)

    def _submit_note(self, draft: NoteDraft, entry: Entry) -> None:
        self.services.workers.submit(
            partial(self.services.source.records.add_note, draft), partial(NoteStored, entry=entry)
        )

    def confirm_note(self, result: NoteStored) -> None:
        self.host.show_message("The note is stored.")
        self.host.refresh_data()
