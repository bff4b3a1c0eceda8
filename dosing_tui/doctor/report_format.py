"""The diagnosis as text, one line for each check, and as JSON."""

import json
import textwrap
from collections.abc import Callable, Iterator

from dosing_tui.doctor.checks.check_result import CheckLevel, CheckResult, Diagnosis
from dosing_tui.domain.quantities.quantity_text import count_noun

_NAMES = {
    CheckLevel.OK: "ok",
    CheckLevel.WARNING: "WARNING",
    CheckLevel.ERROR: "ERROR",
    CheckLevel.SKIPPED: "–",
}
LEVEL_WIDTH = 8
MIN_TEXT_WIDTH = 30
"""Below this lines are not wrapped."""
Paint = Callable[[CheckLevel, str], str]
"""Colours the name of a level."""


def leave_plain(_level: CheckLevel, text: str) -> str:
    return text


def render_text(
    diagnosis: Diagnosis, *, width: int | None = None, paint: Paint = leave_plain, ascii_only: bool = False
) -> str:
    """``width``: cells of the terminal, at which lines are wrapped; None: one line for each check."""
    subjects = [_name_subject(result) for result in diagnosis.results]
    subject_width = max(map(len, subjects), default=0) + 2
    lines = [_format_head(diagnosis), ""]
    for result, subject in zip(diagnosis.results, subjects, strict=True):
        level = paint(result.level, _NAMES[result.level].ljust(LEVEL_WIDTH))
        indent = LEVEL_WIDTH + subject_width
        for number, part in enumerate(_list_parts(result, width, indent)):
            lines.append(f"{level}{subject:{subject_width}}{part}" if not number else f"{'':{indent}}{part}")
    lines += ["", format_summary(diagnosis), ""]
    text = "\n".join(lines)
    return _to_ascii(text) if ascii_only else text


def render_json(diagnosis: Diagnosis) -> str:
    checks = [
        {
            "theme": result.theme.value,
            "name": result.name,
            "level": result.level.value,
            "text": result.text,
            "remedy": result.remedy,
        }
        for result in diagnosis.results
    ]
    counts = {level.value: diagnosis.count_level(level) for level in CheckLevel}
    document = {
        "version": diagnosis.version,
        "site": diagnosis.site,
        "at": diagnosis.at.isoformat(),
        "exit_status": diagnosis.exit_status,
        "counts": counts,
        "checks": checks,
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def format_summary(diagnosis: Diagnosis) -> str:
    counts = {level: diagnosis.count_level(level) for level in CheckLevel}
    words = [
        count_noun(counts[CheckLevel.ERROR], "error"),
        count_noun(counts[CheckLevel.WARNING], "warning"),
        f"{counts[CheckLevel.OK]} ok",
        f"{counts[CheckLevel.SKIPPED]} not checked",
    ]
    return f"{count_noun(len(diagnosis.results), 'check')}: {', '.join(words)}."


def _format_head(diagnosis: Diagnosis) -> str:
    site = f"site {diagnosis.site}, " if diagnosis.site else ""
    return f"dosing-tui {diagnosis.version}, {site}{diagnosis.at.astimezone():%Y-%m-%d %H:%M}"


def _name_subject(result: CheckResult) -> str:
    return f"{result.theme.value}: {result.name}"


def _list_parts(result: CheckResult, width: int | None, indent: int) -> Iterator[str]:
    """Lines of a result. On a terminal the remedy has lines of its own."""
    sentences = [result.text, *([f"→ {result.remedy}"] if result.remedy else [])]
    if width is None or width - indent < MIN_TEXT_WIDTH:
        yield " ".join(sentences)
        return
    for sentence in sentences:
        begin = "  " if sentence is not result.text else ""
        yield from textwrap.wrap(
            sentence,
            width - indent,
            subsequent_indent=begin,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _to_ascii(text: str) -> str:
    """Placeholders for what has no likeness: it may come from the plant."""
    return text.translate({ord("–"): "-", ord("→"): "->"}).encode("ascii", "replace").decode()
