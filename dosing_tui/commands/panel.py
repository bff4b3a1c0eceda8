"""``dosing-tui panel``: a panel's rows for scripts, reports and mails."""

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from dosing_tui.commands.words import say, settings_of, write


@click.command()
@click.argument("panel_id", metavar="[ID]", default="")
@click.option("--list", "listed", is_flag=True, help="List the panels: id, title, usual range, filters.")
@click.option("--from", "from_", default="", metavar="TIME",
              help="now-6h, now-1d/d, '2026-11-24 06:00' ...; without --to: up to now.")  # fmt: skip
@click.option("--to", default="", metavar="TIME", help="As --from; now/d or a date means its end.")
@click.option("--range", "range_", default="", metavar="NAME",
              help="Instead of both: today, 'this shift', 'last shift', 'this batch', 24h ...")  # fmt: skip
@click.option("--device", multiple=True, help="Only this station; may be repeated.")
@click.option("--chemical", multiple=True, help="Only this chemical; may be repeated.")
@click.option("--recipe", multiple=True, help="Only this recipe; may be repeated.")
@click.option("--mode", multiple=True, help="Only this mode; may be repeated.")
@click.option(
    "--format", "format_", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)
@click.option(
    "--output", type=click.Path(path_type=Path), help="A file, or a folder to name one in, instead of stdout."
)
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@click.pass_context
def panel(
    ctx: click.Context, *, panel_id: str, listed: bool, from_: str, to: str, range_: str,
    device: tuple[str, ...], chemical: tuple[str, ...], recipe: tuple[str, ...], mode: tuple[str, ...],
    format_: str, output: Path | None, force: bool,
) -> None:  # fmt: skip
    """Print a panel's rows over a range: exit 0 rows, 1 none, 2 wrong input or set-up, 3 database away."""
    from dosing_tui.export.command import Format, Request, listing, run
    from dosing_tui.plant.filters import Selection

    if listed:
        write(listing())
        return
    request = Request(
        panel=panel_id, from_=from_, to=to, range=range_, format=Format(format_), output=output, force=force,
        selection=Selection(device=device, chemical=chemical, recipe=recipe, mode=mode),
    )  # fmt: skip
    width = shutil.get_terminal_size((160, 24)).columns
    sys.exit(run(settings_of(ctx), request, now=datetime.now(UTC), width=width, write=write, report=say))
