"""Maintenance of a database without policies: partitions ahead, and retention."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime

import psycopg
from msgspec import Struct

from dosing_tui.config.settings import Settings
from dosing_tui.database import server_flavour, sql_files, table_owner
from dosing_tui.database.connection import Session, StatementTimeouts, describe_target, open_connection
from dosing_tui.database.error_mapping import translate_errors
from dosing_tui.database.legacy_import import progress
from dosing_tui.database.schema import (
    background_jobs,
    hourly_view,
    migration_history,
    process_locks,
    retention,
)
from dosing_tui.database.schema.stored_rules.retention_states import list_states
from dosing_tui.database.server_flavour import ServerFlavour
from dosing_tui.errors import DatabaseAccessError

LOCK_WAIT_S = 2.0
"""Longest wait for the locks of other sessions: readings wait behind it, and give up after 3 s."""
_NOTE, _KEEP = "update_dropped_readings", "update_use_rests"
LOCK_NAME = "maintenance"
"""Row of process_locks: one process at a time runs a step."""


class MaintenanceSteps(Struct, frozen=True):
    """Names of statements that create partitions ahead, and of those that apply retention."""

    partitioning: tuple[str, ...]
    retention: tuple[str, ...]


def run_maintenance(
    settings: Settings,
    *,
    now: datetime,
    report: Callable[[str], None] = lambda _: None,
    is_optional: bool = False,
) -> None:
    """Create partitions ahead, apply retention, refresh the hourly view; nothing while another process does.

    Then close the days of tanks and pumps that are over, and store what batches took where that is missing.
    Nothing is dropped during an import, nor before the schema says how long rows are kept. ``is_optional``:
    another role may do it, so a user who may not does nothing until a step is overdue.

    Raises: DatabaseUnavailableError; DatabaseAccessError, if there is no schema, the user does not own it, or
    a background job of the database failed.
    """
    limits = StatementTimeouts(statement_s=0, lock_s=LOCK_WAIT_S, idle_s=300)
    with (
        open_connection(settings, application="maintenance", autocommit=True, timeouts=limits) as session,
        translate_errors(describe_target(settings)),
        process_locks.name_lock_holder(session),
    ):
        session.execute("SET search_path = public, compat")
        failures = background_jobs.describe_failures(session)
        try:
            _run_steps(session, now, report, is_optional=is_optional)
            _close_days(session, settings.plant.timezone)
        except DatabaseAccessError as error:
            raise DatabaseAccessError(f"{failures} {error}".strip()) from error
        if failures:
            raise DatabaseAccessError(failures)


def _run_steps(session: Session, now: datetime, report: Callable[[str], None], *, is_optional: bool) -> None:
    applied = migration_history.list_applied(session)
    if not applied:
        raise DatabaseAccessError("This database has no schema yet: run dosing-tui migrate.")
    flavour, current = ServerFlavour(applied[0].flavour), server_flavour.detect_server(session).flavour
    is_left_to_owner = is_optional and not table_owner.may_become_owner(session)
    if is_left_to_owner and not _is_overdue(session, flavour, now):
        return
    table_owner.become_owner(session)
    steps = _select_steps(flavour, current)
    is_kept = bool(progress.list_unfinished(session)) or not list_states(session)
    names = steps.partitioning if is_kept else steps.partitioning + steps.retention
    for name in names:
        if process_locks.is_free(session, LOCK_NAME):
            with process_locks.hold_lock(session, LOCK_NAME):
                session.execute(sql_files.read_statement(f"maintenance/{name}"), {"now": now})
    if server_flavour.has_policies(session, flavour):
        hourly_view.refresh_hours(session, report)


def _close_days(session: Session, zone: str) -> None:
    """A station that somebody holds is left for the next time. Nothing, for a role that may not."""
    stations = session.execute(sql_files.read_statement("maintenance/select_closable_stations")).fetchall()
    for station, may_close_pumps, may_store_uses in stations:
        asked = {"device": station, "tz": zone}
        _close_all(session, "maintenance/update_tank_days", asked)
        if may_close_pumps:
            _close_all(session, "maintenance/update_pump_days", asked)
        if may_store_uses:
            _close_all(session, "maintenance/update_batch_uses", asked)


def _close_all(session: Session, name: str, asked: Mapping[str, object]) -> None:
    with suppress(psycopg.errors.LockNotAvailable):
        while session.execute(sql_files.read_statement(name), asked).fetchone() != (0,):
            pass


def _is_overdue(session: Session, flavour: ServerFlavour, now: datetime) -> bool:
    """Whether it is overdue, by the doctor's limits."""
    if flavour is ServerFlavour.COMMUNITY:  # its own jobs drop readings, and make chunks
        return False
    states = list_states(session)
    if flavour is ServerFlavour.PLAIN:
        weeks = session.execute(sql_files.read_statement("doctor/select_partitions")).fetchall()
        if not all(has_next_week for _name, _count, has_next_week in weeks):
            return True
    return any(
        name in states and retention.is_overdue(oldest, states[name].keep_days, now)
        for name, oldest, _newest in session.execute(sql_files.read_statement("doctor/select_row_times"))
    )


def _select_steps(schema_flavour: ServerFlavour, current_flavour: ServerFlavour) -> MaintenanceSteps:
    if schema_flavour is ServerFlavour.PLAIN:
        return MaintenanceSteps(
            partitioning=("create_partitions", _NOTE),
            retention=(_KEEP, "drop_partitions", "delete_old_rollups"),
        )
    # a Community schema on a server that fell back to the Apache license has policies, but no jobs
    if ServerFlavour.APACHE in (schema_flavour, current_flavour):
        return MaintenanceSteps(
            partitioning=(_NOTE,), retention=(_KEEP, "drop_chunks", _NOTE, "delete_old_rollups")
        )
    return MaintenanceSteps(partitioning=(_NOTE,), retention=(_KEEP, "delete_old_rollups"))
