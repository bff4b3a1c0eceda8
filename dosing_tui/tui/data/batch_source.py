"""Where the review screen's batches come from, and where what is said about them goes."""

from collections.abc import Sequence
from datetime import datetime
from getpass import getuser
from typing import Protocol

from dosing_tui.config.settings import Settings
from dosing_tui.domain.batch_review.query_models import BatchDetail, BatchFilter, BatchRow, Counts, Happenings
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.domain.batch_review.review_result import Outcome
from dosing_tui.domain.batch_review.review_rules import ReviewDraft


class BatchSource(Protocol):
    """Everything may have to wait for the database. Raises: DosingError with a sentence for the operator."""

    @property
    def account(self) -> str:
        """Who runs this console, by the operating system."""

    def listed(self, which: BatchFilter, after: BatchRow | None, rows: int) -> Sequence[BatchRow]:
        """The newest first, after a row of the page before."""

    def above(self, which: BatchFilter, before: BatchRow, rows: int) -> Sequence[BatchRow]:
        """The page above a row, the newest first."""

    def counts(self, which: BatchFilter) -> Counts: ...

    def detail(self, name: str) -> BatchDetail | None: ...

    def happenings(self, device: str, since: datetime, until: datetime) -> Happenings: ...

    def policy(self) -> ReviewPolicy:
        """What the plant, and this console's settings beyond it, want of every review."""

    def review(self, drafts: Sequence[ReviewDraft]) -> Outcome:
        """Raises nothing: what went wrong is part of the outcome."""


class StoredBatches:
    """The site's database. Its drivers are imported when it is asked for the first time, to save start-up."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def account(self) -> str:
        return getuser()

    def listed(self, which: BatchFilter, after: BatchRow | None, rows: int) -> Sequence[BatchRow]:
        from dosing_tui.database.batches import queries

        return queries.listed(self._settings, which, after=after, rows=rows)

    def above(self, which: BatchFilter, before: BatchRow, rows: int) -> Sequence[BatchRow]:
        from dosing_tui.database.batches import queries

        return queries.above(self._settings, which, before, rows=rows)

    def counts(self, which: BatchFilter) -> Counts:
        from dosing_tui.database.batches import queries

        return queries.counts(self._settings, which)

    def detail(self, name: str) -> BatchDetail | None:
        from dosing_tui.database.batches import queries

        return queries.detail(self._settings, name)

    def happenings(self, device: str, since: datetime, until: datetime) -> Happenings:
        from dosing_tui.database.batches.context_events import happenings

        return happenings(self._settings, device=device, since=since, until=until)

    def policy(self) -> ReviewPolicy:
        from dosing_tui.database.batches.review_policy import in_force

        return in_force(self._settings)

    def review(self, drafts: Sequence[ReviewDraft]) -> Outcome:
        from dosing_tui.database.batches.review_writer import review_all

        return review_all(self._settings, drafts, os_user=self.account)
