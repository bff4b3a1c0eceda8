"""Batches and reviews of the batch screen: the protocol, and the site's database behind it."""

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
    """Methods may wait for the database. Raises: DosingError with a sentence for the operator."""

    @property
    def account(self) -> str:
        """The operating system's account that runs this console."""

    def list_batches(
        self, batch_filter: BatchFilter, after: BatchRow | None, rows: int
    ) -> Sequence[BatchRow]:
        """A page of ``rows`` batches below ``after``, newest first; ``after`` None: from the top."""

    def list_batches_above(
        self, batch_filter: BatchFilter, before: BatchRow, rows: int
    ) -> Sequence[BatchRow]:
        """A page of ``rows`` batches above ``before``, newest first."""

    def count_batches(self, batch_filter: BatchFilter) -> BatchStatusCounts:
        """Number of matching batches by status."""

    def read_batch(self, name: str) -> BatchDetail | None:
        """By key or id; None: there is no such batch."""

    def list_context_events(self, device: str, since: datetime, until: datetime) -> ContextEvents:
        """Alarms and notes of a station in this period."""

    def read_policy(self) -> ReviewPolicy:
        """The plant's review policy, tightened by this console's settings."""

    def enter_reviews(self, drafts: Sequence[ReviewDraft]) -> ReviewResult:
        """Does not raise: errors are part of the result."""


class DatabaseBatchSource:
    """The site's database. Its driver is imported with the first query, to save start-up."""

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
