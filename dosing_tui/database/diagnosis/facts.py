"""What the diagnosis reads from a database, as plain values named as their statement's columns."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from dosing_tui.database.schema.background_jobs import JobState
from dosing_tui.database.server_flavour import ServerFlavour, ServerInfo


class ServerDetails(Struct, frozen=True):
    """``data_folder`` is None for roles that may not see it. Offsets in s east of UTC."""

    server_time: datetime
    user_name: str
    is_standby: bool
    is_read_only: bool
    version: str
    database_bytes: int
    data_folder: str | None
    connections_used: int
    connections_max: int
    zone_offset_s: int
    later_zone_offset_s: int
    newer_extension: str
    """Version of TimescaleDB that the server offers instead of the database's; '' if they are the same."""


class MissingRight(Struct, frozen=True):
    name: str
    """Of a table or function."""
    privilege: str


class SharedLogin(Struct, frozen=True):
    """A database role with which several people sign with their PINs."""

    login: str
    reviewers: int


class ChunkCounts(Struct, frozen=True):
    """Chunks or partitions of a table; ``late_…``: a policy should have handled them a day ago."""

    table_name: str
    chunk_count: int
    late_compressions: int = 0
    late_drops: int = 0
    has_next_week: bool = True
    """Plain PostgreSQL: the partition of next week exists."""


class RowTimes(Struct, frozen=True):
    table_name: str
    oldest: datetime | None
    newest: datetime | None


class ReplicaState(Struct, frozen=True):
    """A standby server with its lag in s, or an unread replication slot with the WAL that it keeps."""

    name: str
    is_active: bool
    lag_s: float
    kept_bytes: int


class CollectorLease(Struct, frozen=True):
    """``silent_s``: seconds since the collector's last heartbeat."""

    holder_name: str
    is_released: bool
    silent_s: float


class StationClockSample(Struct, frozen=True):
    device_id: str
    time: datetime
    received_at: datetime
    time_quality: str


class StationLoss(Struct, frozen=True):
    """Messages of a station that were lost in the last 24 hours."""

    device_id: str
    lost: int


class StationCounts(Struct, frozen=True):
    """Without those that are retired."""

    stations: int
    tanks: int


class DatabaseFacts(Struct, frozen=True):
    """Everything read in one session. ``unreadable``: 'subject: reason' of what this role may not read."""

    server: ServerInfo
    details: ServerDetails
    clock_offset_s: float
    """The server's clock minus this machine's, in s."""
    has_pooler: bool
    schema_flavour: ServerFlavour | None
    """None without a schema."""
    foreign_owner: str = ""
    """Who owns the tables, where this role may not act as their owner; else ''."""
    missing_rights: tuple[MissingRight, ...] = ()
    open_rights: tuple[str, ...] = ()
    """What every role may do in the database, and should not."""
    jobs: tuple[JobState, ...] = ()
    chunks: tuple[ChunkCounts, ...] = ()
    row_times: tuple[RowTimes, ...] = ()
    keep_days: Mapping[str, int | None] = field(default_factory=dict)
    """Table -> days until its rows are dropped; None: never."""
    replicas: tuple[ReplicaState, ...] = ()
    lease: CollectorLease | None = None
    other_writers: tuple[str, ...] = ()
    signature_owner: str = ""
    """Owner of the functions that sign; '' where there are none."""
    shared_logins: tuple[SharedLogin, ...] = ()
    unreadable_entries: int = 0
    """Entries of the alarm journal with an impossible time: nobody reads them."""
    clock_samples: tuple[StationClockSample, ...] = ()
    station_losses: tuple[StationLoss, ...] = ()
    """Of the stations that number their messages."""
    station_counts: tuple[StationCounts, ...] = ()
    """One row; none if this role may not read it."""
    unreadable: tuple[str, ...] = ()
