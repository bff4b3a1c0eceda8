"""The key that opens the shift report: it is read behind the screen, leafed through and saved here."""

import logging
from functools import partial
from typing import TYPE_CHECKING

from dosing_tui.domain.time.shift_calendar import ShiftPeriod
from dosing_tui.errors import DatabaseError
from dosing_tui.export.output_files import make_slug
from dosing_tui.tui.controllers.scope_controller import ScopeController
from dosing_tui.tui.screens.shift_report_screen import ShiftReportPage, ShiftReportScreen

if TYPE_CHECKING:
    from dosing_tui.domain.shift_report import ShiftReport

log = logging.getLogger(__name__)


class ShiftReportController(ScopeController):
    """Holds the report that is open."""

    _report_screen: ShiftReportScreen | None = None
    _report_shift: ShiftPeriod | None = None
    _report: "ShiftReport | None" = None

    def action_shift_report(self) -> None:
        """Of the shift that is on, else of the last one."""
        now = self._clock()
        shift = self._calendar.get_current_shift(now, self._zone) or self._calendar.get_last_shift(
            now, self._zone
        )
        if shift is None:
            self.active_screen.show_message("No shifts are set ([[shifts]] in the configuration).")
            return
        self._report_screen = ShiftReportScreen(
            self._terminal_theme,
            select_shift=self._select_shift,
            reload=self._reload_report,
            save=self._save_report,
        )
        self.push_screen(self._report_screen, self._close_report)
        self._load_report(shift)

    def _close_report(self, nothing: None) -> None:
        self._report_screen = self._report_shift = self._report = None

    def _load_report(self, shift: ShiftPeriod) -> None:
        self._report_shift = shift
        self._query_workers.submit_job(partial(self._read_report, shift))

    def _reload_report(self) -> None:
        if self._report_shift is not None:
            self._load_report(self._report_shift)

    def _select_shift(self, step: int) -> None:
        """To the shift before or after; there is none after the one that is on."""
        shift = self._report_shift
        if self._report_screen is None or shift is None:
            return
        beside = (
            self._calendar.get_next_shift(shift.until, self._zone)
            if step > 0
            else self._calendar.get_last_shift(shift.since, self._zone)
        )
        if beside is None or beside.since > self._clock():
            self._report_screen.show_message(
                "There is no later shift yet." if step > 0 else "There is no earlier shift."
            )
        else:
            self._load_report(beside)

    def _read_report(self, shift: ShiftPeriod) -> None:
        """In one of the askers' threads."""
        report, trouble = None, ""
        try:
            report = self._source.read_shift_report(shift, self._clock())
        except DatabaseError as error:
            trouble = f"There is no report: {error}"
        except Exception:
            # the task's boundary: the thread goes on answering panels
            log.exception("making a shift report")
            trouble = "There is no report: see the log file."
        self.call_from_thread(self._show_report, shift, report, trouble)

    def _show_report(self, shift: ShiftPeriod, report: "ShiftReport | None", error: str) -> None:
        """Unless the operator has gone on to another shift, or away."""
        if self._report_screen is None or shift != self._report_shift:
            return
        self._report = report
        if report is None:
            self._report_screen.show_page(ShiftReportPage(message=error))
            return
        # imported here to save start-up
        from dosing_tui.export.documents.shift_report import build_shift_document
        from dosing_tui.export.documents.text_renderer import to_text

        text = to_text(build_shift_document(report, self._settings, self._zone))
        self._report_screen.show_page(ShiftReportPage(tuple(text.splitlines())))

    def _save_report(self) -> None:
        if self._report_screen is None or self._report is None:
            return
        # imported here to save start-up
        from dosing_tui.export.documents.html_renderer import to_html
        from dosing_tui.export.documents.shift_report import build_shift_document
        from dosing_tui.export.documents.text_renderer import to_text

        document = build_shift_document(self._report, self._settings, self._zone)
        now = self._clock().astimezone(self._zone)
        texts = {"txt": to_text(document), "html": to_html(document)}
        self._report_screen.show_message(
            self._save_files(f"shift_{make_slug(document.name)}_{now:%Y-%m-%d_%H%M%S}", texts)
        )
