"""``dosing-tui report``: what is handed over, printed and filed."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from dosing_tui.commands.words import away, say, settings_of, write
from dosing_tui.errors import RangeError

FORMS = ("text", "html", "pdf", "json")


@click.group()
def report() -> None:
    """Reports for people."""


@report.command()
@click.option("--last", "which", flag_value="last", help="The shift that is over (the default).")
@click.option("--this", "which", flag_value="this", help="The shift that is on, so far.")
@click.option("--at", default="", metavar="'DAY NAME'", help="That shift of that day: '2026-11-24 Early'.")
@click.option("--format", "format_", type=click.Choice(FORMS), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path),
              help="A file, or a folder to name one in, instead of stdout.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@click.pass_context
def shift(
    ctx: click.Context, *, which: str | None, at: str, format_: str, output: Path | None, force: bool
) -> None:
    """Batches, grams, alarms, stock, notes and open points of a shift: exit 0, 2 wrong input, 3 away."""
    from dosing_tui.database.shiftreport import shift_report
    from dosing_tui.export.files import give
    from dosing_tui.export.shiftfiles import Form, file_name, rendered
    from dosing_tui.plant.shiftwords import LAST, named_shift

    if at and which:
        raise click.UsageError("--at names a shift; leave out --last and --this.")
    settings, now, form = settings_of(ctx), datetime.now(UTC), Form(format_)
    worked = named_shift(at or which or LAST, now, ZoneInfo(settings.plant.timezone), settings.calendar)
    if worked.since > now:
        raise RangeError(f"{at!r} has not begun yet: there is nothing to report.")
    with away():
        found = shift_report(settings, worked, now=now)
    give(
        rendered(found, form, settings), output, name=file_name(found, form, settings), force=force,
        show=write, report=say,
    )  # fmt: skip
