"""``dosing-tui batches list``, ``show`` and ``export``: lists and records of batches."""

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dosing_tui.cli.context import (
    exit_without_result,
    get_settings,
    print_message,
    write_stdout,
)
from dosing_tui.domain.quantities.quantity_text import format_count

if TYPE_CHECKING:
    from dosing_tui.config.settings import Settings
    from dosing_tui.database.reports.batch_record import BatchRecordContent
    from dosing_tui.domain.batch_review.query_models import BatchListQuery

STATUSES = ("open", "complete", "aborted", "incomplete", "no-start", "complete-only")
RECORD_FORMATS = ("text", "html", "pdf", "csv", "json")

_FILTER_OPTIONS = (
    click.option("--from", "since", default="", metavar="TIME",
                 help="now-6h, now-1d/d, '2026-11-24 06:00' ...; without --to: up to now."),
    click.option("--to", "until", default="", metavar="TIME",
                 help="As --from; now/d or a date means its end."),
    click.option("--range", "range", default="", metavar="NAME",
                 help="Instead of both: today, yesterday, 'this week', 24h ..."),
    click.option("--shift", default="", metavar="SHIFT",
                 help="Instead of a range: this, last, or '2026-11-24 Early'."),
    click.option("--device", multiple=True, help="Only this station; may be repeated."),
    click.option("--recipe", multiple=True, help="Only this recipe; may be repeated."),
    click.option("--status", multiple=True, type=click.Choice(STATUSES),
                 help="Only this status; may be repeated."),
    click.option("--unreviewed", is_flag=True, help="Only unreviewed batches."),
    click.option("--exceptions", is_flag=True, help="Only batches with exceptions."),
    click.option("--clean", is_flag=True, help="Only complete batches without exceptions."),
    click.option("--most", type=click.IntRange(1, 100_000), default=100, show_default=True,
                 help="Number of the newest batches."),
)  # fmt: skip


def add_filter_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that filter batches; the command gets them as its parameter ``query``."""

    @wraps(command)
    def with_query(*arguments: Any, **options: Any) -> None:  # click's, of any type
        from dosing_tui.domain.batch_review.query_models import BatchListQuery

        query = BatchListQuery(**{name: options.pop(name) for name in BatchListQuery.__struct_fields__})
        if query.clean and query.exceptions:
            raise click.UsageError("Give only one of --exceptions and --clean.")
        command(*arguments, query=query, **options)

    for option in reversed(_FILTER_OPTIONS):
        with_query = option(with_query)
    return with_query


@click.command("list")
@add_filter_options
@click.option("--format", "format_", type=click.Choice(["table", "csv", "json"]), default="table",
              show_default=True)  # fmt: skip
@click.pass_context
def list_batches(ctx: click.Context, *, query: "BatchListQuery", format_: str) -> None:
    """List batches, the newest first: exit 0 some, 1 none, 2 wrong input or set-up, 3 no database."""
    from dosing_tui.export.batch_list_export import explain_no_batches, find_batches, render_batches

    settings, now = get_settings(ctx), datetime.now(UTC)
    found = find_batches(settings, query, now=now)
    if found.rows or format_ != "table":
        width = shutil.get_terminal_size((160, 24)).columns
        write_stdout(render_batches(found, settings, format_=format_, now=now, width=width))
    if not found.rows:
        exit_without_result(explain_no_batches(settings, found))
    _print_remaining(len(found.rows), found.total_count)


@click.command()
@click.argument("key")
@click.pass_context
def show(ctx: click.Context, key: str) -> None:
    """Print the record of the batch KEY (its number or key), 80 columns wide: exit 0, 1 if there is none."""
    from dosing_tui.export.batch_record_files import render_record
    from dosing_tui.export.documents.file_format import FileFormat

    settings = get_settings(ctx)
    record = _load_records(settings, [key])[0]
    write_stdout(str(render_record(record, FileFormat.TEXT, settings, now=datetime.now(UTC))))


@click.command()
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@add_filter_options
@click.option("--format", "format_", type=click.Choice(RECORD_FORMATS), default="text", show_default=True,
              help="csv: the doses; json: the canonical record with its hash.")  # fmt: skip
@click.option("--output", type=click.Path(path_type=Path),
              help="File, or folder for one file per batch; default: stdout.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace files that exist.")
@click.pass_context
def export(
    ctx: click.Context, *, keys: tuple[str, ...], query: "BatchListQuery", format_: str, output: Path | None,
    force: bool,
) -> None:  # fmt: skip
    """Write records of batches by number or filter: exit 0, 1 none, 2 wrong input, 3 no database."""
    from dosing_tui.export.batch_record_files import write_records
    from dosing_tui.export.documents.file_format import FileFormat

    settings, now = get_settings(ctx), datetime.now(UTC)
    write_records(
        _select_batches(settings, keys, query, now), FileFormat(format_), settings,
        now=now, output=output, force=force, show=write_stdout, report=print_message,
    )  # fmt: skip


def _select_batches(
    settings: "Settings", keys: tuple[str, ...], query: "BatchListQuery", now: datetime
) -> "list[BatchRecordContent]":
    from dosing_tui.domain.batch_review.query_models import BatchListQuery
    from dosing_tui.export.batch_list_export import explain_no_batches, find_batches

    if bool(keys) is (query != BatchListQuery(most=query.most)):
        raise click.UsageError("Give either the keys of batches or a filter, e.g. --shift last.")
    if keys:
        return _load_records(settings, keys)
    found = find_batches(settings, query, now=now)
    if not found.rows:
        exit_without_result(explain_no_batches(settings, found))
    _print_remaining(len(found.rows), found.total_count)
    return _load_records(settings, [row.batch_key for row in found.rows])


def _load_records(settings: "Settings", keys: Sequence[str]) -> "list[BatchRecordContent]":
    """All of them, or exit status EXIT_NO_RESULT."""
    from dosing_tui.database.reports.batch_record import iter_batch_records
    from dosing_tui.domain.messages.text_sanitizer import clean_text

    batches = []
    for key, found in zip(keys, iter_batch_records(settings, keys), strict=True):
        if found is None:
            name = clean_text(key, limit=100)
            exit_without_result(f"There is no batch {name}; 'dosing-tui batches list' lists the batches.")
        batches.append(found)
    return batches


def _print_remaining(row_count: int, total: int) -> None:
    if total > row_count:
        print_message(f"The newest {format_count(row_count)} of {format_count(total)}; --most shows more.")
