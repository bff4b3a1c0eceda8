"""``dosing-tui panel`` and ``dosing-tui report``: a panel's rows, and the shift report."""

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from dosing_tui.cli.context import get_settings, print_message, write_stdout
from dosing_tui.errors import ConfigError, RangeError

if TYPE_CHECKING:
    from dosing_tui.config.settings import Settings
    from dosing_tui.domain.shift_report import ShiftReport


@click.command()
@click.argument("panel_id", metavar="[ID]", default="")
@click.option("--list", "is_list", is_flag=True, help="List the panels: id, title, usual range, filters.")
@click.option("--from", "from_", default="", metavar="TIME",
              help="now-6h, now-1d/d, '2026-11-24 06:00' ...; without --to: up to now.")  # fmt: skip
@click.option("--to", default="", metavar="TIME", help="As --from; now/d or a date means its end.")
@click.option("--range", "range_", default="", metavar="NAME",
              help="Instead of both: today, 'this shift', 'last shift', 'this batch', 24h ...")  # fmt: skip
@click.option("--device", multiple=True, help="Only this station; may be repeated.")
@click.option("--chemical", multiple=True, help="Only this chemical; may be repeated.")
@click.option("--recipe", multiple=True, help="Only this recipe; may be repeated.")
@click.option("--mode", multiple=True, help="Only this mode; may be repeated.")
@click.option("--pump", "pumps", type=click.IntRange(1), multiple=True,
              help="Only this pump; may be repeated.")  # fmt: skip
@click.option(
    "--format", "format_", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)
@click.option(
    "--output", type=click.Path(path_type=Path), help="A file, or a folder to name one in, instead of stdout."
)
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@click.pass_context
def panel(
    ctx: click.Context, *, panel_id: str, is_list: bool, from_: str, to: str, range_: str,
    device: tuple[str, ...], chemical: tuple[str, ...], recipe: tuple[str, ...], mode: tuple[str, ...],
    pumps: tuple[int, ...], format_: str, output: Path | None, force: bool,
) -> None:  # fmt: skip
    """Print a panel's rows over a range: exit 0 rows, 1 none, 2 wrong input or set-up, 3 no database."""
    from dosing_tui.domain.panels.filters import Selection
    from dosing_tui.export.documents.file_format import FileFormat
    from dosing_tui.export.panel_export import PanelExportRequest, export_panel, format_panel_list

    if is_list:
        write_stdout(format_panel_list())
        return
    request = PanelExportRequest(
        panel=panel_id,
        from_=from_,
        to=to,
        range=range_,
        format=FileFormat(format_),
        output=output,
        force=force,
        selection=Selection(
            device=device, chemical=chemical, recipe=recipe, mode=mode, pump=tuple(map(str, pumps))
        ),
    )
    width = shutil.get_terminal_size((160, 24)).columns
    sys.exit(
        export_panel(
            get_settings(ctx),
            request,
            now=datetime.now(UTC),
            width=width,
            write=write_stdout,
            report=print_message,
        )
    )


REPORT_FORMATS = ("text", "html", "pdf", "json")


@click.group()
def report() -> None:
    """Reports to read, print or send."""


@report.command()
@click.option("--last", "which", flag_value="last", help="The last completed shift (default).")
@click.option("--this", "which", flag_value="this", help="The shift in progress.")
@click.option("--at", default="", metavar="'DAY NAME'", help="That shift of that day: '2026-11-24 Early'.")
@click.option("--format", "format_", type=click.Choice(REPORT_FORMATS), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path),
              help="A file, or a folder to name one in, instead of stdout.")  # fmt: skip
@click.option("--details", is_flag=True, help="After the page: recipes, stock, alarms, batches to review.")
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@click.option("--mail", "channel", default="", metavar="CHANNEL",
              help="Send it as text to the recipients of this mail channel ([[notifications]]).")  # fmt: skip
@click.pass_context
def shift(
    ctx: click.Context, *, which: str | None, at: str, format_: str, output: Path | None, details: bool,
    force: bool, channel: str,
) -> None:  # fmt: skip
    """Print the handover of a shift on one page: exit 0, 2 wrong input, 3 no database.

    It ends with the anchor of the audit trail, which "audit verify --anchors" checks later."""
    from dosing_tui.database.reports.shift_report import read_shift_report
    from dosing_tui.domain.time.shift_names import LAST, parse_shift
    from dosing_tui.export.documents.file_format import FileFormat
    from dosing_tui.export.output_files import write_output
    from dosing_tui.export.shift_report_files import build_file_name, render_report

    if at and which:
        raise click.UsageError("--at names a shift; leave out --last and --this.")
    settings, now, form = get_settings(ctx), datetime.now(UTC), FileFormat(format_)
    period = parse_shift(at or which or LAST, now, ZoneInfo(settings.plant.timezone), settings.calendar)
    if period.since > now:
        raise RangeError(f"{at!r} has not started yet: there is nothing to report.")
    content = read_shift_report(settings, period, now=now)
    if channel:
        _mail_report(settings, channel, content, has_details=details)
        return
    write_output(
        render_report(content, form, settings, has_details=details),
        output,
        name=build_file_name(content, form, settings),
        force=force,
        show=write_stdout,
        report=print_message,
    )


def _mail_report(settings: "Settings", name: str, report: "ShiftReport", *, has_details: bool) -> None:
    """Raises: DeliveryError, ConfigError."""
    from dosing_tui.config.notification_channel import NotificationKind
    from dosing_tui.export.documents.file_format import FileFormat
    from dosing_tui.export.shift_report_files import render_report
    from dosing_tui.notifiers.smtp import send_report

    mails = {one.name: one for one in settings.notifications if one.kind is NotificationKind.MAIL}
    if name not in mails:
        raise ConfigError(f"--mail {name}: there is no mail channel of this name in [[notifications]].")
    begin = report.shift.since.astimezone(ZoneInfo(settings.plant.timezone))
    subject = f"Shift report {begin:%Y-%m-%d} {report.shift.name} ({settings.plant.name})"
    text = str(render_report(report, FileFormat.TEXT, settings, has_details=has_details))
    remark = send_report(mails[name], subject, text)
    print_message(f"Sent to {', '.join(mails[name].to)}{f'; {remark}' if remark else ''}.")
