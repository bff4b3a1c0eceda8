"""Where the review screen's batches come from, and where what is said about them goes."""

from collections.abc import Sequence
from datetime import datetime
from getpass import getuser
from typing import Protocol

from dosing_tui.config.settings import Settings
from dosing_tui.domain.batch_review.query_models import (
    BatchDetail,
    BatchFilter,
    BatchRow,
    BatchStatusCounts,
    ContextEvents,
)
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.domain.batch_review.review_result import ReviewResult
from dosing_tui.domain.batch_review.review_rules import ReviewDraft


class BatchSource(Protocol):
    """Everything may have to wait for the database. Raises: DosingError with a sentence for the operator."""

    @property
    def account(self) -> str:
        """Who runs this console, by the operating system."""

    def list_batches(
        self, batch_filter: BatchFilter, after: BatchRow | None, rows: int
    ) -> Sequence[BatchRow]:
        """The newest first, after a row of the page before."""

    def list_batches_above(
        self, batch_filter: BatchFilter, before: BatchRow, rows: int
    ) -> Sequence[BatchRow]:
        """The page above a row, the newest first."""

    def count_batches(self, batch_filter: BatchFilter) -> BatchStatusCounts: ...

    def read_batch(self, name: str) -> BatchDetail | None: ...

    def list_context_events(self, device: str, since: datetime, until: datetime) -> ContextEvents: ...

    def read_policy(self) -> ReviewPolicy:
        """What the plant, and this console's settings beyond it, want of every review."""

    def enter_reviews(self, drafts: Sequence[ReviewDraft]) -> ReviewResult:
        """Raises nothing: what went wrong is part of the outcome."""


class DatabaseBatchSource:
    """The site's database. Its drivers are imported when it is asked for the first time, to save start-up."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def account(self) -> str:
        return getuser()

    def list_batches(
        self, batch_filter: BatchFilter, after: BatchRow | None, rows: int
    ) -> Sequence[BatchRow]:
        from dosing_tui.database.batches import queries

        return queries.list_batches(self._settings, batch_filter, after=after, rows=rows)

    def list_batches_above(
        self, batch_filter: BatchFilter, before: BatchRow, rows: int
    ) -> Sequence[BatchRow]:
        from dosing_tui.database.batches import queries

        return queries.list_batches_above(self._settings, batch_filter, before, rows=rows)

    def count_batches(self, batch_filter: BatchFilter) -> BatchStatusCounts:
        from dosing_tui.database.batches import queries

        return queries.count_batches(self._settings, batch_filter)

    def read_batch(self, name: str) -> BatchDetail | None:
        from dosing_tui.database.batches import queries

        return queries.read_batch(self._settings, name)

    def list_context_events(self, device: str, since: datetime, until: datetime) -> ContextEvents:
        from dosing_tui.database.batches.context_events import list_context_events

        return list_context_events(self._settings, device=device, since=since, until=until)

    def read_policy(self) -> ReviewPolicy:
        from dosing_tui.database.batches.review_policy import read_effective_policy

        return read_effective_policy(self._settings)

    def enter_reviews(self, drafts: Sequence[ReviewDraft]) -> ReviewResult:
        from dosing_tui.database.batches.review_writer import enter_reviews

        return enter_reviews(self._settings, drafts, os_user=self.account)
