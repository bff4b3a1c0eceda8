"""Reviewers' PINs as argon2id hashes: set, changed with the old PIN, checked at every signature."""

from typing import TYPE_CHECKING

from dosing_tui.config.settings import Settings
from dosing_tui.database.audit import audit_trail
from dosing_tui.database.connection import Session, use_session
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.errors import ConfigError, ReviewError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MIN_PIN_LENGTH = 4


def set_pin(settings: Settings, *, who: str, pin: str, old: str = "") -> None:
    """Set a PIN. The first of a name needs none; a later one needs ``old``.

    Raises: ReviewError, ConfigError (argon2-cffi is missing), DatabaseUnavailableError, DatabaseAccessError.
    """
    if len(pin) < MIN_PIN_LENGTH or not pin.isprintable():
        raise ReviewError(f"A PIN needs at least {MIN_PIN_LENGTH} printable characters.")
    who = clean_text(who, limit=200)  # as in reviews
    hashed = _create_hasher().hash(pin)
    with use_session(settings, application="reviews", autocommit=False) as session:
        moment = audit_trail.lock_trail(session)
        if _select_pin_hash(session, who):
            check_pin(session, who=who, pin=old)
        content = audit_trail.build_pin_content(who, hashed)
        seq = audit_trail.append_entry(
            session, moment, action=audit_trail.PIN, subject=who, who=who, content=content
        )
        session.execute(
            read_statement("batches/insert_pin"), {"who": who, "pin_hash": hashed, "audit_seq": seq}
        )


def check_pin(session: Session, *, who: str, pin: str) -> None:
    """Raises: ReviewError, if it is not the PIN of ``who``; ConfigError, if argon2-cffi is missing."""
    hasher = _create_hasher()
    from argon2.exceptions import InvalidHashError, VerificationError

    stored = _select_pin_hash(session, who)
    if not stored:
        raise ReviewError(f"{who} has no PIN yet: 'dosing-tui batches pin' sets one.")
    try:
        hasher.verify(stored, pin)
    except (VerificationError, InvalidHashError) as error:
        raise ReviewError(f"This is not the PIN of {who}.") from error


def _select_pin_hash(session: Session, who: str) -> str:
    row = session.execute(read_statement("batches/select_pin"), {"who": who}).fetchone()
    return str(row[0]) if row else ""


def _create_hasher() -> "PasswordHasher":
    """Imported on first use: most plants use no PINs and need not install it."""
    try:
        from argon2 import PasswordHasher
    except ImportError as error:
        raise ConfigError(
            "review.pin: PINs need the package argon2-cffi; install dosing-tui with its extra 'pin'."
        ) from error
    return PasswordHasher()
