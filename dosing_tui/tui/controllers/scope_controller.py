"""What the operator chooses and asks for: range, filters, notes, files; the dialogs are answered here."""

import logging
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

from textual.app import App

from dosing_tui.config.settings import Settings
from dosing_tui.domain.panels.filters import Dimension, Selection
from dosing_tui.domain.panels.operator_notes import NoteDraft
from dosing_tui.domain.time.time_range import RangeSpec
from dosing_tui.errors import DatabaseError, ExportError, RangeError
from dosing_tui.export.csv_format import to_csv
from dosing_tui.export.json_format import to_json
from dosing_tui.export.output_files import build_file_stem, write_new_files
from dosing_tui.live_state import LiveSnapshot, LiveSnapshotSource
from dosing_tui.tui.controllers.file_export import build_extract, get_export_folder
from dosing_tui.tui.controllers.operator_session import OperatorSession
from dosing_tui.tui.data.query_workers import ConsoleDataSource, QueryWorkers
from dosing_tui.tui.dialogs.filter_dialog import FilterDialog
from dosing_tui.tui.dialogs.note_dialog import NoteDialog
from dosing_tui.tui.dialogs.range_dialog import RangeDialog
from dosing_tui.tui.keys.bindings import SCOPE_KEYS, format_binding
from dosing_tui.tui.layout.alarm_banner import AlarmBanner
from dosing_tui.tui.layout.status_and_footer import ScopeSummary, StatusBarState
from dosing_tui.tui.rendering.theme import TerminalTheme
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
from dosing_tui.tui.screens.dashboard_screen import DashboardScreen
from dosing_tui.tui.widgets.visible_rows import VisibleRows

log = logging.getLogger(__name__)


class ActiveScreen(Protocol):
    """A screen that tells what it shows."""

    @property
    def screen_title(self) -> str:
        """For the status bar."""

    def show_status(self, status: StatusBarState) -> None: ...

    def show_banner(self, banner: AlarmBanner, stamp: Callable[[datetime], str]) -> None: ...

    def apply_theme(self, theme: TerminalTheme) -> None:
        """Draw the same in another look."""

    def show_message(self, sentence: str) -> None:
        """For a few seconds, in place of the keys."""

    def get_focused_rows(self, zone: tzinfo) -> VisibleRows | None:
        """What the operator's keys are about."""


class ScopeController(App[None]):
    """Holds the scope; what follows from a new one is the console's."""

    _terminal_theme: TerminalTheme
    _dashboard: DashboardScreen

    def __init__(
        self,
        settings: Settings,
        live_source: LiveSnapshotSource,
        source: ConsoleDataSource,
        clock: Callable[[], datetime],
        workers: QueryWorkers,
        *,
        keymap: Mapping[str, str],
        is_monochrome: bool,
    ) -> None:
        super().__init__(ansi_color=True if is_monochrome else None)
        self._settings = settings
        self._live_source = live_source
        self._source = source
        self._clock = clock
        self._zone = ZoneInfo(settings.plant.timezone)
        self._calendar = settings.calendar
        self._query_workers = workers
        self._scope = LIVE_SCOPE
        self._scope_set_at = clock()
        self._operator_session = OperatorSession()
        named = {binding.id: format_binding(binding, keymap).split(" ")[0] for binding in SCOPE_KEYS}
        self._scope_keys = named["live"], named["filters"]

    @abstractmethod
    def apply_scope(self) -> None:
        """Another range or other readings are wanted from now on."""

    @property
    def active_screen(self) -> ActiveScreen:
        """The screen that the operator looks at, below any dialog."""
        return self._dashboard

    @property
    def _author(self) -> str:
        """The name that was entered last, until the shift changes: then it is asked for anew."""
        return self._operator_session.get_name(self._shift_start)

    @_author.setter
    def _author(self, name: str) -> None:
        self._operator_session = OperatorSession(name, self._shift_start)

    @property
    def _is_new_shift(self) -> bool:
        """Somebody had entered a name, and the shift has changed since."""
        return bool(self._operator_session.name) and not self._author

    @property
    def _shift_start(self) -> datetime | None:
        return self._calendar.get_duty_start(self._clock(), self._zone)

    def get_time_context(self, snapshot: LiveSnapshot | None = None) -> TimeContext:
        now = self._clock()
        snapshot = self._live_source.get_snapshot(now) if snapshot is None else snapshot
        return TimeContext(now, self._zone, snapshot, self._calendar)

    def summarize_scope(self, time_context: TimeContext) -> ScopeSummary:
        """The scope in words, for its row."""
        return ScopeSummary(
            format_range(self._scope, time_context), is_live(self._scope),
            format_filters(self._scope.selection, frozenset(Dimension)), self._scope_keys,
        )  # fmt: skip

    def _set_scope(self, scope: Scope) -> None:
        if scope != self._scope:
            self._scope, self._scope_set_at = scope, self._clock()
            self.apply_scope()

    # range

    def action_move_range(self, how: str) -> None:
        try:
            self._set_scope(change_range(self._scope, RANGE_CHANGES[how], self.get_time_context()))
        except RangeError as error:
            self.active_screen.show_message(str(error))

    def action_live_again(self) -> None:
        self._set_scope(replace(self._scope, spec=None))

    def action_ask_range(self) -> None:
        selection = self._scope.selection
        dialog = RangeDialog(
            self._terminal_theme, self._scope.spec or DEFAULT_RANGE, zone=self._zone,
            resolve=lambda spec: resolve_range(spec, self.get_time_context(), selection),
        )  # fmt: skip
        self.push_screen(dialog, self._apply_range)

    def _apply_range(self, spec: RangeSpec | None) -> None:
        if spec is not None:
            self._set_scope(replace(self._scope, spec=spec))

    # filters

    def action_ask_filters(self) -> None:
        dialog = FilterDialog(self._terminal_theme, self._scope.selection)
        self.push_screen(dialog, self._apply_filters)
        self._query_workers.submit_job(partial(self._load_filter_values, dialog))

    def _load_filter_values(self, dialog: FilterDialog) -> None:
        """In one of the askers' threads."""
        try:
            values = {dimension: self._source.list_filter_values(dimension) for dimension in Dimension}
        except DatabaseError as error:
            self.call_from_thread(dialog.show_error, str(error))
            self.call_from_thread(dialog.show_values, self._list_live_values())
        else:
            self.call_from_thread(dialog.show_values, values)

    def _list_live_values(self) -> dict[Dimension, Sequence[str]]:
        """What the messages have told, for as long as the database does not answer."""
        picture = self._live_source.get_snapshot(self._clock())
        doses, levels = picture.doses, picture.levels
        return {
            Dimension.DEVICE: sorted({name for name, _ in picture.device_last_seen}),
            Dimension.CHEMICAL: sorted({*(d.chemical for d in doses), *(one.chemical for one in levels)}),
            Dimension.RECIPE: sorted({dose.recipe for dose in doses}),
            Dimension.MODE: sorted({dose.mode for dose in doses}),
        }

    def _apply_filters(self, selection: Selection | None) -> None:
        if selection is not None:
            self._set_scope(replace(self._scope, selection=selection))

    # notes

    def action_ask_note(self) -> None:
        """About the time under the cursor of the chart, or about now."""
        at = self._dashboard.cursor_time or self._clock()
        devices = [name for name, _ in self._live_source.get_snapshot(self._clock()).device_last_seen]
        given = NoteDraft(at, "", self._author)
        self.push_screen(
            NoteDialog(self._terminal_theme, given, devices=devices, zone=self._zone), self._submit_note
        )

    def _submit_note(self, draft: NoteDraft | None) -> None:
        if draft is not None:
            self._author = draft.author
            self._query_workers.submit_job(partial(self._store_note, draft))

    def _store_note(self, draft: NoteDraft) -> None:
        """In one of the askers' threads."""
        try:
            self._source.add_note(draft)
        except DatabaseError as error:
            self.call_from_thread(self.active_screen.show_message, f"The note is not stored: {error}")
        except Exception:
            # the task's boundary: the thread goes on answering panels
            log.exception("storing a note")
            self.call_from_thread(
                self.active_screen.show_message, "The note is not stored: see the log file."
            )
        else:
            self.call_from_thread(self._confirm_note)

    def _confirm_note(self) -> None:
        self.active_screen.show_message("The note is stored.")
        self.refresh_notes()

    @abstractmethod
    def refresh_notes(self) -> None:
        """What is shown of notes is not all of them any more."""

    # files

    def action_export(self) -> None:
        """What the focused tile shows, as CSV and JSON."""
        what = self.active_screen.get_focused_rows(self._zone)
        if what is None or not what.rows:
            self.active_screen.show_message("There is nothing to export here.")
            return
        now = self._clock().astimezone(self._zone)
        found = build_extract(what, now, self._zone)
        texts = {"csv": to_csv(found), "json": to_json(found)}
        self.active_screen.show_message(self._save_files(build_file_stem(found), texts))

    def action_picture(self) -> None:
        """The whole screen, as a picture and as text."""
        # private to textual, as in its own export of the picture; a test sees to it that it still exists
        rows = ("".join(cell.text for cell in strip) for strip in self.screen._compositor.render_strips())
        text = "\n".join(row.rstrip() for row in rows)
        picture = self.export_screenshot(title=self._settings.plant.name)
        now = self._clock().astimezone(self._zone)
        texts = {"svg": picture, "txt": f"{text}\n"}
        self.active_screen.show_message(self._save_files(f"screen_{now:%Y-%m-%d_%H%M%S}", texts))

    def _save_files(self, stem: str, texts: Mapping[str, str]) -> str:
        """The sentence that says where the files are, or why they are not."""
        try:
            paths = write_new_files(get_export_folder(self._settings.console.export_dir), stem, texts)
        except ExportError as error:
            return str(error)
        names = " and ".join([paths[0].name, *(path.suffix for path in paths[1:])])
        return f"Saved {names} in {paths[0].parent}"
