"""Shift report: the key that opens it, the query behind it, the change of shift and the saved files."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from msgspec import Struct

from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.shift_handover import HandoverStep, ShiftHandover, draft_handover
from dosing_tui.domain.time.shift_calendar import ShiftPeriod
from dosing_tui.export.documents.document import Document
from dosing_tui.export.output_files import make_slug
from dosing_tui.tui import lazy_screens
from dosing_tui.tui.controllers.file_export import FileExporter
from dosing_tui.tui.controllers.screen_host import Controller
from dosing_tui.tui.data.query_results import QueryResult
from dosing_tui.tui.keys.footer_hints import FooterMode
from dosing_tui.tui.requests.operator_entries import Entry, EntryResult


class PrintedReport(Struct, frozen=True):
    """``page``: the handover on one page; ``text``: the whole report."""

    document: Document
    page: str
    text: str
    handover: ShiftHandover


@dataclass
class ShiftReportLoaded(QueryResult[PrintedReport]):
    shift: ShiftPeriod


@dataclass
class HandoverSigned(EntryResult[object]):
    """A signature is stored, or ``error`` says why not."""

    step: HandoverStep
    name: str
    failure = "Not signed"


class ShiftReportSaved(EntryResult[str]):
    """A sentence that names the files."""

    failure = "The shift report is not saved"


@dataclass(eq=False)
class ShiftReportController(Controller):
    """Holds the report screen while it is open, and its report."""

    exporter: FileExporter
    _screen: "lazy_screens.ShiftReportScreen | None" = None
    _shift: ShiftPeriod | None = None
    _printed: PrintedReport | None = None
    _next_message: str = ""
    """Shown with the next report."""

    def open_report(self, shift: ShiftPeriod | None = None) -> None:
        """For this shift; None: for the current one, else for the last one."""
        now, zone, calendar = self.services.clock(), self.services.zone, self.services.settings.calendar
        shift = shift or calendar.get_current_shift(now, zone) or calendar.get_last_shift(now, zone)
        if shift is None:
            self.host.show_message("No shifts are set ([[shifts]] in the configuration).")
            return
        self._screen = lazy_screens.ShiftReportScreen(
            self.host.terminal_theme, self.services.hints[FooterMode.SHIFT_REPORT],
            select_shift=self._select_shift, reload=self._reload_report, save=self._save_report,
            sign=self._open_handover,
        )  # fmt: skip
        self.host.push_screen(self._screen, self._close_report)
        self._load_report(shift)

    def _close_report(self, _result: None) -> None:
        self._screen = self._shift = self._printed = None

    def _load_report(self, shift: ShiftPeriod) -> None:
        """Until it has come, the page of another shift gives way to a sentence: keys act on what is seen."""
        if self._screen is not None and self._shift not in (None, shift):
            self._printed = None
            self._screen.show_page(
                lazy_screens.ShiftReportPage(message=f"Reading the report: {self._name_shift(shift)} …")
            )
        self._shift = shift
        self.services.workers.submit(
            partial(self._read_report, shift, self.services.clock()),
            partial(ShiftReportLoaded, shift=shift),
        )

    def _name_shift(self, shift: ShiftPeriod) -> str:
        begin = shift.since.astimezone(self.services.zone)
        return f"{clean_text(shift.name, limit=24)} shift of {begin:%a %d %b %H:%M}"

    def _read_report(self, shift: ShiftPeriod, now: datetime) -> PrintedReport:
        """In a worker thread: a report of very many names takes seconds to write."""
        # imported here to save start-up
        from dosing_tui.export.documents.handover_page import build_handover_page
        from dosing_tui.export.documents.shift_report import build_shift_document
        from dosing_tui.export.documents.text_renderer import to_text

        settings, zone = self.services.settings, self.services.zone
        report = self.services.source.records.read_shift_report(shift, now=now)
        document = build_shift_document(report, settings, zone)
        page = to_text(build_handover_page(report, settings, zone))
        return PrintedReport(document, page, to_text(document), report.handover)

    def _reload_report(self) -> None:
        if self._shift is not None:
            self._load_report(self._shift)

    def _select_shift(self, step: int) -> None:
        """Load the shift before or after; shifts of the future have no report."""
        if self._screen is None or self._shift is None:
            return
        calendar, zone = self.services.settings.calendar, self.services.zone
        shift = (
            calendar.get_next_shift(self._shift.until, zone)
            if step > 0
            else calendar.get_last_shift(self._shift.since, zone)
        )
        if shift is None or shift.since > self.services.clock():
            self._screen.show_message(
                "There is no later shift yet." if step > 0 else "There is no earlier shift."
            )
        else:
            self._load_report(shift)

    def show_report(self, result: ShiftReportLoaded) -> None:
        """Only if its shift is still selected."""
        if self._screen is None or result.shift != self._shift:
            return
        page = lazy_screens.ShiftReportPage(message=f"There is no report: {result.error} r reads it again.")
        self._printed = result.value
        if result.value is not None:
            page = lazy_screens.ShiftReportPage(
                _list_lines(result.value.page), _list_lines(result.value.text)
            )
        self._screen.show_page(page)
        if self._next_message:
            self._screen.show_message(self._next_message)
            self._next_message = ""

    # handover

    def _open_handover(self, step_name: str) -> None:
        """A shift in progress can be handed over, too: its end is what the plan says."""
        if self._printed is None or self._shift is None:
            self._refuse_key()
            return
        shift = self._shift
        dialog = lazy_screens.HandoverDialog(
            self.host.terminal_theme, HandoverStep(step_name), self._name_shift(shift),
            self._printed.handover, name=self.services.operator.name,
        )  # fmt: skip
        kind = (step_name, shift.since)
        self.open_form(dialog, kind, partial(self._sign_handover, HandoverStep(step_name), shift))

    def _sign_handover(
        self, step: HandoverStep, shift: ShiftPeriod, values: "lazy_screens.HandoverInput", entry: Entry
    ) -> None:
        draft = draft_handover(
            step, shift, self.services.zone, name=values.name, text=values.text, at=self.services.clock()
        )
        self.services.workers.submit(
            partial(self.services.source.records.add_note, draft),
            partial(HandoverSigned, entry=entry, step=step, name=values.name),
        )

    def confirm_handover(self, result: HandoverSigned) -> None:
        done = "handed over" if result.step is HandoverStep.LEAVE else "taken over"
        sentence = f"Shift {done} by {result.name}."
        if self._screen is None:
            self.host.show_message(sentence)
        else:
            self._next_message = sentence
            self._reload_report()

    # files

    def _refuse_key(self) -> None:
        if self._screen is not None:
            self._screen.show_message("There is no report on the screen to sign or save. r reads it again.")

    def _save_report(self) -> None:
        if self._printed is None:
            self._refuse_key()
        else:
            save = partial(self._save_files, self._printed.document, self._printed.text)
            self.services.entries.mark_seen("report file")
            self.services.workers.submit(save, partial(ShiftReportSaved, entry=Entry("report file")))

    def _save_files(self, document: Document, text: str) -> str:
        # imported here to save start-up
        from dosing_tui.export.documents.html_renderer import to_html

        texts = {"txt": text, "html": to_html(document)}
        return self.exporter.save_timed_files(f"shift_{make_slug(document.name)}", texts)

    def confirm_save(self, result: ShiftReportSaved) -> None:
        (self._screen or self.host).show_message(result.value or "")


def _list_lines(text: str) -> tuple[str, ...]:
    """Without the rules of the printed page: the screen has bars of its own."""
    return tuple(line for line in text.splitlines() if set(line) != {"="})
