"""``dosing-tui materials``: add, list and import entries of the ledger; compare book and level."""

import shutil
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4
from zoneinfo import ZoneInfo

import click
from msgspec.structs import replace

from dosing_tui.cli.context import (
    cut_list,
    exit_without_result,
    get_os_user,
    get_settings,
    parse_time,
    print_message,
    write_line,
    write_stdout,
)
from dosing_tui.domain.materials.ledger import (
    LOT_KINDS,
    EntrySource,
    MassUnitName,
    MaterialKind,
    describe_draft,
)
from dosing_tui.domain.quantities.quantity_text import count_noun

if TYPE_CHECKING:
    from dosing_tui.config.settings import Settings
    from dosing_tui.domain.alarms.models import AlarmKey
    from dosing_tui.domain.materials.ledger import MaterialDraft

KINDS = [kind.value.replace("_", "-") for kind in MaterialKind]
FORMATS = click.Choice(["table", "csv", "json"])


@click.group()
def materials() -> None:
    """The material ledger: deliveries, drum changes, refills, losses and counts of the tanks."""


@materials.command("add")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("device")
@click.argument("chemical")
@click.argument("quantity", type=float)
@click.option("--unit", type=click.Choice([unit.value for unit in MassUnitName]), default="g",
              show_default=True,
              help="l needs the chemical's density: [[chemicals]] of the settings.")  # fmt: skip
@click.option("--density", type=click.FloatRange(0.1, 25), metavar="G/ML", help="Instead of the settings'.")
@click.option("--at", metavar="TIME", help="When it happened, in the plant's zone; default: now.")
@click.option("--pump", type=click.IntRange(1, 99), help="Pump that was primed or purged.")
@click.option("--reason", default="", help="Required of waste and corrections.")
@click.option("--lot", default="", help="Lot number.")
@click.option("--supplier", default="", help="Who delivered it.")
@click.option("--expires", metavar="DATE", default="", help="Expiry date of the lot.")
@click.option("--opened", metavar="DATE", default="", help="Day on which the container was opened.")
@click.option("--certificate", default="", help="Reference of the certificate.")
@click.option("--as", "who", default=get_os_user, show_default="the account", help="Operator.")
@click.pass_context
def add_entry(
    ctx: click.Context, *, kind: str, device: str, chemical: str, quantity: float, unit: str,
    density: float | None, at: str | None, pump: int | None, reason: str, lot: str, supplier: str,
    expires: str, opened: str, certificate: str, who: str,
) -> None:  # fmt: skip
    """Enter what was done with the tank of CHEMICAL at station DEVICE. Entries are never changed.

    QUANTITY is what was added or taken; of a count, what was there; of a drum change, what the new drum
    holds; a correction has its sign (a minus behind --). A count is the book from then on. The level may
    jump up after a delivery, refill or drum change without an alarm.
    """
    from dosing_tui.config.chemical_sections import find_density
    from dosing_tui.domain.materials.ledger import MaterialDraft

    settings = get_settings(ctx)
    is_volume = unit == MassUnitName.LITRE
    draft = MaterialDraft(
        f"cli:{uuid4()}", EntrySource.CLI,
        parse_time(at, settings.plant.timezone) if at else datetime.now(UTC), device, chemical,
        MaterialKind(kind.replace("-", "_")), quantity, MassUnitName(unit), who,
        (density or find_density(settings.chemicals, chemical)) if is_volume else None,
        pump, lot, supplier, _parse_day("--expires", expires), _parse_day("--opened", opened), certificate,
        reason,
    )  # fmt: skip
    _enter_draft(settings, draft)


def _parse_day(option: str, text: str) -> date | None:
    from dosing_tui.domain.materials.csv_entries import parse_day

    try:
        return parse_day(option, text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _enter_draft(settings: "Settings", draft: "MaterialDraft") -> None:
    from dosing_tui.database.materials.ledger_entries import enter_material
    from dosing_tui.domain.alarms.tank_refill import LEVEL_TIMEOUT

    tank = _find_tank(settings, draft)
    draft = replace(draft, device_id=tank.device, chemical=tank.item)
    number = enter_material(settings, draft, os_user=get_os_user())
    write_line(f"Entry {number}: {describe_draft(draft)}.")
    if draft.kind in LOT_KINDS and datetime.now(UTC) - draft.time <= LEVEL_TIMEOUT:
        _expect_level_jump(settings, draft)


def _expect_level_jump(settings: "Settings", draft: "MaterialDraft") -> None:
    """The journal records it, and the jump of the level raises no alarm."""
    from dosing_tui.config.alarm_limits import get_max_shelving
    from dosing_tui.database.alarms import journal
    from dosing_tui.domain.alarms.models import Actor
    from dosing_tui.domain.alarms.operator_commands import CommandContext
    from dosing_tui.domain.alarms.tank_refill import REFILL_RULE, create_material_entries
    from dosing_tui.errors import AlarmCommandError

    try:
        entries = create_material_entries(
            journal.read_alarm_states(settings),
            CommandContext(Actor(draft.operator, get_os_user()), datetime.now(UTC)),
            device=draft.device_id, chemical=draft.chemical,
            words=f"{describe_draft(draft)}.", added_g=draft.mass_g,
            max_duration=get_max_shelving(settings, REFILL_RULE.priority),
        )  # fmt: skip
    except AlarmCommandError:
        return  # suppressed by design or out of service: it raises no alarm in any case
    journal.append_entries(settings, entries)


def _find_tank(settings: "Settings", draft: "MaterialDraft") -> "AlarmKey":
    """The alarm of its level jump, as the plant spells the tank; an unknown one as typed, with a remark."""
    from dosing_tui.cli.alarm_actions import find_alarms_or_normal
    from dosing_tui.domain.alarms.models import AlarmKey
    from dosing_tui.domain.alarms.tank_refill import REFILL_RULE
    from dosing_tui.domain.messages.text_sanitizer import clean_text
    from dosing_tui.errors import AlarmCommandError

    key = AlarmKey(REFILL_RULE.id, clean_text(draft.device_id), clean_text(draft.chemical))
    try:
        return find_alarms_or_normal(settings, [key.tag])[0].key
    except AlarmCommandError as error:
        print_message(f"{error} Entered as typed: {key.device}, {key.item}.")
        return key


@materials.command("list")
@click.option("--from", "since", metavar="TIME", help="Date or time, in the plant's zone; default: all.")
@click.option("--to", "until", metavar="TIME", help="Date or time; default: now.")
@click.option("--device", multiple=True, help="Only this station; may be repeated.")
@click.option("--chemical", multiple=True, help="Only this chemical; may be repeated.")
@click.option(
    "--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="Only this kind; may be repeated."
)
@click.option("--format", "format_", type=FORMATS, default="table", show_default=True)
@click.pass_context
def list_entries(
    ctx: click.Context, *, since: str | None, until: str | None, device: tuple[str, ...],
    chemical: tuple[str, ...], kinds: tuple[str, ...], format_: str,
) -> None:  # fmt: skip
    """List entries by when they happened, the newest first: exit 0 some, 1 none, 3 no database."""
    from dosing_tui.cli.materials.entry_table import render_entries
    from dosing_tui.database.materials.ledger_entries import MAX_ENTRIES, MaterialFilter, list_materials

    settings, now = get_settings(ctx), datetime.now(UTC)
    zone = settings.plant.timezone
    which = MaterialFilter(
        parse_time(since, zone) if since else None, parse_time(until, zone) if until else None,
        device, chemical, tuple(kind.replace("-", "_") for kind in kinds),
    )  # fmt: skip
    entries = cut_list(list_materials(settings, which, most=MAX_ENTRIES + 1), MAX_ENTRIES, "entries")
    if entries or format_ != "table":
        width = shutil.get_terminal_size((160, 24)).columns
        write_stdout(render_entries(entries, which, settings, format_=format_, now=now, width=width))
    if not entries:
        exit_without_result("No entries in the material ledger match.")


@materials.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE.csv")
@click.option("--as", "who", default=get_os_user, show_default="the account",
              help="Operator of lines that name none.")  # fmt: skip
@click.pass_context
def import_entries(ctx: click.Context, file: Path, who: str) -> None:
    """Import entries from a CSV file: all of its lines, or none if one is wrong.

    The same file twice adds nothing.
    The first line names the columns: time, device_id, chemical, kind, quantity, unit; if you like pump,
    density_g_per_ml, lot_number, supplier, expires_on, opened_on, certificate, reason, operator. Exit 0, 2
    wrong lines, 3 no database.
    """
    from dosing_tui.database.materials.ledger_entries import enter_materials
    from dosing_tui.domain.materials.csv_entries import parse_entries
    from dosing_tui.domain.messages.chemical_names import fold_name
    from dosing_tui.errors import MaterialError, describe_file_error

    settings = get_settings(ctx)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MaterialError(f"{file} cannot be read: {describe_file_error(error)}.") from error
    parsed = parse_entries(
        text, zone=ZoneInfo(settings.plant.timezone), operator=who,
        densities={fold_name(each.name): each.density_g_per_ml for each in settings.chemicals},
    )  # fmt: skip
    for fault in parsed.faults:
        print_message(fault)
    if parsed.faults:
        raise MaterialError(f"{file} not imported: {count_noun(len(parsed.faults), 'line')} to correct.")
    numbers = enter_materials(settings, parsed.drafts, os_user=get_os_user())
    new = sum(number is not None for number in numbers)
    write_line(
        f"{count_noun(len(numbers), 'line')}: {count_noun(new, 'entry', 'entries')} added,"
        f" {len(numbers) - new} stored before."
    )


@materials.command("balance")
@click.option(
    "--days", "has_days", is_flag=True, help="What nothing explains, for each of the last seven days."
)
@click.option("--device", multiple=True, help="Only this station; may be repeated.")
@click.option("--chemical", multiple=True, help="Only this chemical; may be repeated.")
@click.option("--format", "format_", type=FORMATS, default="table", show_default=True)
@click.pass_context
def compare_books(
    ctx: click.Context, *, has_days: bool, device: tuple[str, ...], chemical: tuple[str, ...], format_: str
) -> None:
    """Print book, level and last count of each tank: as the panel material_book; --days: stock_balance."""
    from dosing_tui.domain.panels.filters import Selection
    from dosing_tui.export.documents.file_format import FileFormat
    from dosing_tui.export.panel_export import PanelExportRequest, export_panel

    request = PanelExportRequest(
        panel="stock_balance" if has_days else "material_book", from_="", to="", range="",
        selection=Selection(device=device, chemical=chemical), format=FileFormat(format_), output=None,
        force=False,
    )  # fmt: skip
    sys.exit(export_panel(
        get_settings(ctx), request, now=datetime.now(UTC),
        width=shutil.get_terminal_size((160, 24)).columns, write=write_stdout, report=print_message,
    ))  # fmt: skip
