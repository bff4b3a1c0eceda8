"""``dosing-tui maintain``: what is stored and dropped next, and a run of the maintenance now."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from dosing_tui.cli.context import get_settings, print_message, write_line
from dosing_tui.database.maintenance.maintenance_facts import (
    NO_JOBS_TEXT,
    UNDECIDED_TEXT,
    MaintenanceStatus,
    TableStatus,
    format_keep_days,
)
from dosing_tui.domain.quantities.quantity_text import count_noun, format_bytes, format_count, format_decimal

EXIT_FAILED_JOB = 1
"""A background job of the database failed."""


@click.group()
def maintain() -> None:
    """Sizes, retention and background jobs of the database; run its maintenance."""


@maintain.command()
@click.option("--chunks", "has_chunks", is_flag=True, help="Also print each chunk of the tables of readings.")
@click.pass_context
def status(ctx: click.Context, has_chunks: bool) -> None:
    """Print sizes, compression, what retention drops next and when, and the jobs. Exit 1: a job failed."""
    from dosing_tui.database.maintenance.maintenance_status import read_status

    settings = get_settings(ctx)
    found = read_status(settings)
    zone = ZoneInfo(settings.plant.timezone)
    for line in (*_list_lines(found, zone), *(_list_chunk_lines(found, zone) if has_chunks else ())):
        write_line(line)
    sys.exit(EXIT_FAILED_JOB if any(job.has_failed for job in found.jobs) else 0)


@maintain.command()
@click.pass_context
def run(ctx: click.Context) -> None:
    """Create partitions ahead, drop what retention says, refresh the hourly view; a collector does hourly."""
    from dosing_tui.database.schema.maintenance import run_maintenance

    settings = get_settings(ctx)
    run_maintenance(settings, now=datetime.now(UTC), report=print_message)
    write_line("Maintenance done.")


def _list_lines(found: MaintenanceStatus, zone: ZoneInfo) -> list[str]:
    head = ("table", "size", "chunks", "compressed", "ratio", "dead rows", "oldest", "kept", "next drop")
    rows = [_list_cells(table, zone) for table in found.tables]
    lines = [f"{found.flavour.label}, {format_bytes(found.database_bytes)}", ""]
    rest = ("all other tables", format_bytes(found.other_bytes), *("–" for _ in head[2:]))
    lines += _align_columns([head, *rows, rest], numbers=range(1, 6))
    lines += [f"{one.size.table_name}: {UNDECIDED_TEXT}" for one in found.tables if not one.is_decided]
    if found.jobs:
        jobs = [("job", "", "of", "last run", "result", "next run")]
        jobs += [
            (
                str(job.job_id),
                job.title,
                job.table_name,
                _format_time(job.last_start, zone),
                job.last_status or "–",
                _format_time(job.next_start, zone) if job.is_scheduled else "off",
            )
            for job in found.jobs
        ]
        lines += ["", *_align_columns(jobs)]
        lines += [f"Job {job.job_id}: {job.last_error}" for job in found.jobs if job.has_failed]
    else:
        lines += ["", NO_JOBS_TEXT]
    return lines


def _list_chunk_lines(found: MaintenanceStatus, zone: ZoneInfo) -> list[str]:
    rows = [
        (
            chunk.table_name,
            f"{chunk.since.astimezone(zone):%Y-%m-%d} – {chunk.until.astimezone(zone):%Y-%m-%d}",
            format_bytes(chunk.bytes),
            found.describe_chunk(chunk),
        )
        for chunk in found.chunks
    ]
    return ["", *_align_columns([("chunk of", "rows from – until", "size", "state"), *rows], range(2, 3))]


def _list_cells(table: TableStatus, zone: ZoneInfo) -> tuple[str, ...]:
    size = table.size
    drop = (
        f"{_format_time(table.next_drop, zone)}, {count_noun(table.next_rows, 'row')}"
        if table.next_drop
        else "–"
    )
    return (
        size.table_name,
        format_bytes(size.bytes),
        format_count(size.chunk_count),
        format_count(size.compressed_chunks),
        format_decimal(table.compression, 1, "x"),
        format_count(size.dead_rows),
        f"{table.oldest.astimezone(zone):%Y-%m-%d}" if table.oldest else "–",
        format_keep_days(table.keep_days, is_decided=table.is_decided),
        drop,
    )


def _align_columns(rows: Sequence[tuple[str, ...]], numbers: range = range(0)) -> list[str]:
    """``numbers``: the columns that are aligned at the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if index in numbers else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _format_time(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else "–"
