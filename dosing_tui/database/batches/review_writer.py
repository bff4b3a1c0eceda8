"""Enters reviews, each in one transaction that compares the displayed batch with the stored one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dosing_tui.config.settings import Settings
from dosing_tui.database.audit import audit_trail
from dosing_tui.database.audit.pins import check_pin
from dosing_tui.database.batches.review_policy import select_effective_policy
from dosing_tui.database.connection import Session, describe_target, open_connection, select_row, select_rows
from dosing_tui.database.error_mapping import translate_rowless_errors
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.batch_review.review_result import ReviewResult, describe_failure
from dosing_tui.domain.batch_review.review_rules import (
    NO_SIGNATURE,
    PIN_SIGNATURE,
    Decision,
    Review,
    ReviewContext,
    ReviewDraft,
    validate_review,
)
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text
from dosing_tui.errors import DatabaseUnavailableError, DosingError, ReviewError

APPLICATION_NAME = "reviews"


@dataclass(frozen=True, slots=True)
class _CurrentBatchRow:
    """The batch as it is when the review is entered."""

    batch_id: str
    status: str
    findings: int
    review_state: str
    disposition: str
    disposed_by: str
    last_review: int
    record_hash: str
    judgement_hash: str
    gone: bool
    record: str
    judgement: str
    last_word: int


def enter_review(settings: Settings, draft: ReviewDraft, *, os_user: str) -> Review:
    """Enter a review; return it as stored. ``os_user``: the account of this process.

    Raises: ReviewError (another review came first, the batch has changed, no reason, wrong PIN),
    ConfigError (no argon2-cffi), DatabaseUnavailableError, DatabaseAccessError: the text gives the result.
    """
    outcome = enter_reviews(settings, [draft], os_user=os_user)
    if outcome.error is not None and not outcome.new_reviews:
        raise type(outcome.error)(describe_failure(outcome)) from outcome.error
    if outcome.refusals:
        raise ReviewError(outcome.refusals[0])
    return outcome.new_reviews[0]


def enter_reviews(settings: Settings, drafts: Sequence[ReviewDraft], *, os_user: str) -> ReviewResult:
    """Enter each review in its own transaction, in order. Raises nothing: errors are results."""
    done, tried = ReviewResult(), 0
    try:
        with open_connection(settings, application=APPLICATION_NAME, autocommit=True) as session:
            for draft in drafts:
                tried += 1
                done += _try_review(session, settings, draft, os_user)
    except DatabaseUnavailableError as error:
        left = ReviewResult(unsaved_drafts=tuple(drafts[tried:]), error=error)
        return (
            done + (_look_up_review(settings, drafts[tried - 1], os_user) if tried else ReviewResult()) + left
        )
    except DosingError as error:  # the server answered: the transaction was rolled back
        return done + ReviewResult(unsaved_drafts=tuple(drafts[max(0, tried - 1) :]), error=error)
    return done


def _try_review(session: Session, settings: Settings, draft: ReviewDraft, os_user: str) -> ReviewResult:
    try:
        with translate_rowless_errors(describe_target(settings)), session.transaction():
            entered = _insert_review(session, settings, draft, os_user)
    except ReviewError as error:
        return ReviewResult(refusals=(str(error),))
    return ReviewResult(new_reviews=(entered,))


def _look_up_review(settings: Settings, draft: ReviewDraft, os_user: str) -> ReviewResult:
    """The result of a draft whose connection was lost: the server may have committed it.

    The lock is held until commit or rollback: once it is free, the result is final.
    """
    wanted = _clean_draft(draft)
    try:
        with (
            open_connection(settings, application=APPLICATION_NAME) as session,
            translate_rowless_errors(describe_target(settings)),
        ):
            audit_trail.lock_trail(session)
            said = select_reviews(session, draft.batch_key)
    except DosingError:
        return ReviewResult(unknown_drafts=(draft,))
    ours = (wanted.who, wanted.meaning, wanted.comment, clean_text(os_user))
    for each in said:
        if (
            each.review_id > draft.expected_review_id
            and (each.who, each.meaning, each.comment, each.os_user) == ours
        ):
            return ReviewResult(new_reviews=(each,))
    return ReviewResult(unsaved_drafts=(draft,))


def _clean_draft(draft: ReviewDraft) -> ReviewDraft:
    return replace(draft, who=clean_text(draft.who, limit=200), comment=clean_line(draft.comment, 2000))


def select_reviews(session: Session, batch_key: str) -> list[Review]:
    """The reviews of a batch, in order, with sanitized text."""
    found = select_rows(session, Review, "batches/select_reviews", {"batch_key": batch_key})
    return [
        replace(
            each,
            who=clean_text(each.who),
            os_user=clean_text(each.os_user),
            comment=clean_line(each.comment, 2000),
            meaning=clean_text(each.meaning),
            signature=clean_text(each.signature),
        )
        for each in found
    ]


def _insert_review(session: Session, settings: Settings, draft: ReviewDraft, os_user: str) -> Review:
    draft = _clean_draft(draft)
    moment = audit_trail.lock_trail(session)
    batch = _select_current_batch(session, draft)
    _check_unchanged(session, draft, batch)
    signature = _check_signature(session, settings, draft)
    said = {
        "batch_key": draft.batch_key,
        "batch_id": batch.batch_id,
        "at": moment.at,
        "who": draft.who,
        "os_user": clean_text(os_user),
        "db_role": moment.db_role,
        "meaning": draft.meaning.value,
        "comment": draft.comment,
        "signature": signature,
        "record_hash": batch.record_hash,
        "judgement_hash": batch.judgement_hash,
        "withdraws": batch.last_word if draft.meaning is Decision.WITHDRAWN else 0,
    }
    content = audit_trail.build_review_content((0, *said.values()))
    seq = audit_trail.append_entry(
        session, moment, action=audit_trail.REVIEW, subject=batch.batch_id, who=draft.who, content=content
    )
    session.execute(
        read_statement("batches/insert_review"),
        {**said, "review_id": seq, "record": batch.record, "judgement": batch.judgement},
    )
    _select_current_batch(
        session, draft
    )  # raises if the batch was removed during the PIN check; the row is locked from here on
    return select_reviews(session, draft.batch_key)[-1]


def _check_signature(session: Session, settings: Settings, draft: ReviewDraft) -> str:
    """The signature of a review. Raises: ReviewError, if a required PIN is missing or wrong."""
    if not select_effective_policy(session, settings).pin:
        return NO_SIGNATURE
    if not draft.pin:
        raise ReviewError("Not saved: this plant requires a PIN with every review.")
    check_pin(session, who=draft.who, pin=draft.pin)
    return PIN_SIGNATURE


def _select_current_batch(session: Session, draft: ReviewDraft) -> _CurrentBatchRow:
    found = select_row(
        session, _CurrentBatchRow, "batches/select_reviewable_batch", {"batch_key": draft.batch_key}
    )
    if found is None:
        raise ReviewError("This batch no longer exists: its messages belong to another batch.")
    return found


def _check_unchanged(session: Session, draft: ReviewDraft, batch: _CurrentBatchRow) -> None:
    if batch.last_review != draft.expected_review_id:
        last = select_reviews(session, draft.batch_key)[-1]
        raise ReviewError(
            f"{batch.batch_id} not saved: {last.who} reviewed this batch at {last.at:%H:%M:%S}"
            f" ({last.meaning}). Reload and try again."
        )
    if batch.record_hash != draft.expected_record_hash:
        raise ReviewError(
            f"{batch.batch_id} not saved: the batch has changed since it was displayed. Reload and try again."
        )
    if batch.judgement_hash != draft.expected_assessment_hash:
        raise ReviewError(
            f"{batch.batch_id} not saved: its exceptions or alarms have changed since it was displayed."
            " Reload and try again."
        )
    standing = ReviewContext(batch.status, batch.findings, batch.review_state, batch.disposed_by, batch.gone)
    if wrong := validate_review(draft, standing):
        raise ReviewError(f"{batch.batch_id}: {wrong}")
