"""``dosing-tui trace``: which batches a lot is in, which lots are in a batch, which lot to open next."""

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from dosing_tui.cli.context import exit_without_result, get_settings, print_message, write_stdout
from dosing_tui.domain.quantities.quantity_text import count_noun

if TYPE_CHECKING:
    from dosing_tui.domain.materials.lots.lot_trace import LotTraceRow
    from dosing_tui.export.materials.lot_trace_export import TraceOutput


@click.command()
@click.option("--lot", default="", metavar="NUMBER", help="Every batch that this lot is in, with its share.")
@click.option("--batch", default="", metavar="KEY", help="Every lot in this batch (its number or key).")
@click.option("--next", "is_next", is_flag=True,
              help="Lots in store in the order in which to open them: first expired, first out.")  # fmt: skip
@click.option("--chemical", default="", help="With --lot or --next: only of this chemical.")
@click.option("--all", "show_all", is_flag=True, help="Also shares below 1 %.")
@click.option("--format", "format_", type=click.Choice(["table", "csv", "json"]), default="table",
              show_default=True)  # fmt: skip
@click.pass_context
def trace(
    ctx: click.Context, *, lot: str, batch: str, is_next: bool, chemical: str, show_all: bool, format_: str
) -> None:
    """Trace lots of chemicals: exit 0 some, 1 none, 2 wrong input or set-up, 3 no database."""
    from dosing_tui.export.documents.file_format import FileFormat
    from dosing_tui.export.materials.lot_trace_export import TraceOutput

    if [bool(lot), bool(batch), is_next].count(True) != 1:
        raise click.UsageError("Give one of --lot, --batch and --next.")
    if batch and chemical:
        raise click.UsageError("--chemical is for --lot and --next.")
    width = shutil.get_terminal_size((160, 24)).columns
    output = TraceOutput(get_settings(ctx), FileFormat(format_), datetime.now(UTC), width)
    if is_next:
        _print_order(output, chemical)
    elif lot:
        _print_lot(output, lot, chemical, show_all=show_all)
    else:
        _print_batch(output, batch, show_all=show_all)


def _print_lot(output: "TraceOutput", lot: str, chemical: str, *, show_all: bool) -> None:
    from dosing_tui.database.lots.lot_reader import trace_lot
    from dosing_tui.domain.messages.text_sanitizer import clean_text
    from dosing_tui.export.materials.lot_trace_export import render_lot_trace

    name = clean_text(lot, limit=100)
    found = trace_lot(output.settings, lot, chemical=chemical)
    rows = _hide_small(found, show_all=show_all)
    if not found:
        exit_without_result(f"No batch has lot {name}.")
    write_stdout(render_lot_trace(rows, name, output))


def _print_batch(output: "TraceOutput", name: str, *, show_all: bool) -> None:
    from dosing_tui.database.batches.queries import read_batch
    from dosing_tui.database.lots.lot_reader import trace_batch
    from dosing_tui.domain.messages.text_sanitizer import clean_text
    from dosing_tui.export.materials.lot_trace_export import render_batch_trace

    detail = read_batch(output.settings, name)
    if detail is None:
        exit_without_result(
            f"There is no batch {clean_text(name, limit=100)}; 'dosing-tui batches list' lists the batches."
        )
    found = trace_batch(output.settings, detail.row.batch_key)
    if not found:
        exit_without_result(f"No lot was entered for the tanks of batch {detail.row.batch_id}.")
    write_stdout(render_batch_trace(_hide_small(found, show_all=show_all), output))


def _hide_small(rows: "tuple[LotTraceRow, ...]", *, show_all: bool) -> "tuple[LotTraceRow, ...]":
    from dosing_tui.domain.materials.lots.lot_trace import drop_small_shares

    shown = rows if show_all else drop_small_shares(rows)
    if hidden := len(rows) - len(shown):
        print_message(f"{count_noun(hidden, 'share')} below 1 %: --all shows them.")
    return shown


def _print_order(output: "TraceOutput", chemical: str) -> None:
    from dosing_tui.database.lots.lot_reader import list_stored_lots
    from dosing_tui.domain.materials.lots.lot_order import propose_lots
    from dosing_tui.export.materials.lot_trace_export import render_lot_order

    today = output.now.astimezone(ZoneInfo(output.settings.plant.timezone)).date()
    found = propose_lots(list_stored_lots(output.settings, chemical=chemical), today)
    if not found:
        exit_without_result("No lot waits in store: deliveries to a place other than a station wait there.")
    write_stdout(render_lot_order(found, output))
