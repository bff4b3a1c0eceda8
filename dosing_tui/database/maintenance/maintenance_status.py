"""What each table holds, what retention drops next and when, and what the background jobs did."""

from datetime import UTC, timedelta

from psycopg.sql import SQL, Identifier

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import (
    NO_TIMEOUTS,
    Session,
    StatementTimeouts,
    fetch_row,
    select_row,
    select_rows,
    use_session,
)
from dosing_tui.database.maintenance.maintenance_facts import (
    ChunkSize,
    MaintenanceStatus,
    TableSize,
    TableStatus,
)
from dosing_tui.database.schema import background_jobs, migration_history
from dosing_tui.database.schema.stored_rules.retention_states import SUMS, list_states
from dosing_tui.database.server_flavour import ServerFlavour, detect_server
from dosing_tui.errors import DatabaseAccessError


def read_status(settings: Settings, *, timeouts: StatementTimeouts = NO_TIMEOUTS) -> MaintenanceStatus:
    """Raises: DatabaseUnavailableError, DatabaseAccessError."""
    with use_session(settings, application="maintain", timeouts=timeouts) as session:
        session.execute("SET search_path = public")
        if not (applied := migration_history.list_applied(session)):
            raise DatabaseAccessError("This database has no schema yet: run dosing-tui migrate.")
        flavour = ServerFlavour(applied[0].flavour)
        sizes, chunk_sizes = (
            ("maintenance/select_partition_sizes", "maintenance/select_week_sizes")
            if flavour is ServerFlavour.PLAIN
            else ("maintenance/select_hypertable_sizes", "maintenance/select_chunk_sizes")
        )
        tables = select_rows(session, TableSize, sizes)
        (database_bytes,) = fetch_row(session.execute("SELECT pg_database_size(current_database())"))
        return MaintenanceStatus(
            flavour,
            database_bytes,
            tuple(_read_table(session, size) for size in tables),
            tuple(background_jobs.list_jobs(session)),
            list_states(session).get(SUMS),
            tuple(select_rows(session, ChunkSize, chunk_sizes)),
        )


def _read_table(session: Session, size: TableSize) -> TableStatus:
    state = list_states(session).get(size.table_name)
    keep_days = state.keep_days if state else None
    query = SQL("SELECT (SELECT min(time) FROM {0}), (SELECT count(*) FROM {0} WHERE time < %s)")
    oldest, rows = fetch_row(session.execute(query.format(Identifier(size.table_name)), (size.oldest_until,)))
    next_drop = None
    if keep_days is not None and size.oldest_until is not None and rows:
        next_drop = size.oldest_until.astimezone(UTC) + timedelta(days=keep_days)
    return TableStatus(
        size,
        oldest,
        keep_days,
        state.is_decided if state else True,
        next_drop,
        rows if next_drop else 0,
        _read_compression(session, size),
    )


def _read_compression(session: Session, size: TableSize) -> float | None:
    if not size.compressed_chunks or detect_server(session).flavour is not ServerFlavour.COMMUNITY:
        return None
    parameters = {"table": size.table_name}
    return select_row(session, _compute_ratio, "maintenance/select_compression", parameters)


def _compute_ratio(before_bytes: int, after_bytes: int) -> float | None:
    return before_bytes / after_bytes if after_bytes else None
