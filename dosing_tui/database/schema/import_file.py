"""Imports history from a file: the same way and with the same rules as the rows of an old database."""

from pathlib import Path

from dosing_tui.config.settings import Settings
from dosing_tui.database import table_owner
from dosing_tui.database.connection import NO_TIMEOUTS, Session, describe_target, open_connection
from dosing_tui.database.error_mapping import translate_errors
from dosing_tui.database.legacy_import import file_import, finalize
from dosing_tui.database.legacy_import.copy import CopyReporter
from dosing_tui.database.legacy_import.legacy_schema import get_legacy_name
from dosing_tui.database.readings import dropped_readings
from dosing_tui.database.schema import hourly_view, migration_history, retention
from dosing_tui.database.schema.migration_lock import hold_migration_lock
from dosing_tui.database.schema.stored_rules.retention_states import SUMS
from dosing_tui.database.server_flavour import ServerFlavour, has_policies
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.errors import DatabaseAccessError


def import_file(settings: Settings, path: Path, table_name: str, *, report: CopyReporter) -> None:
    """Import a CSV file with a header, or a Parquet file, into one of the tables of readings.

    The same file twice is stored once. Rows older than the table's retention are kept until
    somebody decides. Rows of times that retention has dropped are rejected.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with (
        open_connection(settings, application="import", autocommit=True, timeouts=NO_TIMEOUTS) as session,
        translate_errors(describe_target(settings)),
    ):
        session.execute("SET search_path = public")
        if not (applied := migration_history.list_applied(session)):
            raise DatabaseAccessError("This database has no schema yet: run dosing-tui migrate.")
        flavour = ServerFlavour(applied[0].flavour)
        table_owner.become_owner(session)
        with hold_migration_lock(session, report):  # else a collector that starts copies the same rows
            with session.transaction():
                rows = file_import.load_file(session, path, table_name, zone=settings.clock.device_timezone)
                refused = dropped_readings.reject_dropped_rows(
                    session, table_name, get_legacy_name(table_name)
                )
                _keep_old_rows(session, settings, table_name, flavour)
            report(f"Read {count_noun(rows, 'row')} of {path.name}.")
            if refused:
                report(_describe_refused(refused))
            finalize.import_rows(session, flavour, report)
        if has_policies(session, flavour):
            hourly_view.refresh_hours(session, report)
        for question in retention.list_questions(session, settings):
            report(question.text)


def _describe_refused(rows: int) -> str:
    return (
        f"{count_noun(rows, 'row')} of weeks that retention dropped {'is' if rows == 1 else 'are'} rejected:"
        " they may have been counted already (legacy_import_rejects has them)."
    )


def _keep_old_rows(session: Session, settings: Settings, table_name: str, flavour: ServerFlavour) -> None:
    """Nothing of the file is dropped before somebody decides: neither old rows, nor what they add to sums."""
    legacy_name = get_legacy_name(table_name)
    names = (table_name, SUMS)
    if old := tuple(name for name in names if retention.has_old_rows(session, name, legacy_name)):
        retention.forget_decision(session, old)
        if has_policies(session, flavour):
            retention.apply_policies(session, settings)
