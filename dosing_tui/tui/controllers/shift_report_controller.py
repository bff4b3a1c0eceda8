"""The key that opens the shift report: it is read behind the screen, leafed through and saved here."""

import logging
from functools import partial
from typing import TYPE_CHECKING

from dosing_tui.domain.time.shift_calendar import WorkedShift
from dosing_tui.errors import DatabaseError
from dosing_tui.export.output_files import slug
from dosing_tui.tui.controllers.scope_controller import Steering
from dosing_tui.tui.screens.shift_report_screen import Page, ShiftPage

if TYPE_CHECKING:
    from dosing_tui.domain.shift_report import ShiftReport

log = logging.getLogger(__name__)


class Reporting(Steering):
    """Holds the report that is open."""

    _sheet: ShiftPage | None = None
    _shift: WorkedShift | None = None
    _report: "ShiftReport | None" = None

    def action_shift_report(self) -> None:
        """Of the shift that is on, else of the last one."""
        now = self._clock()
        shift = self._calendar.this_shift(now, self._zone) or self._calendar.last_shift(now, self._zone)
        if shift is None:
            self.front.say("No shifts are set ([[shifts]] in the configuration).")
            return
        self._sheet = ShiftPage(self._look, leaf=self._leaf, anew=self._read_again, save=self._save_report)
        self.push_screen(self._sheet, self._left_report)
        self._turn_to(shift)

    def _left_report(self, nothing: None) -> None:
        self._sheet = self._shift = self._report = None

    def _turn_to(self, shift: WorkedShift) -> None:
        self._shift = shift
        self._askers.do(partial(self._read_report, shift))

    def _read_again(self) -> None:
        if self._shift is not None:
            self._turn_to(self._shift)

    def _leaf(self, step: int) -> None:
        """To the shift before or after; there is none after the one that is on."""
        shift = self._shift
        if self._sheet is None or shift is None:
            return
        beside = (
            self._calendar.next_shift(shift.until, self._zone)
            if step > 0
            else self._calendar.last_shift(shift.since, self._zone)
        )
        if beside is None or beside.since > self._clock():
            self._sheet.say("There is no later shift yet." if step > 0 else "There is no earlier shift.")
        else:
            self._turn_to(beside)

    def _read_report(self, shift: WorkedShift) -> None:
        """In one of the askers' threads."""
        report, trouble = None, ""
        try:
            report = self._source.shift_report(shift, self._clock())
        except DatabaseError as error:
            trouble = f"There is no report: {error}"
        except Exception:
            # the task's boundary: the thread goes on answering panels
            log.exception("making a shift report")
            trouble = "There is no report: see the log file."
        self.call_from_thread(self._show_report, shift, report, trouble)

    def _show_report(self, shift: WorkedShift, report: "ShiftReport | None", trouble: str) -> None:
        """Unless the operator has gone on to another shift, or away."""
        if self._sheet is None or shift != self._shift:
            return
        self._report = report
        if report is None:
            self._sheet.show(Page(sentence=trouble))
            return
        # imported here to save start-up
        from dosing_tui.export.documents.shift_report import shift_document
        from dosing_tui.export.documents.text_renderer import to_text

        text = to_text(shift_document(report, self._settings, self._zone))
        self._sheet.show(Page(tuple(text.splitlines())))

    def _save_report(self) -> None:
        if self._sheet is None or self._report is None:
            return
        # imported here to save start-up
        from dosing_tui.export.documents.html_renderer import to_html
        from dosing_tui.export.documents.shift_report import shift_document
        from dosing_tui.export.documents.text_renderer import to_text

        document = shift_document(self._report, self._settings, self._zone)
        now = self._clock().astimezone(self._zone)
        texts = {"txt": to_text(document), "html": to_html(document)}
        self._sheet.say(self._saved(f"shift_{slug(document.name)}_{now:%Y-%m-%d_%H%M%S}", texts))
