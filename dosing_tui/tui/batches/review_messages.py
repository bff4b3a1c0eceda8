"""The result of an entered review, and the texts about it. Pure."""

from dataclasses import dataclass

from dosing_tui.domain.batch_review.query_models import BatchDetail, BatchRow
from dosing_tui.domain.batch_review.review_result import ReviewResult
from dosing_tui.domain.batch_review.review_rules import Decision


@dataclass(frozen=True, slots=True)
class ReviewAttempt:
    """A review's result and the batch after it; ``error`` is why the batch could not be read."""

    outcome: ReviewResult
    detail: BatchDetail | None
    error: str = ""


def format_review_result(meaning: Decision, detail: BatchDetail | None) -> str:
    """The batch's review state now."""
    if meaning is Decision.WITHDRAWN and detail is not None:
        return f"withdrawn; it is {detail.row.review_state} now"
    return meaning.value


def format_last_decision(row: BatchRow) -> str:
    """The entry that a withdrawal withdraws."""
    if row.confirmed_by:
        return f"the confirmation by {row.confirmed_by}"
    return f"the decision by {row.disposed_by}"


def format_exceptions(row: BatchRow) -> str:
    if not row.findings:
        return "no exceptions"
    return f"{row.findings} exception{'s' if row.findings > 1 else ''}: {', '.join(row.finding_kinds)}"
