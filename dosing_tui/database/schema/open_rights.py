"""Closes rights that a server leaves open to every role, or reports what is left for an administrator."""

from collections.abc import Callable

from dosing_tui.database import table_owner
from dosing_tui.database.connection import Session, fetch_row
from dosing_tui.database.sql_files import read_statement


def close_open_rights(session: Session, report: Callable[[str], None]) -> None:
    """Give the signing functions to the role that nobody logs in as; take from PUBLIC what only they need.

    Raises: DatabaseAccessError, if the user may not change the schema.
    """
    _prepare_watchdog(session, report)
    table_owner.become_owner(session)
    (owner,) = fetch_row(session.execute(read_statement("maintenance/select_signature_owner")))
    if owner != "dosing_auditor" and fetch_row(session.execute("SELECT assign_signature_owner()")) != (True,):
        report(
            f"Reviews are signed with the rights of {owner}: let an administrator CREATE ROLE dosing_auditor"
            f" NOLOGIN and GRANT dosing_auditor TO {owner}, then migrate again."
        )
    session.execute("RESET ROLE")
    take_rights_from_public(session, report)


def take_rights_from_public(session: Session, report: Callable[[str], None]) -> None:
    """What a server lets every role do in its databases, and only named ones need. For any schema."""
    left_open: list[str] = []
    for act, closing, is_closable in session.execute(
        read_statement("maintenance/select_open_rights")
    ).fetchall():
        if is_closable:
            session.execute(closing)
        else:
            left_open.append(act)
    if left_open:
        report(
            f"Every role may {', '.join(left_open)} in this database: let an administrator migrate, or run"
            " deploy/postgres/database.sql."
        )


def _prepare_watchdog(session: Session, report: Callable[[str], None]) -> None:
    """Give the function that ends sessions to the role that may, and that nobody logs in as."""
    owner = session.execute(read_statement("maintenance/select_watchdog_owner")).fetchone()
    if owner is None or owner == ("dosing_watchdog",):
        return
    if fetch_row(session.execute("SHOW is_superuser")) == ("on",):
        session.execute(read_statement("maintenance/create_watchdog"))
    else:
        table_owner.become_owner(session)
    is_assigned = fetch_row(session.execute("SELECT assign_watchdog_owner()")) == (True,)
    session.execute("RESET ROLE")
    if not is_assigned:
        report(
            "A session that holds up the collector is named, not ended: let an administrator migrate, or run"
            " the lines on dosing_watchdog of deploy/postgres/roles.sql, then migrate again."
        )
