"""What came of a review that somebody entered, and the words about it. Pure."""

from dataclasses import dataclass

from dosing_tui.domain.batch_review.query_models import BatchDetail, BatchRow
from dosing_tui.domain.batch_review.review_result import Outcome
from dosing_tui.domain.batch_review.review_rules import Meaning


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a review, and the batch as it is after it; or why that could not be read."""

    outcome: Outcome
    detail: BatchDetail | None
    trouble: str = ""


def done_words(meaning: Meaning, detail: BatchDetail | None) -> str:
    """What it is now, where that is not what was said."""
    if meaning is Meaning.WITHDRAWN and detail is not None:
        return f"withdrawn; it is {detail.row.review_state} now"
    return meaning.value


def last_word(row: BatchRow) -> str:
    """What an undo takes back."""
    if row.confirmed_by:
        return f"the confirmation by {row.confirmed_by}"
    return f"the decision by {row.disposed_by}"


def exceptions_words(row: BatchRow) -> str:
    if not row.findings:
        return "no exceptions"
    return f"{row.findings} exception{'s' if row.findings > 1 else ''}: {', '.join(row.finding_kinds)}"
