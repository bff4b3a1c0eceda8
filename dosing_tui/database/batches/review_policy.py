"""The plant's requirements for reviews, from the database; settings can only add to them."""

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import Session, fetch_row, select_row, use_session
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
    parameters = {"pin": policy.pin, "second_person": policy.second_person, "who": who, "reason": reason}
    with use_session(settings, application=APPLICATION_NAME) as session:
        (is_new,) = fetch_row(session.execute(read_statement("batches/insert_review_policy"), parameters))
    return bool(is_new)


def _select_policy(session: Session) -> ReviewPolicy:
    return select_row(session, ReviewPolicy, "batches/select_review_policy") or ReviewPolicy()
