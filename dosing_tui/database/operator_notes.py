"""The operators' notes: added, listed, never changed."""

from dataclasses import replace
from datetime import datetime

import psycopg
from psycopg.rows import TupleRow, class_row

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import connect, target
from dosing_tui.database.error_mapping import Target, database_errors, rowless_errors
from dosing_tui.database.sql_files import statement
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text
from dosing_tui.domain.panels.operator_notes import (
    MAX_TEXT_LENGTH,
    Note,
    NoteDraft,
    clean_note,
    validate_note,
)
from dosing_tui.errors import DatabaseAccessError, InvalidRowError

APPLICATION = "notes"
LISTED = 500
"""Most notes of one answer."""


def add(settings: Settings, draft: NoteDraft, *, os_user: str) -> Note:
    """Store the note, cleaned; answers it as it stands in the database. ``os_user``: who runs this console.

    Raises: DatabaseAway, DatabaseRefused (this user may not), RowRefused (this note cannot be stored).
    """
    note = clean_note(draft)
    if wrong := validate_note(note):
        raise InvalidRowError(wrong)
    asked = {
        "at": note.at,
        "text": note.text,
        "author": note.author,
        "os_user": clean_text(os_user),
        "device": note.device,
    }
    meant = target(settings)
    with connect(settings, application=APPLICATION) as session:
        try:
            with database_errors(meant), session.cursor(row_factory=class_row(Note)) as cursor:
                stored = cursor.execute(statement("writes/operator_notes"), asked).fetchone()
                session.commit()
        except DatabaseAccessError as error:
            raise _refused(error, meant) from error.__cause__
    assert stored is not None  # RETURNING answers the row, or the statement has failed
    return stored


def listed(settings: Settings, *, since: datetime, until: datetime, most: int = LISTED) -> list[Note]:
    """The notes about moments in [since, until), the newest first, with harmless text.

    Raises: DatabaseAway, DatabaseRefused.
    """
    with (
        connect(settings, application=APPLICATION, autocommit=True) as session,
        rowless_errors(target(settings)),
    ):
        return listed_in(session, since=since, until=until, most=most)


def listed_in(
    session: psycopg.Connection[TupleRow], *, since: datetime, until: datetime, most: int = LISTED
) -> list[Note]:
    """The same in a session of the caller's."""
    asked = {"from": since, "to": until, "rows": most}
    with session.cursor(row_factory=class_row(Note)) as cursor:
        return [_harmless(note) for note in cursor.execute(statement("reads/operator_notes"), asked)]


def _harmless(note: Note) -> Note:
    """Others than this console may write notes, too."""
    return replace(
        note,
        text=clean_line(note.text, MAX_TEXT_LENGTH),
        author=clean_text(note.author),
        os_user=clean_text(note.os_user),
        db_role=clean_text(note.db_role),
        device=note.device and clean_text(note.device),
    )


def _refused(error: DatabaseAccessError, meant: Target) -> DatabaseAccessError:
    """Who may not write gets told what to ask for."""
    if isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
        return DatabaseAccessError(
            f"The note is not stored: user {meant.user} may not add notes to the {meant.named}"
            " (the right to insert into operator_notes is missing)."
        )
    return error
