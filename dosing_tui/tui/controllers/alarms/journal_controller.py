"""Alarm journal: pages of entries, the cursor, the filter, the entry dialog and the export."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from msgspec.structs import replace

from dosing_tui.domain.alarms.journal_filter import MAX_ENTRIES, JournalFilter
from dosing_tui.domain.alarms.models import JournalEntry
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot
from dosing_tui.domain.panels.filters import Dimension, Selection
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.domain.time.time_range import RangeSpec
from dosing_tui.errors import RangeError
from dosing_tui.export.alarm_export import build_journal_table
from dosing_tui.tui import lazy_screens
from dosing_tui.tui.alarms import journal_list
from dosing_tui.tui.alarms.journal_list import JournalFilterForm, JournalHeading, JournalList
from dosing_tui.tui.controllers.file_export import NOTHING_TO_EXPORT, FileExporter
from dosing_tui.tui.controllers.scope_controller import ScopeController
from dosing_tui.tui.controllers.screen_host import Controller
from dosing_tui.tui.data.query_results import QueryResult
from dosing_tui.tui.requests.operator_entries import Entry, EntryResult
from dosing_tui.tui.scope.scope import Scope, format_filters, format_range, is_live
from dosing_tui.tui.widgets.canvas_dialog import CanvasDialog

REFRESH_INTERVAL = timedelta(seconds=10)
"""The newest page is read again after it; at once when an alarm has changed."""
CLOCK_TOLERANCE = timedelta(minutes=5)
"""A clock that is a little ahead must not hide the newest entries."""
MAX_EXPORT_ENTRIES = 100_000
_DIMENSIONS = frozenset({Dimension.DEVICE})
"""The console's filters that apply to the journal."""


@dataclass
class JournalPageLoaded(QueryResult[Sequence[JournalEntry]]):
    """``number``: only the result of the last request counts."""

    journal_filter: JournalFilter
    number: int
    is_older: bool
    """The page continues the list; else it replaces the list's newest entries."""


class JournalExported(EntryResult[str]):
    """The value is a sentence with the files' names."""

    failure = "Export failed"


@dataclass(eq=False)
class JournalController(Controller):
    """Holds the journal's rows and filter; its range is the console's. ``screen``: the open alarm screen."""

    scope: ScopeController
    exporter: FileExporter
    screen: "lazy_screens.AlarmScreen | None" = None
    journal_list: JournalList = field(default_factory=JournalList)
    _form: JournalFilterForm = field(default_factory=JournalFilterForm)
    _last_request: tuple[RangeSpec, Selection, JournalFilterForm] | None = None
    _request_number: int = 0
    """Number of the last request: results of earlier ones are dropped."""
    _is_reading: bool = False
    _read_at: datetime | None = None
    _last_alarms: AlarmSnapshot | None = None

    @property
    def is_visible(self) -> bool:
        """The journal is the open tab of the alarm screen."""
        return self.screen is not None and self.screen.is_journal_tab

    # reading

    def refresh_journal(self, alarms: AlarmSnapshot | None, now: datetime) -> None:
        """Read the newest page when it may have changed; draw the rows that are loaded."""
        if not self.is_visible:
            return
        is_new_request = self._last_request != self._present_request
        is_outdated = (
            self._read_at is None or now - self._read_at >= REFRESH_INTERVAL or alarms != self._last_alarms
        )
        can_refresh = not self._is_reading and self.journal_list.is_at_top and self._is_range_live
        if is_new_request or (is_outdated and can_refresh):
            if is_new_request:
                self.journal_list = JournalList()
            self._last_alarms, self._read_at = alarms, now
            self._request_newest_page()
        self._show_journal()

    @property
    def _present_request(self) -> tuple[RangeSpec, Selection, JournalFilterForm]:
        """Range and stations of the console, and the journal's own filter."""
        return self.scope.range_spec, self.scope.scope.selection.restrict_to(_DIMENSIONS), self._form

    @property
    def _is_range_live(self) -> bool:
        return is_live(Scope(self.scope.range_spec))

    def _request_newest_page(self) -> None:
        self._last_request = self._present_request
        try:
            since, until = self.scope.resolve_spec(self.scope.range_spec)
        except RangeError as error:
            self.journal_list = replace(self.journal_list, error=str(error))
            return
        last = until + CLOCK_TOLERANCE if self._is_range_live else until
        newest = journal_list.build_journal_filter(self._form, since, last, self.scope.scope.selection.device)
        self._request_page(newest, is_older=False)

    def _request_older_page(self) -> None:
        older_filter = None if self._is_reading else journal_list.build_older_filter(self.journal_list)
        if older_filter is not None:
            self._request_page(older_filter, is_older=True)

    def _request_page(self, journal_filter: JournalFilter, *, is_older: bool) -> None:
        self._request_number, self._is_reading = self._request_number + 1, True
        self.services.workers.submit(
            partial(self.services.source.records.list_entries, journal_filter),
            partial(
                JournalPageLoaded,
                journal_filter=journal_filter,
                number=self._request_number,
                is_older=is_older,
            ),
        )

    def store_page(self, result: JournalPageLoaded) -> None:
        if result.number != self._request_number:
            return
        self._is_reading = False
        if result.value is None:
            self.journal_list = replace(self.journal_list, error=result.error)
        elif result.is_older:
            self.journal_list = journal_list.append_entries(self.journal_list, result.value)
        else:
            self.journal_list = journal_list.replace_entries(
                self.journal_list, result.journal_filter, result.value
            )
        self._show_journal()

    def _show_journal(self) -> None:
        if self.screen is not None:
            heading = JournalHeading(self._format_range(), self._is_range_live, self._filter_text)
            self.screen.show_journal(self.journal_list, heading)

    @property
    def _filter_text(self) -> str:
        """The console's filters as far as they apply, and the journal's own."""
        filters = format_filters(self.scope.scope.selection, _DIMENSIONS)
        return " · ".join(part for part in (filters, self._form.summary) if part)

    def _format_range(self) -> str:
        return format_range(Scope(self.scope.range_spec), self.scope.get_time_context())

    # keys

    def move_journal(self, step: int, height: int) -> None:
        self.journal_list = journal_list.move_cursor(self.journal_list, step, height)
        if journal_list.is_near_end(self.journal_list, height):
            self._request_older_page()
        self._show_journal()

    def go_to_journal_end(self, is_oldest: bool, height: int) -> None:
        """To the oldest loaded row, or to the newest, whose page is then read again."""
        rows = self.journal_list.rows
        if not is_oldest and len(rows) > journal_list.PAGE_SIZE:
            self.journal_list = replace(self.journal_list, rows=rows[: journal_list.PAGE_SIZE], has_more=True)
            self._read_at = None
        self.move_journal(len(self.journal_list.rows) * (1 if is_oldest else -1), height)

    def open_entry(self) -> None:
        """The entry under the cursor, in full."""
        entry = self.journal_list.selected_entry
        if entry is not None:
            rows = lazy_screens.render_entry(entry, self.services.zone)
            self.host.push_screen(CanvasDialog[None](self.host.terminal_theme, rows))

    def invalidate(self) -> None:
        """Read the newest page again at the next tick."""
        self._read_at = None

    def open_filter_dialog(self) -> None:
        dialog = lazy_screens.JournalFilterDialog(self.host.terminal_theme, self._form)
        self.open_dialog(dialog, self._apply_filter)

    def _apply_filter(self, form: JournalFilterForm) -> None:
        self._form = form
        self.refresh_journal(self.services.get_alarms(), self.services.clock())

    # export

    def export_journal(self) -> None:
        """Every entry of the range, from the newest shown to the oldest there is."""
        if self.journal_list.journal_filter is None or not self.journal_list.rows:
            self.host.show_message(NOTHING_TO_EXPORT)
            return
        self.host.show_message("Reading the journal for the file …")
        self.services.entries.mark_seen("journal file")
        range_text = " · ".join(part for part in (self._format_range(), self._filter_text) if part)
        self.services.workers.submit(
            partial(
                self._save_journal, self.journal_list, self.journal_list.journal_filter, range_text,
                self.services.clock(),
            ),
            partial(JournalExported, entry=Entry("journal file")),
        )  # fmt: skip

    def _save_journal(
        self, journal: JournalList, journal_filter: JournalFilter, range_text: str, now: datetime
    ) -> str:
        """In a worker thread. Returns the sentence with the files' names."""
        entries, has_more = self._read_all_entries(journal, journal_filter)
        table = build_journal_table(
            entries,
            range=range_text,
            since=journal_filter.since,
            until=journal_filter.until,
            now=now,
            zone=self.services.zone,
        )
        files = self.exporter.export_table(table)
        newest = count_noun(len(entries), "entry", "entries")
        return f"{files}: the newest {newest}, narrow the range for older ones." if has_more else files

    def _read_all_entries(
        self, journal: JournalList, journal_filter: JournalFilter
    ) -> tuple[Sequence[JournalEntry], bool]:
        """The loaded rows and the pages behind them; True if older entries remain."""
        entries, has_more = list(journal.rows), journal.has_more
        while has_more and len(entries) < MAX_EXPORT_ENTRIES:
            last = entries[-1]
            page = self.services.source.records.list_entries(
                replace(journal_filter, until=last.at, before_id=last.id, max_entries=MAX_ENTRIES)
            )
            entries += page
            has_more = len(page) >= MAX_ENTRIES
        return entries, has_more

    def confirm_export(self, result: JournalExported) -> None:
        self.host.show_message(result.value or "")
