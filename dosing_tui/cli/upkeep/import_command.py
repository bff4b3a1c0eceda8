"""``dosing-tui import``: history from a file."""

from pathlib import Path

import click

from dosing_tui.cli.context import get_settings, print_message
from dosing_tui.domain.messages.models import READING_TABLES


@click.command(name="import")
@click.argument(
    "file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE.csv|.parquet"
)
@click.option("--table", type=click.Choice(READING_TABLES), required=True,
              help="Table of readings that the rows belong to.")  # fmt: skip
@click.pass_context
def import_(ctx: click.Context, file: Path, table: str) -> None:
    """Import history from a CSV or Parquet file into a table of readings.

    The first line, or the schema of a Parquet file, names the columns: time and those of the table, e.g.
    device_id, pump, chemical, actual_g. Times are ISO 8601; without an offset they are in
    clock.device_timezone. Rows that the table refuses go to legacy_import_rejects with the reason, and so
    do rows of weeks that retention has dropped: they may have been counted already. The same file twice is
    stored once. Parquet needs pyarrow: pip install 'dosing-tui[parquet]'.
    """
    from dosing_tui.database.schema.import_file import import_file

    settings = get_settings(ctx)
    import_file(settings, file, table, report=print_message)
