"""What the maintenance of a database found: sizes, retention, jobs. Imports no driver."""

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from dosing_tui.database.schema.background_jobs import JobState
    from dosing_tui.database.schema.stored_rules.retention_states import RetentionState
    from dosing_tui.database.server_flavour import ServerFlavour

NO_JOBS_TEXT = "No background jobs: the collector maintains this database every hour."
UNDECIDED_TEXT = "nothing is dropped until 'migrate --apply-retention' or '--keep-history'."


class TableSize(Struct, frozen=True):
    """``oldest_until``: end of the oldest chunk, which is dropped first; None without one."""

    table_name: str
    bytes: int
    chunk_count: int
    compressed_chunks: int
    dead_rows: int
    oldest_until: datetime | None


class TableStatus(Struct, frozen=True):
    """``next_drop``: when ``next_rows`` go; None while nothing does. ``compression``: before : after."""

    size: TableSize
    oldest: datetime | None
    keep_days: int | None
    is_decided: bool
    next_drop: datetime | None
    next_rows: int
    compression: float | None


class ChunkSize(Struct, frozen=True):
    """A chunk, or a week, with the rows in [since, until)."""

    table_name: str
    since: datetime
    until: datetime
    bytes: int
    is_compressed: bool


class MaintenanceStatus(Struct, frozen=True):
    """``sums``: how long rollups, hourly history and rejected messages are kept; None before the schema says.

    ``chunks``: by table, the oldest first.
    """

    flavour: "ServerFlavour"
    database_bytes: int
    tables: tuple[TableStatus, ...]
    jobs: "tuple[JobState, ...]"
    sums: "RetentionState | None" = None
    chunks: tuple[ChunkSize, ...] = ()

    @property
    def other_bytes(self) -> int:
        """All but the tables of readings: sums, batches, journals, indexes of the system."""
        return max(0, self.database_bytes - sum(table.size.bytes for table in self.tables))

    @property
    def failed_jobs(self) -> "tuple[JobState, ...]":
        return tuple(job for job in self.jobs if job.has_failed)

    def describe_chunk(self, chunk: ChunkSize) -> str:
        """Compressed, dropped next, both, or ''."""
        states = (("compressed", chunk.is_compressed), ("next drop", self.is_dropped_next(chunk)))
        return ", ".join(name for name, applies in states if applies)

    def is_dropped_next(self, chunk: ChunkSize) -> bool:
        """Whether retention drops this chunk before all others of its table."""
        return any(
            table.next_drop is not None and table.size.oldest_until == chunk.until
            for table in self.tables
            if table.size.table_name == chunk.table_name
        )


def format_keep_days(keep_days: int | None, *, is_decided: bool = True) -> str:
    """How long rows are kept."""
    if keep_days is None:
        return "for ever" if is_decided else "undecided"
    return f"{keep_days} d"
