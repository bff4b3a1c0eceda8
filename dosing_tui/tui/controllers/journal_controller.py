"""What the operator does with the alarm journal: reads on in it, filters, looks at an entry, saves it."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from dosing_tui.domain.alarms.journal_filter import MAX_ENTRIES, JournalFilter
from dosing_tui.domain.alarms.models import JournalEntry
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot
from dosing_tui.domain.time.time_range import RangeSpec
from dosing_tui.errors import DatabaseError, RangeError
from dosing_tui.export.alarm_export import build_journal_table
from dosing_tui.export.csv_format import to_csv
from dosing_tui.export.json_format import to_json
from dosing_tui.export.output_files import build_file_stem
from dosing_tui.live_state import LiveSnapshot
from dosing_tui.tui.alarms import journal_list
from dosing_tui.tui.alarms.journal_list import JournalFilterForm, JournalHeading, JournalList
from dosing_tui.tui.controllers.alarm_controller import DASHBOARD_ACTIONS
from dosing_tui.tui.controllers.refill_controller import RefillController
from dosing_tui.tui.dialogs.journal_dialogs import JournalEntryDialog, JournalFilterDialog
from dosing_tui.tui.layout.system_notices import SystemNotice
from dosing_tui.tui.scope.scope import DEFAULT_RANGE, Scope, format_range, is_live, resolve_range

log = logging.getLogger(__name__)

REFRESH_INTERVAL = timedelta(seconds=10)
"""The newest page is read again at the latest; at once when an alarm has changed."""
CLOCK_TOLERANCE = timedelta(minutes=5)
"""A clock that is a little ahead must not hide what has just happened."""
MAX_EXPORT_ENTRIES = 100_000

JournalRequest = tuple[RangeSpec, JournalFilterForm]


class JournalController(RefillController):
    """Holds the filter of the journal. Its range is the console's."""

    _journal_form = JournalFilterForm()
    _journal_list = JournalList()
    _last_request: JournalRequest | None = None
    """What the last question was about."""
    _request_number = 0
    """Number of the last question: an answer to an earlier one does not count."""
    _is_reading = False
    _journal_read_at: datetime | None = None
    _last_alarms: AlarmSnapshot | None = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if (
            self._alarm_screen is not None
            and self._alarm_screen.is_journal_tab
            and action in DASHBOARD_ACTIONS - {"freeze"}
        ):
            return True
        return super().check_action(action, parameters)

    def show_alarms(self, snapshot: LiveSnapshot, notices: Sequence[SystemNotice], now: datetime) -> None:
        super().show_alarms(snapshot, notices, now)
        if self._alarm_screen is not None and self._alarm_screen.is_journal_tab:
            self._refresh_journal(snapshot.alarms, now)

    # reading

    def _refresh_journal(self, alarms: AlarmSnapshot | None, now: datetime) -> None:
        """Ask for the newest page whenever it may be another one; draw what is known."""
        anew = self._last_request != (self._range_spec, self._journal_form)
        again = (
            self._journal_read_at is None
            or now - self._journal_read_at >= REFRESH_INTERVAL
            or alarms != self._last_alarms
        )
        if anew or (again and not self._is_reading and self._journal_list.is_at_top and self._is_range_live):
            if anew:
                self._journal_list = JournalList()
            self._last_alarms, self._journal_read_at = alarms, now
            self._request_newest_page()
        self._show_journal()

    @property
    def _range_spec(self) -> RangeSpec:
        return self._scope.spec or DEFAULT_RANGE

    @property
    def _is_range_live(self) -> bool:
        return is_live(Scope(self._range_spec))

    def _request_newest_page(self) -> None:
        self._last_request = self._range_spec, self._journal_form
        present = self.get_time_context()
        try:
            since, until = resolve_range(self._range_spec, present, self._scope.selection)
        except RangeError as error:
            self._journal_list = replace(self._journal_list, error=str(error))
            return
        wanted = journal_list.build_journal_filter(
            self._journal_form, since, until + CLOCK_TOLERANCE if self._is_range_live else until
        )
        self._request_page(wanted, partial(self._store_newest_page, wanted))

    def request_older_page(self) -> None:
        """The page behind the last row, once somebody comes near it."""
        wanted = None if self._is_reading else journal_list.build_older_filter(self._journal_list)
        if wanted is not None:
            self._request_page(wanted, self._store_older_page)

    def _request_page(
        self, journal_filter: JournalFilter, on_result: Callable[[Sequence[JournalEntry]], None]
    ) -> None:
        self._request_number, self._is_reading = self._request_number + 1, True
        self._query_workers.submit_job(
            partial(self._read_page, journal_filter, self._request_number, on_result)
        )

    def _read_page(
        self, journal_filter: JournalFilter, number: int, on_result: Callable[[Sequence[JournalEntry]], None]
    ) -> None:
        """In one of the askers' threads."""
        try:
            entries = self._source.read_journal_page(journal_filter)
        except DatabaseError as error:
            self.call_from_thread(self._fail_request, number, str(error))
        except Exception:
            # the task's boundary: the thread goes on answering panels
            log.exception("reading a page of the alarm journal")
            self.call_from_thread(self._fail_request, number, "The journal cannot be read: see the log file.")
        else:
            self.call_from_thread(self._finish_request, number, on_result, entries)

    def _finish_request(
        self,
        number: int,
        on_result: Callable[[Sequence[JournalEntry]], None],
        entries: Sequence[JournalEntry],
    ) -> None:
        if number == self._request_number:
            self._is_reading = False
            on_result(entries)
            self._show_journal()

    def _store_newest_page(self, journal_filter: JournalFilter, entries: Sequence[JournalEntry]) -> None:
        self._journal_list = journal_list.replace_entries(self._journal_list, journal_filter, entries)

    def _store_older_page(self, entries: Sequence[JournalEntry]) -> None:
        self._journal_list = journal_list.append_entries(self._journal_list, entries)

    def _fail_request(self, number: int, error: str) -> None:
        if number == self._request_number:
            self._is_reading = False
            self._journal_list = replace(self._journal_list, error=error)
            self._show_journal()

    def _show_journal(self) -> None:
        if self._alarm_screen is not None:
            said = format_range(Scope(self._range_spec), self.get_time_context())
            self._alarm_screen.show_journal(
                self._journal_list, JournalHeading(said, self._is_range_live, self._journal_form.summary)
            )

    # keys

    def move_journal(self, step: int, height: int) -> None:
        self._journal_list = journal_list.move_cursor(self._journal_list, step, height)
        if journal_list.is_near_end(self._journal_list, height):
            self.request_older_page()
        self._show_journal()

    def go_to_journal_end(self, is_oldest: bool, height: int) -> None:
        """To the last row that was read; home reads the newest page again."""
        if not is_oldest and len(self._journal_list.rows) > journal_list.PAGE_SIZE:
            self._journal_list = replace(
                self._journal_list, rows=self._journal_list.rows[: journal_list.PAGE_SIZE], has_more=True
            )
            self._journal_read_at = None
        self.move_journal(len(self._journal_list.rows) * (1 if is_oldest else -1), height)

    def open_entry(self) -> None:
        if self._journal_list.selected_entry is not None:
            self.push_screen(
                JournalEntryDialog(self._terminal_theme, self._journal_list.selected_entry, self._zone)
            )

    def action_refresh_now(self) -> None:
        self._journal_read_at = None

    def action_ask_filters(self) -> None:
        if self._alarm_screen is None:
            super().action_ask_filters()
        else:
            self.push_screen(
                JournalFilterDialog(self._terminal_theme, self._journal_form), self._apply_journal_filter
            )

    def _apply_journal_filter(self, form: JournalFilterForm | None) -> None:
        if form is not None:
            self._journal_form = form
            self._refresh_journal(self.alarms, self._clock())

    # files

    def action_export(self) -> None:
        """Of the journal every entry of its list, from the newest shown to the oldest there is."""
        if self._alarm_screen is None or not self._alarm_screen.is_journal_tab:
            super().action_export()
        elif self._journal_list.journal_filter is None or not self._journal_list.rows:
            self.active_screen.show_message("There is nothing to export here.")
        else:
            self.active_screen.show_message("Reading the journal for the file …")
            words = " · ".join(
                part
                for part in (
                    format_range(Scope(self._range_spec), self.get_time_context()),
                    self._journal_form.summary,
                )
                if part
            )
            self._query_workers.submit_job(
                partial(self._save_journal, self._journal_list, words, self._clock())
            )

    def _save_journal(self, journal: JournalList, range_text: str, now: datetime) -> None:
        """In one of the askers' threads."""
        try:
            entries, more = self._read_all_entries(journal)
        except DatabaseError as error:
            self.call_from_thread(self.active_screen.show_message, f"Nothing is saved: {error}")
            return
        except Exception:
            # the task's boundary: the thread goes on answering panels
            log.exception("reading the alarm journal for a file")
            self.call_from_thread(self.active_screen.show_message, "Nothing is saved: see the log file.")
            return
        assert journal.journal_filter is not None
        found = build_journal_table(
            entries,
            range=range_text,
            since=journal.journal_filter.since,
            until=journal.journal_filter.until,
            now=now,
            zone=self._zone,
        )
        said = self._save_files(build_file_stem(found), {"csv": to_csv(found), "json": to_json(found)})
        if more:
            said += f": the newest {len(entries)} entries, narrow the range for older ones."
        self.call_from_thread(self.active_screen.show_message, said)

    def _read_all_entries(self, journal: JournalList) -> tuple[Sequence[JournalEntry], bool]:
        """What is known and the pages behind it; whether there is still more."""
        found, more = list(journal.rows), journal.has_more
        while more and len(found) < MAX_EXPORT_ENTRIES:
            last = found[-1]
            assert journal.journal_filter is not None
            wanted = replace(
                journal.journal_filter, until=last.at, before_id=last.id, max_entries=MAX_ENTRIES
            )
            entries = self._source.read_journal_page(wanted)
            found += entries
            more = len(entries) >= MAX_ENTRIES
        return found, more
