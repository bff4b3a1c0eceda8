"""Phrases about reviews for messages and dialogs. Pure."""

from dosing_tui.domain.batch_review.query_models import BatchDetail, BatchRow
from dosing_tui.domain.batch_review.review_rules import Decision
from dosing_tui.domain.quantities.quantity_text import count_noun


def format_review_result(meaning: Decision, detail: BatchDetail | None) -> str:
    """The decision that was entered; after a withdrawal, the review state that is valid now."""
    if meaning is Decision.WITHDRAWN and detail is not None:
        return f"withdrawn; it is {detail.row.review_state} now"
    return meaning.value


def format_last_decision(row: BatchRow) -> str:
    """The decision that a withdrawal takes back."""
    if row.confirmed_by:
        return f"the confirmation by {row.confirmed_by}"
    return f"the decision by {row.disposed_by}"


def format_exceptions(row: BatchRow) -> str:
    if not row.findings:
        return "no exceptions"
    return f"{count_noun(row.findings, 'exception')}: {', '.join(row.finding_kinds)}"
