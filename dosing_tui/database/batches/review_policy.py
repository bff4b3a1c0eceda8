"""What the plant wants of every review, as its database says it: a program's settings can only want more."""

from psycopg.rows import class_row

from dosing_tui.config.settings import Settings
from dosing_tui.database.audit import audit_trail
from dosing_tui.database.connection import Session, connect, target
from dosing_tui.database.error_mapping import rowless_errors
from dosing_tui.database.sql_files import statement
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text
from dosing_tui.errors import ReviewError

APPLICATION = "policy"


def plants(settings: Settings) -> ReviewPolicy:
    """The database's own. Raises: DatabaseAway, DatabaseRefused."""
    with connect(settings, application=APPLICATION) as session, rowless_errors(target(settings)):
        return _stored(session)


def in_force(settings: Settings) -> ReviewPolicy:
    """With what these settings want beyond it. Raises: DatabaseAway, DatabaseRefused."""
    return plants(settings) | asked_of(settings)


def in_force_in(session: Session, settings: Settings) -> ReviewPolicy:
    """The same in a session that is there."""
    return _stored(session) | asked_of(settings)


def asked_of(settings: Settings) -> ReviewPolicy:
    """What the settings alone want."""
    return ReviewPolicy(settings.review.pin, settings.review.second_person)


def set_policy(settings: Settings, policy: ReviewPolicy, *, who: str, reason: str) -> bool:
    """From now on; False if it was so already. Only whoever owns the schema may.

    Raises: ReviewError (who or reason is missing), DatabaseAway, DatabaseRefused.
    """
    who, reason = clean_text(who, limit=60), clean_line(reason, 500).strip()
    if not who or not reason:
        raise ReviewError("A change of the review policy needs who makes it, and why.")
    with connect(settings, application=APPLICATION) as session, rowless_errors(target(settings)):
        moment = audit_trail.begin(session)
        if _stored(session) == policy:
            return False
        content = audit_trail.policy_content(policy.pin, policy.second_person, reason)
        seq = audit_trail.append(
            session, moment, action=audit_trail.POLICY, subject="reviews", who=who, content=content
        )
        session.execute(statement("batches/set_policy"), {**content, "audit_seq": seq})
        return True


def _stored(session: Session) -> ReviewPolicy:
    with session.cursor(row_factory=class_row(ReviewPolicy)) as cursor:
        return cursor.execute(statement("batches/policy")).fetchone() or ReviewPolicy()
