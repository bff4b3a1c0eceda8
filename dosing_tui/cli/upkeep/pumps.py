"""``dosing-tui pumps``: the log of pumps and scales, and what is due."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4
from zoneinfo import ZoneInfo

import click

from dosing_tui.cli.context import (
    cut_list,
    exit_without_result,
    get_os_user,
    parse_time,
    pass_settings,
    write_line,
    write_stdout,
)

if TYPE_CHECKING:
    from dosing_tui.config.settings import Settings
    from dosing_tui.export.table import ExportTable

KINDS = {"check": "CHECK", "tube": "TUBE", "calibration": "CALIBRATION", "tare": "TARE"}
TABLE_WIDTH = 1_000
FORMAT_OPTION = click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)
NAME_OPTION = click.option("--as", "who", default=get_os_user, show_default="the account", help="Operator.")


@click.group()
def pumps() -> None:
    """Log of pumps and scales: tube changes, calibrations, check weighings; what is due."""


@pumps.command("log")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("station")
@click.option("--pump", type=click.IntRange(1, 99), help="Number of the pump; without it: the scale.")
@click.option("--at", default="", metavar="TIME", help="When it was done, '2026-11-24 06:00'; default: now.")
@click.option(
    "--target", type=click.FloatRange(0), metavar="GRAMS", help="Mass asked for in a check weighing."
)
@click.option("--readings", default="", metavar="'G G ...'", help="Its weighings in g: '40.1 39.9 40.0'.")
@click.option("--note", default="", help="What else is worth knowing.")
@NAME_OPTION
@pass_settings
def log_service(
    settings: "Settings", *, kind: str, station: str, pump: int | None, at: str, target: float | None,
    readings: str, note: str, who: str,
) -> None:  # fmt: skip
    """Enter what was done to a pump or the scale of STATION: exit 0, 2 wrong input, 3 no database.

    After a tube change or a calibration the figures of the pump start again. An entry stays for good.
    """
    from dosing_tui.database.pumps.service_log import enter_service
    from dosing_tui.domain.capability.service_log import ServiceDraft, ServiceKind, parse_readings
    from dosing_tui.domain.quantities.quantity_text import format_decimal

    try:
        weighings = parse_readings(readings)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--readings") from error
    done_at = parse_time(at, settings.plant.timezone) if at else datetime.now(UTC)
    draft = ServiceDraft(
        uuid4(), done_at, station, pump, ServiceKind[KINDS[kind]], who, note, target, weighings
    )
    entry = enter_service(settings, draft, os_user=get_os_user())
    weighed = "" if entry.mean_g is None else f", mean {format_decimal(entry.mean_g, 2, ' g')}"
    spread = "" if entry.cv_percent is None else f", CV {format_decimal(entry.cv_percent, 2, ' %')}"
    write_line(f"Entry {entry.entry_id}: {entry.kind}, {entry.part} of {entry.device_id}{weighed}{spread}.")


@pumps.command()
@click.argument("entry", type=int)
@click.option("--reason", required=True, help="What is wrong with the entry.")
@NAME_OPTION
@pass_settings
def withdraw(settings: "Settings", *, entry: int, reason: str, who: str) -> None:
    """Withdraw a wrong ENTRY; both stay in the log: exit 0, 2 wrong input, 3 no database."""
    from dosing_tui.database.pumps.service_log import enter_service
    from dosing_tui.domain.capability.service_log import ServiceDraft, ServiceKind

    draft = ServiceDraft(
        uuid4(), datetime.now(UTC), "-", None, ServiceKind.WITHDRAWAL, who, reason, withdraws=entry
    )
    stored = enter_service(settings, draft, os_user=get_os_user())
    write_line(f"Entry {entry} is withdrawn by entry {stored.entry_id}.")


@pumps.command("list")
@click.option("--station", default="", help="Only this station.")
@click.option("--pump", type=click.IntRange(1, 99), help="Only this pump and the scales.")
@click.option("--from", "from_", default="", metavar="TIME", help="Work since then; default: all.")
@FORMAT_OPTION
@pass_settings
def list_log(settings: "Settings", *, station: str, pump: int | None, from_: str, form: str) -> None:
    """List the log, the newest first: exit 0, 1 nothing, 2 wrong input, 3 no database."""
    from dosing_tui.database.pumps.service_log import MAX_ENTRIES, list_service_entries
    from dosing_tui.export.pumps.service_log_table import build_service_log

    since = parse_time(from_, settings.plant.timezone) if from_ else None
    found = list_service_entries(
        settings, since=since, device=station or None, pump=pump, limit=MAX_ENTRIES + 1
    )
    entries = cut_list(found, MAX_ENTRIES, "entries")
    zone = ZoneInfo(settings.plant.timezone)
    span = f"since {from_}" if from_ else "all"
    _print_table(
        build_service_log(entries, range=span, since=since, now=datetime.now(UTC), zone=zone),
        form,
        "The log has no such entry.",
    )


@pumps.command("due")
@FORMAT_OPTION
@pass_settings
def list_due(settings: "Settings", *, form: str) -> None:
    """List tubes and calibrations, the most urgent first: exit 0, 1 no limit is set, 3 no database."""
    from dosing_tui.database.pumps.service_log import read_service_states
    from dosing_tui.database.schema.plant_limits import read_alarm_limits
    from dosing_tui.export.pumps.service_log_table import build_due_list

    now, zone = datetime.now(UTC), ZoneInfo(settings.plant.timezone)
    limits = read_alarm_limits(settings).service
    table = build_due_list(read_service_states(settings, now), limits, now=now, zone=zone)
    _print_table(table, form, "No pump has a limit: see [pumps] in the settings.")


def _print_table(table: "ExportTable", form: str, empty: str) -> None:
    from dosing_tui.export.documents.file_format import FileFormat
    from dosing_tui.export.table_renderer import render_table

    if table.rows or form != "table":
        write_stdout(render_table(table, FileFormat(form), width=TABLE_WIDTH, ascii_only=False))
    if not table.rows:
        exit_without_result(empty)
