"""Typed results of the controllers' queries; ``DosingApp`` maps each of them to its one handler."""

from collections.abc import Sequence
from dataclasses import dataclass

from dosing_tui.domain.alarms.journal_filter import JournalFilter
from dosing_tui.domain.alarms.kpis import AlarmKpiSummary
from dosing_tui.domain.alarms.models import JournalEntry
from dosing_tui.domain.batch_review.query_models import BatchDetail, BatchRow
from dosing_tui.domain.batch_review.review_result import ReviewResult
from dosing_tui.domain.batch_review.review_rules import Decision, ReviewDraft
from dosing_tui.domain.notifications.channel_status import ChannelStatus
from dosing_tui.domain.panels.alarm_trend_query import AlarmTrendPoint, AlarmTrendQuery
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.domain.shift_report import ShiftReport
from dosing_tui.domain.time.shift_calendar import ShiftPeriod
from dosing_tui.tui.alarms.alarm_actions import ActionRequest, ActionResult
from dosing_tui.tui.data.query_results import QueryResult
from dosing_tui.tui.dialogs.filter_dialog import FilterDialog
from dosing_tui.tui.dialogs.refill_dialog import RefillInput


@dataclass
class FilterValuesLoaded(QueryResult[dict[Dimension, Sequence[str]]]):
    """The values to choose from, for the dialog that requested them."""

    dialog: FilterDialog


class NoteStored(QueryResult[None]):
    """An operator's note is in the database, or ``error`` says why not."""


@dataclass
class ShiftReportLoaded(QueryResult[ShiftReport]):
    shift: ShiftPeriod


class KpisLoaded(QueryResult[AlarmKpiSummary | None]):
    """The alarm KPIs; None without an error: the journal is empty."""


class ChannelStatesLoaded(QueryResult[Sequence[ChannelStatus]]):
    """Delivery status of each notification channel."""


@dataclass
class TrendLoaded(QueryResult[Sequence[AlarmTrendPoint]]):
    query: AlarmTrendQuery


@dataclass
class JournalPageLoaded(QueryResult[Sequence[JournalEntry]]):
    """``number``: only the result of the last request counts."""

    journal_filter: JournalFilter
    number: int
    is_older: bool
    """The page continues the list; else it replaces the list's newest entries."""


class JournalExported(QueryResult[str]):
    """The value is a sentence with the files' names."""


@dataclass
class AlarmActionStored(QueryResult[bool]):
    """The value is False when the entries are kept on this machine until the database is back."""

    request: ActionRequest
    result: ActionResult


@dataclass
class RefillStored(QueryResult[bool]):
    """The value is as in ``AlarmActionStored``."""

    refill: RefillInput


@dataclass(frozen=True, slots=True)
class ReviewAttempt:
    """Result of one review, and the batch after it; or why the batch could not be read again."""

    outcome: ReviewResult
    detail: BatchDetail | None
    error: str = ""


@dataclass
class ReviewsEntered(QueryResult[ReviewAttempt]):
    """The review of one batch was written, or refused."""

    decision: Decision
    row: BatchRow


class BulkCandidatesLoaded(QueryResult[Sequence[BatchRow]]):
    """The batches that one bulk approval would cover."""


@dataclass
class BulkChunkEntered(QueryResult[ReviewResult]):
    """A part of a bulk approval was written."""

    drafts: Sequence[ReviewDraft]
    """All that were left to approve, this part included."""
    previous: ReviewResult
    """Sum of the parts before."""
