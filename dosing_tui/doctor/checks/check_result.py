"""The result of one check: a level, what it means, and what to do."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.messages.text_sanitizer import clean_line

MAX_CELLS = 1_000
"""Longest sentence of a check."""


class CheckLevel(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    SKIPPED = "not checked"
    """Not possible here, or pointless while another check has an error. Not a fault in itself."""


class CheckTheme(StrEnum):
    """In the order of the report."""

    SETTINGS = "settings"
    BROKER = "broker"
    DATABASE = "database"
    MAINTENANCE = "maintenance"
    SPOOL = "spool"
    COLLECTOR = "collector"
    STATIONS = "stations"
    NOTIFICATIONS = "notifications"
    TERMINAL = "terminal"
    STACK = "stack"
    TELEGRAF = "telegraf"
    GRAFANA = "grafana"
    UNITS = "units"
    DOCUMENTS = "documents"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """``text`` is a sentence; ``remedy`` another one, '' where there is nothing to do.

    Each is one line without control characters, whatever broker or server say of themselves.
    """

    theme: CheckTheme
    name: str
    level: CheckLevel
    text: str
    remedy: str = ""

    def __post_init__(self) -> None:
        for field in ("name", "text", "remedy"):
            object.__setattr__(self, field, clean_line(getattr(self, field), MAX_CELLS))

    @property
    def is_fault(self) -> bool:
        return self.level in (CheckLevel.WARNING, CheckLevel.ERROR)


class ThemeReporter:
    """Makes the results of one theme."""

    def __init__(self, theme: CheckTheme) -> None:
        self._theme = theme

    def pass_check(self, name: str, text: str) -> CheckResult:
        return CheckResult(self._theme, name, CheckLevel.OK, text)

    def skip_check(self, name: str, text: str) -> CheckResult:
        return CheckResult(self._theme, name, CheckLevel.SKIPPED, text)

    def warn_of(self, name: str, text: str, remedy: str) -> CheckResult:
        return CheckResult(self._theme, name, CheckLevel.WARNING, text, remedy)

    def fail_check(self, name: str, text: str, remedy: str) -> CheckResult:
        return CheckResult(self._theme, name, CheckLevel.ERROR, text, remedy)


class Diagnosis(Struct, frozen=True):
    """All results at the time ``at``, in the order of the report."""

    at: datetime
    site: str
    version: str
    results: tuple[CheckResult, ...]

    def count_level(self, level: CheckLevel) -> int:
        return Counter(result.level for result in self.results)[level]

    def keep_faults(self) -> "Diagnosis":
        """Warnings and errors only."""
        return replace(self, results=tuple(result for result in self.results if result.is_fault))

    @property
    def exit_status(self) -> int:
        """0 without a fault, 1 with warnings, 3 with an error; 2 stays for wrong input."""
        if self.count_level(CheckLevel.ERROR):
            return 3
        return 1 if self.count_level(CheckLevel.WARNING) else 0


def sort_results(results: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """By theme; within a theme in the order of the checks."""
    order: Sequence[CheckTheme] = list(CheckTheme)
    return tuple(sorted(results, key=lambda result: order.index(result.theme)))
