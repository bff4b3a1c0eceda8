"""Batches and reviews of the batch screen: the protocol, and the site's database behind it."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
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
        self, batch_filter: BatchFilter, *, after: BatchRow | None, rows: int
    ) -> Sequence[BatchRow]:
        """A page of ``rows`` batches below ``after``, newest first; ``after`` None: from the top."""

    def list_batches_above(
        self, batch_filter: BatchFilter, before: BatchRow, *, rows: int
    ) -> Sequence[BatchRow]:
        """A page of ``rows`` batches above ``before``, newest first."""

    def count_batches(self, batch_filter: BatchFilter) -> BatchStatusCounts:
        """Number of matching batches by status."""

    def read_batch(self, name: str) -> BatchDetail | None:
        """By key or id; None: there is no such batch."""

    def list_context_events(self, *, device: str, since: datetime, until: datetime) -> ContextEvents:
        """Alarms and notes of a station in this period."""

    def read_policy(self) -> ReviewPolicy:
        """The plant's review policy, tightened by this console's settings."""

    def enter_reviews(self, drafts: Sequence[ReviewDraft]) -> ReviewResult:
        """Does not raise: errors are part of the result."""


class DatabaseBatchSource:
    """The site's database. Made when it is first needed: its driver is imported then, to save start-up."""

    def __init__(self, settings: Settings, account: str) -> None:
        from dosing_tui.database.batches import context_events, queries, review_policy, review_writer

        self.account = account
        self.list_batches = partial(queries.list_batches, settings)
        self.list_batches_above = partial(queries.list_batches_above, settings)
        self.count_batches = partial(queries.count_batches, settings)
        self.read_batch = partial(queries.read_batch, settings)
        self.list_context_events = partial(context_events.list_context_events, settings)
        self.read_policy = partial(review_policy.read_effective_policy, settings)
        self.enter_reviews = partial(review_writer.enter_reviews, settings, os_user=account)
