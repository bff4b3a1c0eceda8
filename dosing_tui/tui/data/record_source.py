"""Stored records of the console: the protocols, and the site's database behind them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol
from uuid import UUID

from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms.journal_filter import JournalFilter
from dosing_tui.domain.alarms.kpis import KpiHistory
from dosing_tui.domain.alarms.models import JournalEntry
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
from dosing_tui.domain.capability.service_log import ServiceDraft, ServiceEntry
from dosing_tui.domain.materials.ledger import MaterialDraft
from dosing_tui.domain.notifications.channel_status import ChannelStatus, add_unused_channels
from dosing_tui.domain.panels.alarm_trend_query import AlarmTrendPoint, AlarmTrendQuery
from dosing_tui.domain.panels.operator_notes import NoteDraft
from dosing_tui.domain.shift_report import ShiftReport
from dosing_tui.domain.time.shift_calendar import ShiftPeriod
from dosing_tui.tui.data.driver_import import import_driver


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
        """By key or id; None if there is no such batch."""

    def list_context_events(self, *, device: str, since: datetime, until: datetime) -> ContextEvents:
        """Alarms and notes of a station in this period."""

    def read_policy(self) -> ReviewPolicy:
        """The plant's review policy, tightened by this console's settings."""

    def verify_pin(self, who: str, pin: str) -> bool:
        """True, or ReviewError for a wrong PIN. It signs nothing and is not kept."""

    def enter_reviews(self, drafts: Sequence[ReviewDraft]) -> ReviewResult:
        """Does not raise: errors are part of the result."""


class DatabaseBatchSource:
    """The site's database. Made when it is first needed: its driver is imported then, to save start-up."""

    def __init__(self, settings: Settings, account: str) -> None:
        import_driver()
        from dosing_tui.database.audit import pins
        from dosing_tui.database.batches import context_events, queries, review_policy, review_writer

        self.account = account
        self.list_batches = partial(queries.list_batches, settings)
        self.list_batches_above = partial(queries.list_batches_above, settings)
        self.count_batches = partial(queries.count_batches, settings)
        self.read_batch = partial(queries.read_batch, settings)
        self.list_context_events = partial(context_events.list_context_events, settings)
        self.read_policy = partial(review_policy.read_effective_policy, settings)
        self.verify_pin = partial(pins.verify_pin, settings)
        self.enter_reviews = partial(review_writer.enter_reviews, settings, os_user=account)


class RecordSource(Protocol):
    """Methods may wait for the database. Raises: DatabaseError with a sentence for the operator."""

    def add_note(self, draft: NoteDraft) -> object:
        """Store an operator's note."""

    def enter_material(self, draft: MaterialDraft) -> int | None:
        """Store an entry of the material ledger; its number, None where it was stored before.

        Raises also: MaterialError.
        """

    def enter_service(self, draft: ServiceDraft) -> ServiceEntry:
        """Store what was done to a pump or a scale."""

    def read_kpi_history(self, now: datetime) -> KpiHistory:
        """The journal's figures for the alarm KPIs."""

    def list_channel_states(self, *, now: datetime) -> Sequence[ChannelStatus]:
        """Delivery status of each notification channel, failing ones first."""

    def list_entries(self, journal_filter: JournalFilter) -> Sequence[JournalEntry]:
        """Entries of the alarm journal, the newest first."""

    def find_action_outcomes(self, uuids: Sequence[UUID]) -> Mapping[UUID, str]:
        """For each of these entries that is in the alarm journal: '', or why it has changed nothing."""

    def read_trend(self, trend_query: AlarmTrendQuery) -> Sequence[AlarmTrendPoint]:
        """The value of an alarm over time."""

    def read_shift_report(self, shift: ShiftPeriod, *, now: datetime) -> ShiftReport:
        """Production, consumption, alarms and open items of a shift."""


class DatabaseRecords:
    """The site's database. Made when it is first needed: its driver is imported then, to save start-up."""

    def __init__(self, settings: Settings, account: str) -> None:
        import_driver()
        from dosing_tui.database import operator_notes
        from dosing_tui.database.alarms import action_outcomes, journal, notification_queue, trend
        from dosing_tui.database.materials import ledger_entries
        from dosing_tui.database.pumps import service_log
        from dosing_tui.database.reports import shift_report

        self.add_note = partial(operator_notes.add_note, settings, os_user=account)
        self.enter_material = partial(ledger_entries.enter_material, settings, os_user=account)
        self.enter_service = partial(service_log.enter_service, settings, os_user=account)
        self.read_kpi_history = partial(journal.read_kpi_history, settings)
        self.list_entries = partial(journal.list_entries, settings)
        self.find_action_outcomes = partial(action_outcomes.find_action_outcomes, settings)
        self.read_trend = partial(trend.read_trend, settings)
        self.read_shift_report = partial(shift_report.read_shift_report, settings)
        self._list_used_channels = partial(notification_queue.list_channel_states, settings)
        self._channel_names = [channel.name for channel in settings.notifications]

    def list_channel_states(self, *, now: datetime) -> Sequence[ChannelStatus]:
        return add_unused_channels(self._list_used_channels(now=now), self._channel_names)
