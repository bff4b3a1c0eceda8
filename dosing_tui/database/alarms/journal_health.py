"""Whether the alarm journal takes entries, asked by a command that does not write to it itself."""

from collections.abc import Iterator

import psycopg

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import Session, describe_target, use_session
from dosing_tui.database.error_mapping import translate_error
from dosing_tui.database.sql_files import read_statement

APPLICATION_NAME = "alarms"
_LOAD_PLPGSQL = "DO LANGUAGE plpgsql 'BEGIN END'"
"""The journal's triggers are written in it. Sessions from before an upgrade of the server still have it."""


def list_journal_faults(settings: Settings) -> list[str]:
    """Why alarms may be missing in the journal, a sentence each; empty if nothing is found.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with use_session(settings, application=APPLICATION_NAME) as session:
        return list(_find_faults(session, settings))


def _find_faults(session: Session, settings: Settings) -> Iterator[str]:
    target = describe_target(settings)
    row = session.execute(read_statement("reads/select_journal_rights")).fetchone()
    assert row is not None  # a SELECT without FROM has exactly one row
    is_read_only, roles = row
    if is_read_only:
        yield f"The {target.named} is read-only."
    for role in roles:
        yield f"User {role} of the collector lacks the right to insert into alarm_journal."
    try:
        session.execute(_LOAD_PLPGSQL)
    except psycopg.Error as error:
        yield str(translate_error(error, target))
