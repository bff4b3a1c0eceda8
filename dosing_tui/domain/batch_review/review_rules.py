"""What people say about batches: the words they can say, and when which of them may be said. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from dosing_tui.domain.batches.models import BatchStatus

MAX_WHO_LENGTH = 60
MAX_COMMENT_LENGTH = 500
NO_SIGNATURE = "not an e-signature"
"""What a review is labelled with when nobody proved who they are."""
PIN_SIGNATURE = "signed with a PIN"


SHARED_ACCOUNTS = frozenset(
    {"root", "admin", "administrator", "operator", "user", "plant", "scada", "pi", "guest"}
)
"""Accounts of nobody in particular: who works under one is known by name only."""


class Decision(StrEnum):
    """What a review says; the value is stored and printed."""

    APPROVED = "approved"
    DEVIATION = "approved with deviation"
    REJECTED = "rejected"
    NEEDS_INFORMATION = "needs information"
    CONFIRMED = "confirmed"
    """By a second person, after an approval."""
    COMMENT = "comment"
    WITHDRAWN = "withdrawn"
    """The last word is taken back; it stays to be read."""


APPROVALS = frozenset({Decision.APPROVED, Decision.DEVIATION})


class ReviewState(StrEnum):
    """How a batch stands with its reviewers; beyond these it is the meaning of the last word about it."""

    UNREVIEWED = "unreviewed"
    OUTDATED = "outdated"
    """The batch, or what is thought of it, has changed since it was reviewed."""
    CONFIRMED_DEVIATION = "confirmed with deviation"
    """An approval with deviation, and the second person agrees."""


UNDECIDED_STATES = (
    ReviewState.UNREVIEWED.value,
    ReviewState.OUTDATED.value,
    Decision.NEEDS_INFORMATION.value,
)
"""Where somebody still has to decide, whatever was said before."""


@dataclass(frozen=True, slots=True)
class ReviewDraft:
    """What somebody is about to say. What is ``seen`` is of the batch as they saw it."""

    batch_key: str
    meaning: Decision
    who: str
    comment: str
    expected_review_id: int
    """The last review of the batch; 0 if there was none."""
    expected_record_hash: str
    """The hash of its record."""
    expected_assessment_hash: str
    """The hash of what was thought of it: its exceptions, tolerances and alarms."""
    pin: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Review:
    """What somebody has said, as it is stored. ``hash`` is of this review and all entries before it."""

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
    """The entry that it takes back; 0 if it is no withdrawal, or an old one, of all there was."""


@dataclass(frozen=True, slots=True)
class ReviewContext:
    """A batch, as far as it decides what may be said about it."""

    status: str
    findings: int
    review_state: str
    disposed_by: str
    """Who has decided; '' if nothing stands."""
    is_merged: bool = False
    """Its messages turned out to be of another batch."""


def validate_review(draft: ReviewDraft, context: ReviewContext) -> str:
    """Why this cannot be said now, as a sentence; '' if it can."""
    return _validate_texts(draft) or _validate_decision(draft, context)


def describe_withdrawal(withdrawal: Review, reviews: Iterable[Review]) -> str:
    """What it takes back and whose that was, in words; '' if it is no withdrawal that says so."""
    return next(
        (f"'{one.meaning}' by {one.who}" for one in reviews if one.review_id == withdrawal.withdraws), ""
    )


def list_open_states(*, second_person: bool) -> tuple[str, ...]:
    """Review states of batches that somebody still has to look at, by the plant's own rule."""
    return (*UNDECIDED_STATES, *sorted(APPROVALS)) if second_person else UNDECIDED_STATES


def _validate_texts(draft: ReviewDraft) -> str:
    if not 1 <= len(draft.who) <= MAX_WHO_LENGTH:
        return f"Say who you are, in at most {MAX_WHO_LENGTH} characters."
    if len(draft.comment) > MAX_COMMENT_LENGTH:
        return f"The comment has {len(draft.comment)} characters; {MAX_COMMENT_LENGTH} are the most."
    if not draft.comment and draft.meaning not in (Decision.APPROVED, Decision.CONFIRMED):
        return f"Say why: '{draft.meaning}' needs a comment."
    return ""


def _validate_decision(draft: ReviewDraft, context: ReviewContext) -> str:
    meaning = draft.meaning
    if context.is_merged:
        return "It is no more, its messages are of another batch: what was said of it stays as it is."
    if meaning is Decision.COMMENT:
        return ""
    if meaning is Decision.WITHDRAWN:
        return "" if context.disposed_by else "There is nothing to withdraw."
    if context.status == BatchStatus.OPEN:
        return "The batch is still under way; it can be commented, nothing else."
    if meaning is Decision.APPROVED:
        return _validate_approval(context)
    if meaning is Decision.CONFIRMED:
        return _validate_confirmation(draft, context)
    return ""


def _validate_approval(context: ReviewContext) -> str:
    """It needs no reason, so nothing that was decided may be lost by it."""
    if context.review_state not in UNDECIDED_STATES:
        return f"It is {context.review_state} already. Undo that first, and say why."
    if count := context.findings:
        what = f"{count} exceptions" if count > 1 else "an exception"
        return f"The batch has {what}: approve it with deviation and say why, or reject it."
    return ""


def _validate_confirmation(draft: ReviewDraft, context: ReviewContext) -> str:
    if context.review_state not in APPROVALS:
        return "Only what somebody has approved, and has not changed since, can be confirmed."
    if context.disposed_by.casefold() == draft.who.casefold():
        return f"{context.disposed_by} has approved it; the second person has to be another."
    return ""
