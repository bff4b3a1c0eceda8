"""``dosing-tui batches list``, ``show`` and ``export``: records of batches, for people and programs."""

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dosing_tui.cli.context import EXIT_NONE, away, say, settings_of, write
from dosing_tui.domain.batch_review.query_models import Wanted

if TYPE_CHECKING:
    from dosing_tui.config.settings import Settings
    from dosing_tui.database.reports.batch_record import WholeBatch

STATUSES = ("open", "complete", "aborted", "incomplete", "no-start", "complete-only")
FORMS = ("text", "html", "pdf", "csv", "json")

_FILTERS = (
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
    click.option("--unreviewed", is_flag=True, help="Only those that somebody still has to review."),
    click.option("--exceptions", is_flag=True, help="Only those with exceptions."),
    click.option("--most", type=click.IntRange(1, 100_000), default=100, show_default=True,
                 help="So many of the newest."),
)  # fmt: skip


def filters(command: Callable[..., None]) -> Callable[..., None]:
    """The options that choose batches, given to the command as ``wanted``."""
    names = [field.name for field in fields(Wanted)]

    @wraps(command)
    def gathered(*arguments: Any, **options: Any) -> None:  # click's, of whatever type
        chosen = {name: options.pop(name) for name in names}
        command(*arguments, wanted=Wanted(**chosen), **options)

    for option in reversed(_FILTERS):
        gathered = option(gathered)
    return gathered


@click.command("list")
@filters
@click.option("--format", "format_", type=click.Choice(["table", "csv", "json"]), default="table",
              show_default=True)  # fmt: skip
@click.pass_context
def list_(ctx: click.Context, *, wanted: Wanted, format_: str) -> None:
    """List batches, the newest first: exit 0 some, 1 none, 2 wrong input or set-up, 3 database away."""
    from dosing_tui.export.batch_list_export import find, rendered, why_none

    settings, now = settings_of(ctx), datetime.now(UTC)
    with away():
        found = find(settings, wanted, now=now)
        if found.rows or format_ != "table":
            width = shutil.get_terminal_size((160, 24)).columns
            write(rendered(found, settings, format_=format_, now=now, width=width))
        if not found.rows:
            say(why_none(settings, found))
            sys.exit(EXIT_NONE)
    _say_more(len(found.rows), found.all_of_them)


@click.command()
@click.argument("key")
@click.pass_context
def show(ctx: click.Context, key: str) -> None:
    """Print the record of the batch KEY (its number or key), 80 columns wide: exit 0, 1 if there is none."""
    from dosing_tui.export.batch_record_files import Form, record_of

    settings = settings_of(ctx)
    with away():
        text = record_of(_wholes(settings, [key])[0], Form.TEXT, settings, now=datetime.now(UTC))
    write(str(text))


@click.command()
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@filters
@click.option("--format", "format_", type=click.Choice(FORMS), default="text", show_default=True,
              help="csv: the doses; json: the canonical record with its hash.")  # fmt: skip
@click.option("--output", type=click.Path(path_type=Path),
              help="A file, or a folder to put a file for each batch in, instead of stdout.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace files that exist.")
@click.pass_context
def export(
    ctx: click.Context, *, keys: tuple[str, ...], wanted: Wanted, format_: str, output: Path | None,
    force: bool,
) -> None:  # fmt: skip
    """Write records of batches, by their numbers or by filter: exit 0, 1 none, 2 wrong input, 3 away."""
    from dosing_tui.export.batch_record_files import Form, give

    settings, now = settings_of(ctx), datetime.now(UTC)
    with away():
        batches = _chosen(settings, keys, wanted, now)
        give(batches, Form(format_), settings, now=now, output=output, force=force, show=write, report=say)


def _chosen(settings: "Settings", keys: tuple[str, ...], wanted: Wanted, now: datetime) -> "list[WholeBatch]":
    from dosing_tui.export.batch_list_export import find, why_none

    if keys:
        if wanted != Wanted(most=wanted.most):
            raise click.UsageError("Name batches by their keys, or choose them by filter, not both.")
        return _wholes(settings, keys)
    if wanted == Wanted(most=wanted.most):
        raise click.UsageError("Name batches by their keys, or choose them by filter, e.g. --shift last.")
    found = find(settings, wanted, now=now)
    if not found.rows:
        say(why_none(settings, found))
        sys.exit(EXIT_NONE)
    _say_more(len(found.rows), found.all_of_them)
    return _wholes(settings, [row.batch_key for row in found.rows])


def _wholes(settings: "Settings", keys: Sequence[str]) -> "list[WholeBatch]":
    """All of them, or none."""
    from dosing_tui.database.reports.batch_record import wholes
    from dosing_tui.domain.messages.text_sanitizer import clean_text

    batches = []
    for key, found in zip(keys, wholes(settings, keys), strict=True):
        if found is None:
            name = clean_text(key, limit=100)
            say(f"There is no batch {name}; 'dosing-tui batches list' tells which there are.")
            sys.exit(EXIT_NONE)
        batches.append(found)
    return batches


def _say_more(shown: int, every: int) -> None:
    if every > shown:
        say(f"The newest {shown:,} of {every:,}; --most takes more.")
