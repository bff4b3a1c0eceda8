"""The doctor's page: every check with its result, and what to do about a fault."""

from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo

from msgspec import Struct

from dosing_tui.config.settings import Settings
from dosing_tui.doctor.checks.check_result import CheckLevel, CheckResult, Diagnosis
from dosing_tui.doctor.report_format import format_summary
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.data.driver_import import import_driver
from dosing_tui.tui.keys.bindings import DOCTOR_KEYS
from dosing_tui.tui.rendering.canvas import wrap_text
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, LABEL, STRONG, TEXT, CellStyle
from dosing_tui.tui.screens.report_page import PageLine, PageSpan, PageState, ReportPage

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


class DoctorScreen(ReportPage[Diagnosis]):
    BINDINGS = [*DOCTOR_KEYS]
    page_title = "Doctor"


class DoctorPage(Struct, frozen=True):
    """``diagnose`` takes some seconds. ``zone`` is the plant's: the page shows when it was made."""

    diagnose: Callable[[], Diagnosis]
    zone: tzinfo
    max_width = MAX_WIDTH
    reading_text = "Checking; this takes some seconds ..."
    failure_text = "The checks failed unexpectedly; see the log file."

    def read(self) -> Diagnosis:
        return self.diagnose()

    def list_lines(self, state: PageState[Diagnosis], width: int) -> Sequence[PageLine]:
        head = "Doctor: nothing is changed by these checks."
        if state.value is not None:
            at = state.value.at.astimezone(self.zone)
            head = f"Doctor, {at:%H:%M:%S}. {format_summary(state.value)}"
        lines: list[PageLine] = [(), (PageSpan(0, head, LABEL, width),)]
        if state.message:
            lines.append((PageSpan(0, state.message, TEXT, width),))
        lines.append(())
        if state.value is not None:
            lines += list_diagnosis_lines(state.value, width)
        return lines


def run_checks(settings: Settings) -> Diagnosis:
    """In a worker thread; takes some seconds."""
    # imported here to save start-up
    import_driver()
    from dosing_tui.doctor.diagnose import diagnose_settings

    return diagnose_settings(settings)


def list_diagnosis_lines(diagnosis: Diagnosis, width: int) -> Iterator[PageLine]:
    """Faults first; a fault is followed by its remedy."""
    for level in _ORDER:
        results = [result for result in diagnosis.results if result.level is level]
        for result in results:
            yield from _list_result_lines(result, width - LEVEL_WIDTH - SUBJECT_WIDTH - 2)
        if results and results[0].is_fault:
            yield ()


def _list_result_lines(result: CheckResult, room: int) -> Iterator[PageLine]:
    name, style = _LEVELS[result.level]
    subject = clean_line(f"{result.theme.value}: {result.name}", SUBJECT_WIDTH)
    column = LEVEL_WIDTH + SUBJECT_WIDTH
    for number, part in enumerate(wrap_text(result.text, max(1, room))):
        text = PageSpan(column, part, TEXT if result.is_fault else DIM, room + 2)
        if number:
            yield (text,)
        else:
            yield (
                PageSpan(0, name, style, LEVEL_WIDTH),
                PageSpan(LEVEL_WIDTH, subject, DIM, SUBJECT_WIDTH - 1),
                text,
            )
    for number, part in enumerate(wrap_text(result.remedy, max(1, room - 2)) if result.remedy else ()):
        yield (PageSpan(column, f"{' ' if number else '→'} {part}", STRONG, room + 2),)
