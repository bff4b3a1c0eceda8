"""Reviewers' PINs: the database stores and checks them, counts wrong ones, and shows no hash to a client.

A PIN goes to the server as data of a COPY, which reach no log, no statistics and no error message.
"""

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import Session, fetch_row, use_session
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.errors import ReviewError

MIN_PIN_LENGTH = 4
MAX_NAME_LENGTH = 200
"""As in reviews."""


def set_pin(settings: Settings, *, who: str, pin: str, old: str = "") -> None:
    """Change a PIN with ``old``, or set it without: the schema's owner and reviewer admins only.

    Raises: ReviewError, DatabaseUnavailableError, DatabaseAccessError.
    """
    if len(pin) < MIN_PIN_LENGTH or not pin.isprintable():
        raise ReviewError(f"A PIN needs at least {MIN_PIN_LENGTH} printable characters.")
    who = clean_text(who, limit=MAX_NAME_LENGTH)
    with use_session(settings, application="reviews") as session:
        if old:
            prepare_pin_entry(session, who)
        with session.transaction():
            _send_pin(session, who, old, pin)
            refusal = _read_refusal(session, who, for_change=True)
    if refusal:
        raise ReviewError(refusal)


def verify_pin(settings: Settings, who: str, pin: str) -> bool:
    """Check a PIN without signing anything. A wrong one is counted, as for a review. Returns True.

    Raises: ReviewError if it is wrong, DatabaseUnavailableError, DatabaseAccessError.
    """
    who = clean_text(who, limit=MAX_NAME_LENGTH)
    with use_session(settings, application="reviews") as session:
        prepare_pin_entry(session, who)
        with session.transaction():
            enter_pin(session, who, pin)
            refusal = _read_refusal(session, who, for_change=False)
    if refusal:
        raise ReviewError(refusal)
    return True


def _read_refusal(session: Session, who: str, *, for_change: bool) -> str:
    """'' for a PIN that is right, or has been changed."""
    parameters = {"who": who, "for_change": for_change}
    (refusal,) = fetch_row(session.execute(read_statement("batches/select_pin_check"), parameters))
    return "The PIN was not checked." if refusal is None else str(refusal)


def prepare_pin_entry(session: Session, who: str) -> None:
    """Create the counter of tries, before the transaction of ``enter_pin``."""
    session.execute(read_statement("batches/create_pin_counter"), {"who": who})


def enter_pin(session: Session, who: str, pin: str) -> None:
    """Sign the next review of this transaction. A wrong PIN is counted, and refuses the review."""
    _send_pin(session, who, pin, None)


def _send_pin(session: Session, who: str, pin: str, new_pin: str | None) -> None:
    with session.cursor() as cursor, cursor.copy(read_statement("batches/copy_pin_entry")) as copy:
        copy.set_types(["text", "bytea", "bytea"])
        copy.write_row((who, pin.encode(), None if new_pin is None else new_pin.encode()))
