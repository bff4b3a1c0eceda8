"""A database's maintenance as the console's page shows it: compression, a failed and a stopped job."""

from datetime import UTC, datetime, timedelta

from dosing_tui.database.maintenance.maintenance_facts import (
    ChunkSize,
    MaintenanceStatus,
    TableSize,
    TableStatus,
)
from dosing_tui.database.schema.background_jobs import JobState
from dosing_tui.database.schema.stored_rules.retention_states import RetentionState
from dosing_tui.database.server_flavour import ServerFlavour
from tests.support.tui.sample_plant import NOW

WEEK = timedelta(days=7)
FIRST = datetime(2025, 12, 4, tzinfo=UTC)
_JOBS = (
    (1000, "Refresh Continuous Aggregate Policy", "dosing_consumption_hourly"),
    (1001, "Retention Policy", "dosing_consumption"),
    (1005, "Columnstore Policy", "dosing_consumption"),
    (1006, "Columnstore Policy", "batch_events"),
    (1007, "Columnstore Policy", "inventory_levels"),
)


def _make_chunks(name: str, count: int, bytes_each: int) -> tuple[ChunkSize, ...]:
    return tuple(
        ChunkSize(
            name,
            FIRST + WEEK * number,
            FIRST + WEEK * (number + 1),
            bytes_each * (1 + number % 4),
            number < 8,
        )
        for number in range(count)
    )


def _make_table(chunks: tuple[ChunkSize, ...], keep_days: int | None, *, is_decided: bool) -> TableStatus:
    size = TableSize(
        chunks[0].table_name,
        sum(chunk.bytes for chunk in chunks) + 32_768,
        len(chunks),
        sum(chunk.is_compressed for chunk in chunks),
        120,
        chunks[0].until,
    )
    next_drop = chunks[0].until + timedelta(days=keep_days) if keep_days else None
    return TableStatus(size, FIRST, keep_days, is_decided, next_drop, 12_345 if keep_days else 0, 9.13)


def _make_job(job_id: int, name: str, table_name: str) -> JobState:
    has_failed = job_id == 1005
    return JobState(
        job_id, f"{name} [{job_id}]", table_name, job_id != 1006, "Failed" if has_failed else "Success",
        NOW + timedelta(hours=7),
        'could not extend file "base/16384/2619": No space left on device' if has_failed else "",
        NOW - timedelta(hours=5 if job_id < 1004 else 30),
    )  # fmt: skip


def make_status() -> MaintenanceStatus:
    doses, events, levels = (
        _make_chunks(name, 10, size)
        for name, size in (
            ("dosing_consumption", 4_200_000),
            ("batch_events", 310_000),
            ("inventory_levels", 1_300_000),
        )
    )
    return MaintenanceStatus(
        flavour=ServerFlavour.COMMUNITY,
        database_bytes=412_000_000,
        tables=(
            _make_table(events, 365, is_decided=True),
            _make_table(doses, 365, is_decided=True),
            _make_table(levels, None, is_decided=False),
        ),
        jobs=tuple(_make_job(*job) for job in _JOBS),
        sums=RetentionState("sums", 3_650, True),
        chunks=(*events, *doses, *levels),
    )
