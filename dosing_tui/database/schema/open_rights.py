"""Closes rights that a server leaves open to every role, or reports what is left for an administrator."""

from collections.abc import Callable

from psycopg.sql import SQL

from dosing_tui.database import table_owner
from dosing_tui.database.connection import Session, fetch_row
from dosing_tui.database.sql_files import read_statement


def close_open_rights(session: Session, report: Callable[[str], None]) -> None:
    """Give the signing functions to the role that nobody logs in as; take large objects from PUBLIC.

    Raises: DatabaseAccessError, if the user may not change the schema.
    """
    table_owner.become_owner(session)
    (owner,) = fetch_row(session.execute(read_statement("maintenance/select_signature_owner")))
    if owner != "dosing_auditor" and fetch_row(session.execute("SELECT assign_signature_owner()")) != (True,):
        report(
            f"Reviews are signed with the rights of {owner}: let an administrator CREATE ROLE dosing_auditor"
            f" NOLOGIN and GRANT dosing_auditor TO {owner}, then migrate again."
        )
    session.execute("RESET ROLE")
    open_functions = session.execute(read_statement("maintenance/select_large_object_grants")).fetchall()
    if open_functions and fetch_row(session.execute("SHOW is_superuser")) == ("off",):
        report(
            "Every role may write large objects in this database: let an administrator migrate, or revoke it"
            " (deploy/postgres/database.sql)."
        )
        return
    for (function,) in open_functions:
        session.execute(SQL("REVOKE EXECUTE ON FUNCTION {} FROM PUBLIC").format(SQL(function)))
