"""Enters reviews, each in one transaction that compares the displayed batch with the stored one."""

from collections.abc import Sequence
from dataclasses import replace

from msgspec import structs

from dosing_tui.config.settings import Settings
from dosing_tui.database.audit import audit_trail
from dosing_tui.database.audit.pins import enter_pin, prepare_pin_entry
from dosing_tui.database.batches.review_policy import select_effective_policy
from dosing_tui.database.connection import Session, describe_target, open_connection, select_row, select_rows
from dosing_tui.database.error_mapping import translate_rowless_errors
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.batch_review.query_models import BatchRow
from dosing_tui.domain.batch_review.review_result import ReviewResult, describe_failure
from dosing_tui.domain.batch_review.review_rules import (
    Review,
    ReviewDraft,
    validate_review,
)
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text
from dosing_tui.errors import DatabaseUnavailableError, DosingError, ReviewError

APPLICATION_NAME = "reviews"


def enter_review(settings: Settings, draft: ReviewDraft, *, os_user: str) -> Review:
    """Enter a review; return it as stored. ``os_user``: the account of this process.

    Raises: ReviewError (another review came first, the batch has changed, no reason, wrong PIN),
    DatabaseUnavailableError, DatabaseAccessError: the text gives the result.
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
        with translate_rowless_errors(describe_target(settings)):
            if draft.pin:
                prepare_pin_entry(session, _clean_draft(draft).who)
            with session.transaction():
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
        structs.replace(
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
    if select_effective_policy(session, settings).pin:
        if not draft.pin:
            raise ReviewError("Not saved: this plant requires a PIN with every review.")
        enter_pin(session, draft.who, draft.pin)
    audit_trail.lock_trail(session)
    _check_unchanged(session, draft)
    review = {
        "batch_key": draft.batch_key,
        "meaning": draft.meaning.value,
        "who": draft.who,
        "os_user": clean_text(os_user),
        "comment": draft.comment,
        "last_review": draft.expected_review_id,
        "record_hash": draft.expected_record_hash,
        "judgement_hash": draft.expected_assessment_hash,
    }
    with audit_trail.translate_refusals():
        session.execute(read_statement("batches/insert_review"), review)
    return select_reviews(session, draft.batch_key)[-1]


def _check_unchanged(session: Session, draft: ReviewDraft) -> None:
    batch = select_row(session, BatchRow, "batches/select_batch", {"name": draft.batch_key})
    if batch is None:
        raise ReviewError("This batch no longer exists: its messages belong to another batch.")
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
    if wrong := validate_review(draft, batch.review_context):
        raise ReviewError(f"{batch.batch_id}: {wrong}")
