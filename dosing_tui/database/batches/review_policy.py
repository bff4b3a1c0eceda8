"""The plant's requirements for reviews, from the database; settings can only add to them."""

from dosing_tui.config.settings import Settings
from dosing_tui.database.audit import audit_trail
from dosing_tui.database.connection import Session, select_row, use_session
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text
from dosing_tui.errors import ReviewError

APPLICATION_NAME = "policy"


def read_plant_policy(settings: Settings) -> ReviewPolicy:
    """The policy in the database. Raises: DatabaseUnavailableError, DatabaseAccessError."""
    with use_session(settings, application=APPLICATION_NAME, autocommit=False) as session:
        return _select_policy(session)


def read_effective_policy(settings: Settings) -> ReviewPolicy:
    """Database and settings combined. Raises: DatabaseUnavailableError, DatabaseAccessError."""
    return read_plant_policy(settings) | get_settings_policy(settings)


def select_effective_policy(session: Session, settings: Settings) -> ReviewPolicy:
    """The same in the caller's session."""
    return _select_policy(session) | get_settings_policy(settings)


def get_settings_policy(settings: Settings) -> ReviewPolicy:
    """The policy in the settings."""
    return ReviewPolicy(settings.review.pin, settings.review.second_person)


def set_policy(settings: Settings, policy: ReviewPolicy, *, who: str, reason: str) -> bool:
    """Set the policy; False if it is in force already. Only the owner of the schema may.

    Raises: ReviewError (who or reason is missing), DatabaseUnavailableError, DatabaseAccessError.
    """
    who, reason = clean_text(who, limit=60), clean_line(reason, 500).strip()
    if not who or not reason:
        raise ReviewError("A change of the review policy needs a name and a reason.")
    with use_session(settings, application=APPLICATION_NAME, autocommit=False) as session:
        moment = audit_trail.lock_trail(session)
        if _select_policy(session) == policy:
            return False
        content = audit_trail.build_policy_content(policy.pin, policy.second_person, reason)
        seq = audit_trail.append_entry(
            session, moment, action=audit_trail.POLICY, subject="reviews", who=who, content=content
        )
        session.execute(read_statement("batches/insert_review_policy"), {**content, "audit_seq": seq})
        return True


def _select_policy(session: Session) -> ReviewPolicy:
    return select_row(session, ReviewPolicy, "batches/select_review_policy") or ReviewPolicy()
