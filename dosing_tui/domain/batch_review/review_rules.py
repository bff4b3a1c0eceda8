"""Reviews of batches: decisions, review states and the rules that permit a decision."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from dosing_tui.domain.batches.models import BatchStatus
from dosing_tui.domain.quantities.quantity_text import count_noun

MAX_WHO_LENGTH = 60
MAX_COMMENT_LENGTH = 500
NO_SIGNATURE = "not an e-signature"
"""Signature label of a review without verified identity."""
PIN_SIGNATURE = "signed with a PIN"


SHARED_ACCOUNTS = frozenset(
    {"root", "admin", "administrator", "operator", "user", "plant", "scada", "pi", "guest"}
)
"""Shared operating-system accounts: they do not identify a person."""


class Decision(StrEnum):
    """Decision of a review; the value is stored and printed."""

    APPROVED = "approved"
    DEVIATION = "approved with deviation"
    REJECTED = "rejected"
    NEEDS_INFORMATION = "needs information"
    CONFIRMED = "confirmed"
    """Confirmation of an approval by a second person."""
    COMMENT = "comment"
    WITHDRAWN = "withdrawn"
    """Withdrawal of the last review; both entries stay in the audit trail."""


APPROVALS = frozenset({Decision.APPROVED, Decision.DEVIATION})


class ReviewState(StrEnum):
    """Review states in addition to the decision of the last review."""

    UNREVIEWED = "unreviewed"
    OUTDATED = "outdated"
    """The record or the assessment has changed since the review."""
    CONFIRMED_DEVIATION = "confirmed with deviation"
    """Approval with deviation, confirmed by a second person."""


UNDECIDED_STATES = (
    ReviewState.UNREVIEWED.value,
    ReviewState.OUTDATED.value,
    Decision.NEEDS_INFORMATION.value,
)
"""Review states that require a decision."""


@dataclass(frozen=True, slots=True)
class ReviewDraft:
    """Review before it is saved. The ``expected_`` fields are those of the displayed batch."""

    batch_key: str
    meaning: Decision
    who: str
    comment: str
    expected_review_id: int
    """ID of the batch's last review; 0 without one."""
    expected_record_hash: str
    """Hash of the displayed record."""
    expected_assessment_hash: str
    """Hash of the displayed assessment: exceptions, tolerances and alarms."""
    pin: str = field(default="", repr=False)


class Review(Struct, frozen=True):
    """Stored review. ``hash`` chains this entry to all previous entries of the audit trail."""

    review_id: int
    batch_key: str
    batch_id: str
    at: datetime
    who: str
    os_user: str
    db_role: str
    meaning: str
    comment: str
    signature: str
    record_hash: str
    judgement_hash: str
    hash: str
    withdraws: int = 0
    """ID of the withdrawn review; 0 for other decisions and for old withdrawals, which withdraw all."""


class ReviewContext(Struct, frozen=True):
    """Properties of a batch that the review rules depend on."""

    status: str
    findings: int
    review_state: str
    disposed_by: str
    """Reviewer of the valid decision; '' without one."""
    is_merged: bool = False
    """Its messages belong to another batch."""


def validate_review(draft: ReviewDraft, context: ReviewContext) -> str:
    """Return why the draft is not permitted, as a sentence; '' if it is."""
    return _validate_texts(draft) or _validate_decision(draft, context)


def describe_withdrawal(withdrawal: Review, reviews: Iterable[Review]) -> str:
    """Describe the withdrawn decision and its reviewer; '' if it is unknown."""
    return next(
        (f"'{one.meaning}' by {one.who}" for one in reviews if one.review_id == withdrawal.withdraws), ""
    )


def list_open_states(*, second_person: bool) -> tuple[str, ...]:
    """List the review states that require an action, by the plant's review policy."""
    return (*UNDECIDED_STATES, *sorted(APPROVALS)) if second_person else UNDECIDED_STATES


def _validate_texts(draft: ReviewDraft) -> str:
    needs_comment = draft.meaning not in (Decision.APPROVED, Decision.CONFIRMED)
    checks = (
        (
            1 <= len(draft.who) <= MAX_WHO_LENGTH,
            f"Enter your name, in at most {MAX_WHO_LENGTH} characters.",
        ),
        (
            len(draft.comment) <= MAX_COMMENT_LENGTH,
            f"The comment has {len(draft.comment)} characters; {MAX_COMMENT_LENGTH} are the most.",
        ),
        (draft.comment or not needs_comment, f"Say why: '{draft.meaning}' needs a comment."),
    )
    return next((sentence for is_fine, sentence in checks if not is_fine), "")


def _validate_decision(draft: ReviewDraft, context: ReviewContext) -> str:
    meaning = draft.meaning
    if context.is_merged:
        return (
            "This batch no longer exists: its messages belong to another batch."
            " Its reviews stay in the audit trail."
        )
    if meaning is Decision.COMMENT:
        return ""
    if meaning is Decision.WITHDRAWN:
        return "" if context.disposed_by else "There is nothing to withdraw."
    if context.status == BatchStatus.OPEN:
        return "The batch is running, or its end is not stored yet: only a comment can be entered."
    if meaning is Decision.APPROVED:
        return _validate_approval(context)
    if meaning is Decision.CONFIRMED:
        return _validate_confirmation(draft, context)
    return ""


def _validate_approval(context: ReviewContext) -> str:
    """Check an approval. It needs no reason, so it must not replace another decision."""
    if context.review_state not in UNDECIDED_STATES:
        return f"It is {context.review_state} already. Undo that first, and say why."
    if count := context.findings:
        what = count_noun(count, "exception") if count > 1 else "an exception"
        return f"The batch has {what}: approve it with deviation and say why, or reject it."
    return ""


def _validate_confirmation(draft: ReviewDraft, context: ReviewContext) -> str:
    if context.review_state not in APPROVALS:
        return "Only what somebody has approved, and has not changed since, can be confirmed."
    if context.disposed_by.casefold() == draft.who.casefold():
        return f"{context.disposed_by} has approved it; the second person has to be another."
    return ""
