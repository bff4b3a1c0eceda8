"""What the operator does with the alarm journal: reads on in it, filters, looks at an entry, saves it."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from dosing_tui.domain.alarms.journal_filter import AT_ONCE, JournalFilter
from dosing_tui.domain.alarms.models import Entry
from dosing_tui.domain.alarms.snapshot import AlarmPicture
from dosing_tui.domain.time.time_range import RangeSpec
from dosing_tui.errors import DatabaseError, RangeError
from dosing_tui.export.alarm_export import journal_extract
from dosing_tui.export.csv_format import to_csv
from dosing_tui.export.json_format import to_json
from dosing_tui.export.output_files import stem_of
from dosing_tui.live_state import Picture
from dosing_tui.tui.alarms import journal_list
from dosing_tui.tui.alarms.journal_list import Heading, JournalList, Sieve
from dosing_tui.tui.controllers.alarm_controller import OF_THE_PLANT
from dosing_tui.tui.controllers.refill_controller import Refilling
from dosing_tui.tui.dialogs.journal_dialogs import JournalDetail, JournalFilterDialog
from dosing_tui.tui.layout.system_notices import Notice
from dosing_tui.tui.scope.scope import DEFAULT, Scope, follows, range_words, resolved

log = logging.getLogger(__name__)

AGAIN = timedelta(seconds=10)
"""The newest page is read again at the latest; at once when an alarm has changed."""
AHEAD = timedelta(minutes=5)
"""A clock that is a little ahead must not hide what has just happened."""
MOST_SAVED = 100_000

Asked = tuple[RangeSpec, Sieve]


class Journaling(Refilling):
    """Holds the filter of the journal. Its range is the console's."""

    _sieve = Sieve()
    _known = JournalList()
    _asked_for: Asked | None = None
    """What the last question was about."""
    _turn = 0
    """Number of the last question: an answer to an earlier one does not count."""
    _reading = False
    _read_at: datetime | None = None
    _alarms_then: AlarmPicture | None = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if self._page is not None and self._page.in_journal and action in OF_THE_PLANT - {"freeze"}:
            return True
        return super().check_action(action, parameters)

    def show_alarms(self, picture: Picture, notices: Sequence[Notice], now: datetime) -> None:
        super().show_alarms(picture, notices, now)
        if self._page is not None and self._page.in_journal:
            self._follow(picture.alarms, now)

    # reading

    def _follow(self, alarms: AlarmPicture | None, now: datetime) -> None:
        """Ask for the newest page whenever it may be another one; draw what is known."""
        anew = self._asked_for != (self._spec, self._sieve)
        again = self._read_at is None or now - self._read_at >= AGAIN or alarms != self._alarms_then
        if anew or (again and not self._reading and self._known.at_top and self._is_live):
            if anew:
                self._known = JournalList()
            self._alarms_then, self._read_at = alarms, now
            self._ask_newest()
        self._show_journal()

    @property
    def _spec(self) -> RangeSpec:
        return self._scope.spec or DEFAULT

    @property
    def _is_live(self) -> bool:
        return follows(Scope(self._spec))

    def _ask_newest(self) -> None:
        self._asked_for = self._spec, self._sieve
        present = self.present()
        try:
            since, until = resolved(self._spec, present, self._scope.selection)
        except RangeError as error:
            self._known = replace(self._known, trouble=str(error))
            return
        wanted = journal_list.filter_of(self._sieve, since, until + AHEAD if self._is_live else until)
        self._ask_page(wanted, partial(self._take_newest, wanted))

    def read_older(self) -> None:
        """The page behind the last row, once somebody comes near it."""
        wanted = None if self._reading else journal_list.older(self._known)
        if wanted is not None:
            self._ask_page(wanted, self._take_older)

    def _ask_page(self, wanted: JournalFilter, take: Callable[[Sequence[Entry]], None]) -> None:
        self._turn, self._reading = self._turn + 1, True
        self._askers.do(partial(self._read_page, wanted, self._turn, take))

    def _read_page(self, wanted: JournalFilter, turn: int, take: Callable[[Sequence[Entry]], None]) -> None:
        """In one of the askers' threads."""
        try:
            entries = self._source.journal_page(wanted)
        except DatabaseError as error:
            self.call_from_thread(self._fail, turn, str(error))
        except Exception:
            # the task's boundary: the thread goes on answering panels
            log.exception("reading a page of the alarm journal")
            self.call_from_thread(self._fail, turn, "The journal cannot be read: see the log file.")
        else:
            self.call_from_thread(self._take, turn, take, entries)

    def _take(self, turn: int, take: Callable[[Sequence[Entry]], None], entries: Sequence[Entry]) -> None:
        if turn == self._turn:
            self._reading = False
            take(entries)
            self._show_journal()

    def _take_newest(self, wanted: JournalFilter, entries: Sequence[Entry]) -> None:
        self._known = journal_list.read_anew(self._known, wanted, entries)

    def _take_older(self, entries: Sequence[Entry]) -> None:
        self._known = journal_list.read_older(self._known, entries)

    def _fail(self, turn: int, why: str) -> None:
        if turn == self._turn:
            self._reading = False
            self._known = replace(self._known, trouble=why)
            self._show_journal()

    def _show_journal(self) -> None:
        if self._page is not None:
            said = range_words(Scope(self._spec), self.present())
            self._page.show_journal(self._known, Heading(said, self._is_live, self._sieve.words))

    # keys

    def move_journal(self, step: int, height: int) -> None:
        self._known = journal_list.moved(self._known, step, height)
        if journal_list.nears_end(self._known, height):
            self.read_older()
        self._show_journal()

    def end_journal(self, last: bool, height: int) -> None:
        """To the last row that was read; home reads the newest page again."""
        if not last and len(self._known.rows) > journal_list.PAGE:
            self._known = replace(self._known, rows=self._known.rows[: journal_list.PAGE], more=True)
            self._read_at = None
        self.move_journal(len(self._known.rows) * (1 if last else -1), height)

    def open_entry(self) -> None:
        if self._known.chosen is not None:
            self.push_screen(JournalDetail(self._look, self._known.chosen, self._zone))

    def action_refresh_now(self) -> None:
        self._read_at = None

    def action_ask_filters(self) -> None:
        if self._page is None:
            super().action_ask_filters()
        else:
            self.push_screen(JournalFilterDialog(self._look, self._sieve), self._take_sieve)

    def _take_sieve(self, sieve: Sieve | None) -> None:
        if sieve is not None:
            self._sieve = sieve
            self._follow(self.alarms, self._clock())

    # files

    def action_export(self) -> None:
        """Of the journal every entry of its list, from the newest shown to the oldest there is."""
        if self._page is None or not self._page.in_journal:
            super().action_export()
        elif self._known.asked is None or not self._known.rows:
            self.front.say("There is nothing to export here.")
        else:
            self.front.say("Reading the journal for the file …")
            words = " · ".join(
                part for part in (range_words(Scope(self._spec), self.present()), self._sieve.words) if part
            )
            self._askers.do(partial(self._save_journal, self._known, words, self._clock()))

    def _save_journal(self, known: JournalList, words: str, now: datetime) -> None:
        """In one of the askers' threads."""
        try:
            entries, more = self._whole(known)
        except DatabaseError as error:
            self.call_from_thread(self.front.say, f"Nothing is saved: {error}")
            return
        except Exception:
            # the task's boundary: the thread goes on answering panels
            log.exception("reading the alarm journal for a file")
            self.call_from_thread(self.front.say, "Nothing is saved: see the log file.")
            return
        assert known.asked is not None
        found = journal_extract(
            entries, range=words, since=known.asked.since, until=known.asked.until, now=now, zone=self._zone
        )
        said = self._saved(stem_of(found), {"csv": to_csv(found), "json": to_json(found)})
        if more:
            said += f": the newest {len(entries)} entries, narrow the range for older ones."
        self.call_from_thread(self.front.say, said)

    def _whole(self, known: JournalList) -> tuple[Sequence[Entry], bool]:
        """What is known and the pages behind it; whether there is still more."""
        found, more = list(known.rows), known.more
        while more and len(found) < MOST_SAVED:
            last = found[-1]
            assert known.asked is not None
            wanted = replace(known.asked, until=last.at, before=last.id, most=AT_ONCE)
            entries = self._source.journal_page(wanted)
            found += entries
            more = len(entries) >= AT_ONCE
        return found, more
