"""What each table holds, what retention drops next and when, and what the background jobs did."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg.sql import SQL, Identifier

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import (
    NO_TIMEOUTS,
    Session,
    fetch_row,
    select_row,
    select_rows,
    use_session,
)
from dosing_tui.database.schema import background_jobs, migration_history, retention
from dosing_tui.database.schema.background_jobs import JobState
from dosing_tui.database.server_flavour import ServerFlavour, detect_server
from dosing_tui.errors import DatabaseAccessError


@dataclass(frozen=True, slots=True)
class TableSize:
    """``oldest_until``: end of the oldest chunk, which is dropped first; None without one."""

    table_name: str
    bytes: int
    chunk_count: int
    compressed_chunks: int
    dead_rows: int
    oldest_until: datetime | None


@dataclass(frozen=True, slots=True)
class TableStatus:
    """``next_drop``: when ``next_rows`` go; None while nothing does. ``compression``: before : after."""

    size: TableSize
    oldest: datetime | None
    keep_days: int | None
    is_decided: bool
    next_drop: datetime | None
    next_rows: int
    compression: float | None


@dataclass(frozen=True, slots=True)
class MaintenanceStatus:
    flavour: ServerFlavour
    database_bytes: int
    tables: tuple[TableStatus, ...]
    jobs: tuple[JobState, ...]


def read_status(settings: Settings) -> MaintenanceStatus:
    """Raises: DatabaseUnavailableError, DatabaseAccessError."""
    with use_session(settings, application="maintain", timeouts=NO_TIMEOUTS) as session:
        session.execute("SET search_path = public")
        if not (applied := migration_history.list_applied(session)):
            raise DatabaseAccessError("This database has no schema yet: run dosing-tui migrate.")
        flavour = ServerFlavour(applied[0].flavour)
        is_plain = flavour is ServerFlavour.PLAIN
        sizes = "maintenance/select_partition_sizes" if is_plain else "maintenance/select_hypertable_sizes"
        tables = select_rows(session, TableSize, sizes)
        (database_bytes,) = fetch_row(session.execute("SELECT pg_database_size(current_database())"))
        return MaintenanceStatus(
            flavour,
            database_bytes,
            tuple(_read_table(session, size) for size in tables),
            tuple(background_jobs.list_jobs(session)),
        )


def _read_table(session: Session, size: TableSize) -> TableStatus:
    state = retention.list_states(session).get(size.table_name)
    keep_days = state.keep_days if state else None
    query = SQL("SELECT min(time), count(*) FILTER (WHERE time < %s) FROM {}")
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
