"""PINs of those who sign reviews, as argon2id: set, changed with the old one, compared at every signing."""

from typing import TYPE_CHECKING

from dosing_tui.config.settings import Settings
from dosing_tui.database.audit import audit_trail
from dosing_tui.database.connection import Session, connect, target
from dosing_tui.database.error_mapping import rowless_errors
from dosing_tui.database.sql_files import statement
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.errors import ConfigError, ReviewError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 4


def set_pin(settings: Settings, *, who: str, pin: str, old: str = "") -> None:
    """The first PIN of a name is anybody's to set; a later one needs ``old``.

    Raises: ReviewError, ConfigError (argon2-cffi is missing), DatabaseAway, DatabaseRefused.
    """
    if len(pin) < SHORTEST or not pin.isprintable():
        raise ReviewError(f"A PIN has at least {SHORTEST} characters that can be typed.")
    who = clean_text(who, limit=200)  # as reviews have it
    hashed = _hasher().hash(pin)
    with connect(settings, application="reviews") as session, rowless_errors(target(settings)):
        moment = audit_trail.begin(session)
        if _stored(session, who):
            check_pin(session, who=who, pin=old)
        content = audit_trail.pin_content(who, hashed)
        seq = audit_trail.append(
            session, moment, action=audit_trail.PIN, subject=who, who=who, content=content
        )
        session.execute(statement("batches/set_pin"), {"who": who, "pin_hash": hashed, "audit_seq": seq})


def check_pin(session: Session, *, who: str, pin: str) -> None:
    """Raises: ReviewError, if it is not the PIN of ``who``; ConfigError, if argon2-cffi is missing."""
    hasher = _hasher()
    from argon2.exceptions import InvalidHashError, VerificationError

    stored = _stored(session, who)
    if not stored:
        raise ReviewError(f"{who} has no PIN yet: 'dosing-tui batches pin' sets one.")
    try:
        hasher.verify(stored, pin)
    except (VerificationError, InvalidHashError) as error:
        raise ReviewError(f"This is not the PIN of {who}.") from error


def _stored(session: Session, who: str) -> str:
    row = session.execute(statement("batches/pin"), {"who": who}).fetchone()
    return str(row[0]) if row else ""


def _hasher() -> "PasswordHasher":
    """Imported when a PIN is asked for: most plants have none, and need not install it."""
    try:
        from argon2 import PasswordHasher
    except ImportError as error:
        raise ConfigError(
            "review.pin: PINs need the package argon2-cffi; install dosing-tui with its extra 'pin'."
        ) from error
    return PasswordHasher()
