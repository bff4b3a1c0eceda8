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
from dosing_tui.export.output_files import stem_of, write_all
from dosing_tui.live_state import Picture, PictureSource
from dosing_tui.tui.controllers.file_export import extract_of, folder
from dosing_tui.tui.controllers.operator_session import SignedOn
from dosing_tui.tui.data.query_workers import Askers, PanelSource
from dosing_tui.tui.dialogs.filter_dialog import FilterDialog
from dosing_tui.tui.dialogs.note_dialog import NoteDialog
from dosing_tui.tui.dialogs.range_dialog import RangeDialog
from dosing_tui.tui.keys.bindings import SCOPE_KEYS, keys_of
from dosing_tui.tui.layout.alarm_banner import Banner
from dosing_tui.tui.layout.status_and_footer import Chosen, Status
from dosing_tui.tui.rendering.theme import Look
from dosing_tui.tui.scope.scope import (
    CHANGES,
    DEFAULT,
    LIVE,
    Present,
    Scope,
    filter_words,
    follows,
    moved,
    range_words,
    resolved,
)
from dosing_tui.tui.screens.dashboard_screen import PlantScreen
from dosing_tui.tui.widgets.visible_rows import Shown

log = logging.getLogger(__name__)


class Front(Protocol):
    """A screen that tells what it shows."""

    @property
    def title_now(self) -> str:
        """For the status bar."""

    def show_status(self, status: Status) -> None: ...

    def show_banner(self, told: Banner, stamp: Callable[[datetime], str]) -> None: ...

    def wear(self, look: Look) -> None:
        """Draw the same in another look."""

    def say(self, sentence: str) -> None:
        """For a few seconds, in place of the keys."""

    def focused_rows(self, zone: tzinfo) -> Shown | None:
        """What the operator's keys are about."""


class Steering(App[None]):
    """Holds the scope; what follows from a new one is the console's."""

    _look: Look
    _plant: PlantScreen

    def __init__(
        self, settings: Settings, live: PictureSource, source: PanelSource, clock: Callable[[], datetime],
        askers: Askers, *, keymap: Mapping[str, str], colourless: bool,
    ) -> None:  # fmt: skip
        super().__init__(ansi_color=True if colourless else None)
        self._settings = settings
        self._live = live
        self._source = source
        self._clock = clock
        self._zone = ZoneInfo(settings.plant.timezone)
        self._calendar = settings.calendar
        self._askers = askers
        self._scope = LIVE
        self._scope_since = clock()
        self._signed_on = SignedOn()
        named = {binding.id: keys_of(binding, keymap).split(" ")[0] for binding in SCOPE_KEYS}
        self._scope_keys = named["live"], named["filters"]

    @abstractmethod
    def scope_chosen(self) -> None:
        """Another range or other readings are wanted from now on."""

    @property
    def front(self) -> Front:
        """The screen that the operator looks at, below any dialog."""
        return self._plant

    @property
    def _author(self) -> str:
        """The name that was entered last, until the shift changes: then it is asked for anew."""
        return self._signed_on.name_in(self._watch)

    @_author.setter
    def _author(self, name: str) -> None:
        self._signed_on = SignedOn(name, self._watch)

    @property
    def _relieved(self) -> bool:
        """Somebody had entered a name, and the shift has changed since."""
        return bool(self._signed_on.name) and not self._author

    @property
    def _watch(self) -> datetime | None:
        return self._calendar.watch_since(self._clock(), self._zone)

    def present(self, picture: Picture | None = None) -> Present:
        now = self._clock()
        picture = self._live.picture(now) if picture is None else picture
        return Present(now, self._zone, picture, self._calendar)

    def chosen(self, present: Present) -> Chosen:
        """The scope in words, for its row."""
        return Chosen(
            range_words(self._scope, present), follows(self._scope),
            filter_words(self._scope.selection, frozenset(Dimension)), self._scope_keys,
        )  # fmt: skip

    def _choose(self, scope: Scope) -> None:
        if scope != self._scope:
            self._scope, self._scope_since = scope, self._clock()
            self.scope_chosen()

    # range

    def action_move_range(self, how: str) -> None:
        try:
            self._choose(moved(self._scope, CHANGES[how], self.present()))
        except RangeError as error:
            self.front.say(str(error))

    def action_live_again(self) -> None:
        self._choose(replace(self._scope, spec=None))

    def action_ask_range(self) -> None:
        selection = self._scope.selection
        dialog = RangeDialog(
            self._look, self._scope.spec or DEFAULT, zone=self._zone,
            resolve=lambda spec: resolved(spec, self.present(), selection),
        )  # fmt: skip
        self.push_screen(dialog, self._take_range)

    def _take_range(self, spec: RangeSpec | None) -> None:
        if spec is not None:
            self._choose(replace(self._scope, spec=spec))

    # filters

    def action_ask_filters(self) -> None:
        dialog = FilterDialog(self._look, self._scope.selection)
        self.push_screen(dialog, self._take_filters)
        self._askers.do(partial(self._find_values, dialog))

    def _find_values(self, dialog: FilterDialog) -> None:
        """In one of the askers' threads."""
        try:
            values = {dimension: self._source.known(dimension) for dimension in Dimension}
        except DatabaseError as error:
            self.call_from_thread(dialog.show_trouble, str(error))
            self.call_from_thread(dialog.show_values, self._values_seen())
        else:
            self.call_from_thread(dialog.show_values, values)

    def _values_seen(self) -> dict[Dimension, Sequence[str]]:
        """What the messages have told, for as long as the database does not answer."""
        picture = self._live.picture(self._clock())
        doses, levels = picture.doses, picture.levels
        return {
            Dimension.DEVICE: sorted({name for name, _ in picture.devices}),
            Dimension.CHEMICAL: sorted({*(d.chemical for d in doses), *(one.chemical for one in levels)}),
            Dimension.RECIPE: sorted({dose.recipe for dose in doses}),
            Dimension.MODE: sorted({dose.mode for dose in doses}),
        }

    def _take_filters(self, selection: Selection | None) -> None:
        if selection is not None:
            self._choose(replace(self._scope, selection=selection))

    # notes

    def action_ask_note(self) -> None:
        """About the time under the cursor of the chart, or about now."""
        at = self._plant.cursor_time or self._clock()
        devices = [name for name, _ in self._live.picture(self._clock()).devices]
        given = NoteDraft(at, "", self._author)
        self.push_screen(NoteDialog(self._look, given, devices=devices, zone=self._zone), self._take_note)

    def _take_note(self, draft: NoteDraft | None) -> None:
        if draft is not None:
            self._author = draft.author
            self._askers.do(partial(self._store_note, draft))

    def _store_note(self, draft: NoteDraft) -> None:
        """In one of the askers' threads."""
        try:
            self._source.add_note(draft)
        except DatabaseError as error:
            self.call_from_thread(self.front.say, f"The note is not stored: {error}")
        except Exception:
            # the task's boundary: the thread goes on answering panels
            log.exception("storing a note")
            self.call_from_thread(self.front.say, "The note is not stored: see the log file.")
        else:
            self.call_from_thread(self._note_stored)

    def _note_stored(self) -> None:
        self.front.say("The note is stored.")
        self.note_stored()

    @abstractmethod
    def note_stored(self) -> None:
        """What is shown of notes is not all of them any more."""

    # files

    def action_export(self) -> None:
        """What the focused tile shows, as CSV and JSON."""
        what = self.front.focused_rows(self._zone)
        if what is None or not what.rows:
            self.front.say("There is nothing to export here.")
            return
        now = self._clock().astimezone(self._zone)
        found = extract_of(what, now, self._zone)
        texts = {"csv": to_csv(found), "json": to_json(found)}
        self.front.say(self._saved(stem_of(found), texts))

    def action_picture(self) -> None:
        """The whole screen, as a picture and as text."""
        # private to textual, as in its own export of the picture; a test sees to it that it still exists
        rows = ("".join(cell.text for cell in strip) for strip in self.screen._compositor.render_strips())
        text = "\n".join(row.rstrip() for row in rows)
        picture = self.export_screenshot(title=self._settings.plant.name)
        now = self._clock().astimezone(self._zone)
        texts = {"svg": picture, "txt": f"{text}\n"}
        self.front.say(self._saved(f"screen_{now:%Y-%m-%d_%H%M%S}", texts))

    def _saved(self, stem: str, texts: Mapping[str, str]) -> str:
        """The sentence that says where the files are, or why they are not."""
        try:
            paths = write_all(folder(self._settings.console.export_dir), stem, texts)
        except ExportError as error:
            return str(error)
        names = " and ".join([paths[0].name, *(path.suffix for path in paths[1:])])
        return f"Saved {names} in {paths[0].parent}"
