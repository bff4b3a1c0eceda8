"""Checks of the terminal: type, encoding, colours, size, width of the console's characters."""

import os
import select
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from msgspec import Struct

from dosing_tui.doctor.checks.check_result import CheckResult, CheckTheme, ThemeReporter

SAMPLE = "■▲◆●│─┼█▄⣿▸…"
"""Characters of the console that a wrong font or locale draws two cells wide."""
MIN_COLUMNS, MIN_LINES = 80, 24
ANSWER_TIMEOUT_S = 0.5
_REPORT = ThemeReporter(CheckTheme.TERMINAL)


class TerminalFacts(Struct, frozen=True):
    """``sample_width``: cells that SAMPLE takes; None if the terminal does not say where its cursor is."""

    term: str
    encoding: str
    colours: int
    """Number of colours; 16 million where COLORTERM says so."""
    has_no_color: bool
    """NO_COLOR is set."""
    columns: int
    lines: int
    sample_width: int | None
    is_remote: bool
    """By SSH."""


def check_terminal_facts(facts: TerminalFacts | None) -> Iterator[CheckResult]:
    """None: no terminal."""
    if facts is None:
        yield _REPORT.skip_check("terminal", "Not on a terminal: run doctor on the console's terminal.")
        return
    if facts.term in ("", "dumb", "unknown"):
        yield _REPORT.fail_check(
            "type",
            f"The console cannot draw on this terminal (TERM={facts.term or 'is not set'}).",
            "Set TERM to what the terminal is, e.g. export TERM=xterm-256color",
        )
        return
    remark = ", by SSH: on a slow line ssh -C and --low-bandwidth" if facts.is_remote else ""
    yield _REPORT.pass_check("type", f"{facts.term}{remark}.")
    yield _check_encoding(facts)
    yield _check_colours(facts)
    yield _check_size(facts)


def _check_encoding(facts: TerminalFacts) -> CheckResult:
    if facts.encoding != "utf-8":
        return _REPORT.warn_of(
            "characters",
            f"The locale is not UTF-8 ({facts.encoding}): the console draws with ASCII characters.",
            "Set a UTF-8 locale, e.g. export LC_ALL=C.UTF-8",
        )
    if facts.sample_width is not None and facts.sample_width != len(SAMPLE):
        return _REPORT.warn_of(
            "characters",
            f"The terminal draws {len(SAMPLE)} characters {facts.sample_width} cells wide: tables break.",
            "Set ambiguous-width characters to narrow in the terminal, or use --glyphs ascii.",
        )
    return _REPORT.pass_check("characters", "UTF-8, the console's characters are one cell wide.")


def _check_colours(facts: TerminalFacts) -> CheckResult:
    if facts.has_no_color:
        return _REPORT.warn_of(
            "colours",
            "NO_COLOR is set: priorities differ by character only.",
            "Unset NO_COLOR for the console.",
        )
    if facts.colours < 16:
        return _REPORT.warn_of(
            "colours",
            f"TERM={facts.term} has {max(facts.colours, 0)} colours: priorities differ by character only.",
            "Set TERM to one with 256 colours, e.g. export TERM=xterm-256color",
        )
    count = "16 million" if facts.colours > 256 else str(facts.colours)
    return _REPORT.pass_check("colours", f"{count} colours.")


def _check_size(facts: TerminalFacts) -> CheckResult:
    size = f"{facts.columns}x{facts.lines}"
    if facts.columns < MIN_COLUMNS or facts.lines < MIN_LINES:
        return _REPORT.warn_of(
            "size", f"The window has {size} characters: tiles are cut.", "Enlarge it to 80x24 or more."
        )
    return _REPORT.pass_check("size", f"{size} characters.")


def read_terminal(environment: Mapping[str, str], *, encoding: str) -> TerminalFacts | None:
    """The facts of the terminal on stdin and stderr; None without one."""
    if not all(stream is not None and stream.isatty() for stream in (sys.__stdin__, sys.__stderr__)):
        return None
    columns, lines = os.get_terminal_size(2)
    term = environment.get("TERM", "")
    name = encoding.lower().replace("_", "-")
    is_utf8 = name.replace("-", "") in ("utf8", "utf8sig")
    return TerminalFacts(
        term=term,
        encoding="utf-8" if is_utf8 else name,
        colours=_count_colours(term, environment),
        has_no_color=bool(environment.get("NO_COLOR")),
        columns=columns,
        lines=lines,
        sample_width=_measure_sample() if is_utf8 and term not in ("", "dumb", "unknown") else None,
        is_remote=bool(environment.get("SSH_CONNECTION")),
    )


def _count_colours(term: str, environment: Mapping[str, str]) -> int:
    if environment.get("COLORTERM", "") in ("truecolor", "24bit"):
        return 1 << 24
    with suppress(Exception):  # no curses on this system, or no terminfo entry: curses.error
        import curses

        curses.setupterm(term, 2)
        return curses.tigetnum("colors")
    return 256 if "256" in term else 8


def _measure_sample() -> int | None:
    """Write SAMPLE at the begin of the line, ask where the cursor is, and remove it."""
    with _raw_input() as is_raw:
        if not is_raw:
            return None
        os.write(2, f"\r{SAMPLE}\x1b[6n\r\x1b[K".encode())
        answer, deadline = b"", time.monotonic() + ANSWER_TIMEOUT_S
        while not answer.endswith(b"R") and (left := deadline - time.monotonic()) > 0:
            if select.select([0], [], [], left)[0]:
                answer += os.read(0, 32)
    with suppress(ValueError, IndexError):
        return int(answer.rpartition(b"\x1b[")[2].rstrip(b"R").split(b";")[1]) - 1
    return None


@contextmanager
def _raw_input() -> Iterator[bool]:
    """Keys are not echoed in the block; False where the terminal does not allow it."""
    try:
        import termios
        import tty

        saved = termios.tcgetattr(0)
        tty.setcbreak(0)
    except Exception:  # termios.error is no OSError; no termios at all on other systems
        yield False
        return
    try:
        yield True
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, saved)
