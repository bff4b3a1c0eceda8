"""Operator notes: append-only."""

from datetime import datetime

import psycopg
from msgspec.structs import asdict, replace
from psycopg.rows import TupleRow

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import describe_target, open_connection, select_row, select_rows
from dosing_tui.database.error_mapping import translate_errors, translate_rowless_errors
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text
from dosing_tui.domain.panels.operator_notes import (
    MAX_TEXT_LENGTH,
    Note,
    NoteDraft,
    clean_note,
    validate_note,
)
from dosing_tui.errors import DatabaseAccessError, InvalidRowError

APPLICATION_NAME = "notes"
MAX_NOTES = 500
"""Most notes of one query."""


def add_note(settings: Settings, draft: NoteDraft, *, os_user: str) -> Note:
    """Store a sanitized note; return it as stored. ``os_user``: the console's account.

    Raises: DatabaseUnavailableError, DatabaseAccessError (a right is missing), InvalidRowError.
    """
    note = clean_note(draft)
    if wrong := validate_note(note):
        raise InvalidRowError(wrong)
    parameters = asdict(note) | {"os_user": clean_text(os_user)}
    target = describe_target(settings)
    with open_connection(settings, application=APPLICATION_NAME) as session:
        try:
            with translate_errors(target):
                stored = select_row(session, Note, "writes/insert_operator_note", parameters)
                session.commit()
        except DatabaseAccessError as error:
            # name the missing right
            if isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
                raise DatabaseAccessError(
                    f"The note is not stored: user {target.user} may not add notes to the {target.named}"
                    " (the right to insert into operator_notes is missing)."
                ) from error.__cause__
            raise
    assert stored is not None  # RETURNING returns the row, or the statement has failed
    return stored


def list_notes(settings: Settings, *, since: datetime, until: datetime, limit: int = MAX_NOTES) -> list[Note]:
    """Notes about times in [since, until), newest first, with sanitized text.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with (
        open_connection(settings, application=APPLICATION_NAME, autocommit=True) as session,
        translate_rowless_errors(describe_target(settings)),
    ):
        return select_notes(session, since=since, until=until, limit=limit)


def select_notes(
    session: psycopg.Connection[TupleRow], *, since: datetime, until: datetime, limit: int = MAX_NOTES
) -> list[Note]:
    """The same in the caller's session."""
    parameters = {"from": since, "to": until, "rows": limit}
    return [
        _clean_note(note) for note in select_rows(session, Note, "reads/select_operator_notes", parameters)
    ]


def _clean_note(note: Note) -> Note:
    """Other programs may write notes: all text is sanitized."""
    return replace(
        note,
        text=clean_line(note.text, MAX_TEXT_LENGTH),
        author=clean_text(note.author),
        os_user=clean_text(note.os_user),
        db_role=clean_text(note.db_role),
        device=note.device and clean_text(note.device),
    )
