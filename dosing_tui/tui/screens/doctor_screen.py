"""The doctor's page: every check with its result, and what to do about a fault."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from textual import events, on
from textual.app import ComposeResult
from textual.message import Message
from textual.screen import ModalScreen

from dosing_tui.config.settings import Settings
from dosing_tui.doctor.checks.check_result import CheckLevel, CheckResult, Diagnosis
from dosing_tui.doctor.report_format import format_summary
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.keys.bindings import DOCTOR_KEYS, MODAL_HELP_KEY, SCROLL_KEYS
from dosing_tui.tui.layout.status_and_footer import KeyHint, render_footer
from dosing_tui.tui.rendering.canvas import Canvas, Rows, wrap_text
from dosing_tui.tui.rendering.line_widget import LineWidget, WheelTurned
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, LABEL, STRONG, TEXT, CellStyle
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.closable_screen import ClosableScreen

ROWS_ABOVE = 2
"""Rows of the screen below that stay visible: status bar and alarm banner."""
LEVEL_WIDTH = 9
SUBJECT_WIDTH = 26
MAX_WIDTH = 130
_LEVELS: dict[CheckLevel, tuple[str, CellStyle]] = {
    CheckLevel.ERROR: ("■ ERROR", DEVIATION),
    CheckLevel.WARNING: ("▲ WARN", STRONG),
    CheckLevel.OK: ("ok", DIM),
    CheckLevel.SKIPPED: ("–", DIM),
}
_ORDER = (CheckLevel.ERROR, CheckLevel.WARNING, CheckLevel.OK, CheckLevel.SKIPPED)
"""Faults first: they are what the page is opened for."""


@dataclass
class DiagnosisLoaded(Message):
    """``diagnosis`` is None if it failed."""

    diagnosis: Diagnosis | None


@dataclass(frozen=True, slots=True)
class DoctorLine:
    """Texts of the three columns; only the last one goes on in a further line."""

    level: str
    subject: str
    text: str
    style: CellStyle
    text_style: CellStyle


class DoctorScreen(ModalScreen[None], ClosableScreen[None]):
    """``diagnose`` runs in a worker thread, by ``submit``, when the page is opened and at each reload.

    ``zone`` is the plant's: the page shows when it was made.
    """

    BINDINGS = [*SCROLL_KEYS, *DOCTOR_KEYS, MODAL_HELP_KEY]

    def __init__(
        self, theme: TerminalTheme, hints: Sequence[KeyHint], *, diagnose: Callable[[], Diagnosis],
        submit: Callable[[Callable[[], object]], None], zone: tzinfo,
    ) -> None:  # fmt: skip
        super().__init__()
        self._page = LineWidget(theme, id="report")
        self._hints = hints
        self._diagnose, self._submit, self._zone = diagnose, submit, zone
        self._is_checking = False
        self._diagnosis: Diagnosis | None = None
        self._message = ""
        self._first_line = 0

    def compose(self) -> ComposeResult:
        yield self._page

    def on_mount(self) -> None:
        self.action_again()

    def on_resize(self, event: events.Resize) -> None:
        self.draw_page()

    def _run_diagnosis(self) -> None:
        """In a worker thread; the page also hears of a failure, which the thread's owner reports."""
        if self.is_closed:
            return
        diagnosis = None
        try:
            diagnosis = self._diagnose()
        finally:
            self.post_message(DiagnosisLoaded(diagnosis))

    @on(DiagnosisLoaded)
    def show_diagnosis(self, loaded: DiagnosisLoaded) -> None:
        self._is_checking = False
        self._diagnosis = loaded.diagnosis or self._diagnosis
        self._message = "" if loaded.diagnosis else "The checks failed unexpectedly; see the log file."
        self.draw_page()

    @property
    def visible_lines(self) -> int:
        """Rows of the page above the keys."""
        return max(1, self.app.size.height - ROWS_ABOVE - 1)

    def draw_page(self) -> None:
        width, height = self.app.size.width, self.visible_lines
        lines = self._list_lines(min(width, MAX_WIDTH))
        self._first_line = max(0, min(self._first_line, len(lines) - height))
        rows = render_lines(lines, self._first_line, width, height) + render_footer(self._hints, width)
        self._page.styles.width, self._page.styles.height = width, len(rows)
        self._page.show_rows(rows)

    def _list_lines(self, width: int) -> list[DoctorLine]:
        head = "Doctor: nothing is changed by these checks."
        if self._diagnosis is not None:
            at = self._diagnosis.at.astimezone(self._zone)
            head = f"Doctor, {at:%H:%M:%S}. {format_summary(self._diagnosis)}"
        lines = [DoctorLine("", "", "", TEXT, TEXT), DoctorLine(head, "", "", LABEL, TEXT)]
        if self._message:
            lines.append(DoctorLine(self._message, "", "", TEXT, TEXT))
        lines.append(DoctorLine("", "", "", TEXT, TEXT))
        if self._diagnosis is not None:
            lines += list_diagnosis_lines(self._diagnosis, width)
        return lines

    @on(WheelTurned)
    def _scroll_page(self, event: WheelTurned) -> None:
        self.action_step(event.step)

    # keys

    def action_step(self, rows: int) -> None:
        self._first_line += rows
        self.draw_page()

    def action_page(self, pages: int) -> None:
        self.action_step(pages * (self.visible_lines - 1))

    def action_end(self, last: bool) -> None:
        self._first_line = 1_000_000 if last else 0
        self.draw_page()

    def action_again(self) -> None:
        """Nothing while the checks are under way."""
        if self._is_checking:
            return
        self._is_checking = True
        self._message = "Checking; this takes some seconds ..."
        self.draw_page()
        self._submit(self._run_diagnosis)


def run_checks(settings: Settings) -> Diagnosis:
    """In a worker thread; takes some seconds."""
    # imported here to save start-up
    from dosing_tui.doctor.diagnose import diagnose_settings

    return diagnose_settings(settings)


def list_diagnosis_lines(diagnosis: Diagnosis, width: int) -> Iterator[DoctorLine]:
    """Faults first; a fault is followed by its remedy."""
    for level in _ORDER:
        results = [result for result in diagnosis.results if result.level is level]
        for result in results:
            yield from _list_result_lines(result, width - LEVEL_WIDTH - SUBJECT_WIDTH - 2)
        if results and results[0].is_fault:
            yield DoctorLine("", "", "", TEXT, TEXT)


def _list_result_lines(result: CheckResult, room: int) -> Iterator[DoctorLine]:
    name, style = _LEVELS[result.level]
    subject = clean_line(f"{result.theme.value}: {result.name}", SUBJECT_WIDTH)
    text_style = TEXT if result.is_fault else DIM
    for number, part in enumerate(wrap_text(result.text, max(1, room))):
        first = number == 0
        yield DoctorLine(name if first else "", subject if first else "", part, style, text_style)
    if result.remedy:
        for number, part in enumerate(wrap_text(result.remedy, max(1, room - 2))):
            yield DoctorLine("", "", f"{'→' if not number else ' '} {part}", style, STRONG)


def render_lines(lines: Sequence[DoctorLine], first: int, width: int, height: int) -> Rows:
    canvas = Canvas(width, height)
    x = max(1, (width - MAX_WIDTH) // 2)
    for y, line in enumerate(lines[first : first + height]):
        if not line.subject and not line.text:
            canvas.write_text(x, y, line.level, line.style, width=width - x)
            continue
        canvas.write_text(x, y, line.level, line.style, width=LEVEL_WIDTH)
        canvas.write_text(x + LEVEL_WIDTH, y, line.subject, DIM, width=SUBJECT_WIDTH - 1)
        column = x + LEVEL_WIDTH + SUBJECT_WIDTH
        canvas.write_text(column, y, line.text, line.text_style, width=width - column)
    if first + height < len(lines):
        canvas.write_right(width, height - 1, f" {len(lines) - first - height} more lines ", DIM)
    return canvas.rows
