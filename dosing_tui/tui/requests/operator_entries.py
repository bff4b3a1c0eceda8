"""What people enter: its form until it is stored, and what failed until somebody has seen it."""

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar

from textual.screen import Screen

from dosing_tui.tui.data.operator_session import OperatorSession
from dosing_tui.tui.data.query_results import QueryResult, Value
from dosing_tui.tui.widgets.form_dialog import FormDialog, FormValues

Result = TypeVar("Result")
MAX_FAILURES = 50
"""The newest are kept, and as many forms."""
NOT_STORED_BEFORE = "Not stored before. Check it, then try again."


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """On its way to the database. ``values``: those of its form, None where it has none."""

    kind: Hashable
    values: FormValues | None = None


@dataclass
class EntryResult(QueryResult[Value]):
    """The answer to an entry. What failed is shown until it is seen; handlers only act on what was stored."""

    entry: Entry
    failure: ClassVar[str]
    """What has not happened, before the reason."""

    def describe_failure(self) -> str | None:
        """A sentence; '' for an entry that is stored, None while parts of it are on their way."""
        return self.error and f"{self.failure}: {self.error}"


@dataclass(frozen=True, slots=True, eq=False)
class EntryFailure:
    kind: Hashable
    at: datetime
    sentence: str


class FormHost(Protocol):
    """The app, as far as forms need it."""

    def push_screen(
        self, screen: Screen[Result], callback: Callable[[Result | None], None] | None = None
    ) -> object:
        """Show a screen above the others; ``callback`` gets its result."""

    def note_failure(self, work: str, error: Exception) -> None:
        """What somebody asked for has failed by a mistake of the program: log and show it."""


def apply_contained(host: FormHost, title: str, apply: Callable[[], object]) -> None:
    """What ``enter`` in a form leads to. No key calls it, so its exceptions are contained here."""
    try:
        apply()
    except Exception as error:
        # boundary of one form
        host.note_failure(title, error)


class OperatorEntries:
    """``clock`` gives the time of a failure."""

    def __init__(self, operator: OperatorSession, clock: Callable[[], datetime]) -> None:
        self._operator, self._clock = operator, clock
        self._drafts: dict[Hashable, FormValues] = {}
        """Forms that were submitted and not stored."""
        self.failures: tuple[EntryFailure, ...] = ()
        """Not seen yet, oldest first."""

    def open_form(
        self, host: FormHost, form: FormDialog[Result], kind: Hashable, apply: Callable[[Result, Entry], None]
    ) -> None:
        """Open it as it was submitted last, if that is not stored. To cancel it gives that up.

        ``apply`` gets the result, and the entry that the answer has to name.
        """
        self.mark_seen(kind)
        if (values := self._drafts.pop(kind, None)) is not None:
            form.restore_values(values, NOT_STORED_BEFORE)
        form.has_new_person = self._operator.create_turn_check()

        def submit(result: Result | None) -> None:
            if result is not None:
                entry = Entry(kind, form.get_values())
                apply_contained(host, type(form).__name__, lambda: apply(result, entry))

        host.push_screen(form, submit)

    def settle(self, result: EntryResult[Any]) -> bool:
        """Note what became of an entry; True if it failed."""
        failure = result.describe_failure()
        if failure:
            self.add_failure(result.entry.kind, failure)
            if result.entry.values is not None:
                self._drafts[result.entry.kind] = result.entry.values
                self._drafts = dict(list(self._drafts.items())[-MAX_FAILURES:])
        return bool(failure)

    def add_failure(self, kind: Hashable, sentence: str) -> None:
        """Show it until it is seen. ``kind``: of the form that leads to another attempt."""
        self.failures = (*self.failures, EntryFailure(kind, self._clock(), sentence))[-MAX_FAILURES:]

    def mark_seen(self, kind: Hashable) -> None:
        """Of what has failed: it is tried again."""
        self.drop_failures([one for one in self.failures if one.kind == kind])

    def drop_failures(self, failures: Collection[EntryFailure]) -> None:
        self.failures = tuple(one for one in self.failures if one not in failures)
