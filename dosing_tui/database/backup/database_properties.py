"""What pg_dump leaves out of a database: its owner, who may connect, its settings."""

from typing import Final

import psycopg
from psycopg.sql import Identifier

from dosing_tui.database.connection import Session
from dosing_tui.database.sql_files import read_statement

PROPERTIES_FILE: Final = "database.sql"
_PLACE: Final = ':"DBNAME"'
"""psql puts the name of its database there."""
_HEAD: Final = "-- What a dump leaves out. Run it as superuser in the restored database; again at any time.\n"


def render_properties(session: Session) -> str:
    """Statements for psql that give any database what this one has."""
    rows = session.execute(read_statement("maintenance/select_database_properties"), {}).fetchall()
    lines = "\n".join(line for line, _ in rows)
    return f"{_HEAD}BEGIN;\n{lines}\nCOMMIT;\n"


def apply_properties(session: Session, text: str, database: str) -> str:
    """Run what ``render_properties`` wrote, all or nothing; return the server's reason against it, or ''."""
    statements = text.replace(_PLACE, Identifier(database).as_string(session))
    try:
        session.execute(statements.encode())
    except psycopg.Error as error:
        session.rollback()
        return error.diag.message_primary or str(error)
    return ""
