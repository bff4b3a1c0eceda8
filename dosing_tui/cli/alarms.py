"""``dosing-tui alarms``: operator commands for scripts and SSH sessions."""

import re
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from dosing_tui.cli.context import (
    EXIT_NO_RESULT,
    EXIT_UNAVAILABLE,
    cut_list,
    exit_without_result,
    get_os_user,
    pass_settings,
    print_message,
    write_line,
    write_stdout,
)
from dosing_tui.cli.notifications import notifications, try_channel
from dosing_tui.domain.alarms.models import (
    UNACKNOWLEDGED_STATES,
    Actor,
    AlarmEvent,
    AlarmState,
    AlarmStateName,
)
from dosing_tui.domain.alarms.operator_commands import (
    CommandContext,
    acknowledge_alarm,
    reset_alarm,
    return_to_service,
    unshelve_alarm,
)
from dosing_tui.domain.quantities.quantity_text import count_noun

if TYPE_CHECKING:
    from dosing_tui.cli.alarm_actions import EntryBuilder
    from dosing_tui.config.settings import Settings
    from dosing_tui.export.table import ExportTable

TABLE_WIDTH = 1_000
"""Columns; wide enough for every tag, which the other commands need in full."""
OUTPUT_FORMATS = ("table", "csv", "json")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def parse_duration(text: str) -> timedelta:
    """30m, 4h or 2d."""
    match = re.fullmatch(r"(\d{1,5})([mhd])", text.strip())
    if not match:
        raise click.BadParameter(f"{text!r} is not a duration such as 30m, 4h or 2d.")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


FORMAT_OPTION = click.option(
    "--format", "form", type=click.Choice(OUTPUT_FORMATS), default="table", show_default=True
)
COMMENT_OPTION = click.option("--comment", default="", help="Comment for the journal.")
NAME_OPTION = click.option(
    "--as", "--name", "name", default="", help="Operator; default: the account of this process."
)
REASON_OPTION = click.option("--reason", required=True, help="Reason for the journal.")
YES_OPTION = click.option("--yes", "is_confirmed", is_flag=True, help="With --all: no confirmation.")
REQUIRED_TAGS = click.argument("tags", nargs=-1, required=True, metavar="TAG...")
OPTIONAL_TAGS = click.argument("tags", nargs=-1, metavar="[TAG]...")


@click.group()
def alarms() -> None:
    """List, acknowledge and shelve alarms, read their journal; exit 3: database unavailable."""


for command in (notifications, try_channel):
    alarms.add_command(command)


@alarms.command("list")
@click.option("--tag", default="", help="Any part of rule/station/chemical.")
@click.option("--state", "states", multiple=True, help="Only this state, e.g. unacknowledged; repeatable.")
@FORMAT_OPTION
@pass_settings
def list_active(settings: "Settings", tag: str, states: tuple[str, ...], form: str) -> None:
    """List the alarms that are not normal, by priority; exit 3: some may be missing, stderr says why."""
    from dosing_tui.cli import alarm_actions
    from dosing_tui.export.alarm_export import build_alarm_table

    _check_names(states, AlarmStateName, "--state")
    active = alarm_actions.list_alarms(settings, tag=tag, state_names=map(AlarmStateName, states))
    caption = " · ".join(("now", *([f"tag {tag}"] if tag else []), *states))
    zone = ZoneInfo(settings.plant.timezone)
    now = datetime.now(UTC)
    _print_table(build_alarm_table(active, range=caption, now=now, zone=zone), form)
    if faults := alarm_actions.list_journal_faults(settings, now):
        print_message("\n".join(f"dosing-tui: {fault}" for fault in faults))
        sys.exit(EXIT_UNAVAILABLE)


@alarms.command()
@click.option(
    "--since",
    type=parse_duration,
    metavar="SPAN",
    default="24h",
    show_default=True,
    help="Time before now.",
)
@click.option(
    "--until",
    type=parse_duration,
    metavar="SPAN",
    default="0m",
    show_default=True,
    help="End, as time before now.",
)
@click.option("--range", "range_", default="", metavar="NAME",
              help="Instead of both: today, 'this shift', 'last shift', 'last night', 24h ...")  # fmt: skip
@click.option("--device", multiple=True, help="Only this station; may be repeated.")
@click.option("--tag", default="", help="Any part of rule/station/chemical.")
@click.option("--event", "events", multiple=True, help="Only this event, e.g. acknowledge; repeatable.")
@click.option(
    "--state", "states", multiple=True, help="Only of alarms in this state now, e.g. shelved; repeatable."
)
@click.option("--user", default="", help="Only entries of this name, account or database role.")
@click.option("--most", type=click.IntRange(1, 1_000_000), default=1_000, show_default=True)
@FORMAT_OPTION
@pass_settings
def journal(
    settings: "Settings", *, since: timedelta, until: timedelta, range_: str, device: tuple[str, ...],
    tag: str, events: tuple[str, ...], states: tuple[str, ...], user: str, most: int, form: str,
) -> None:  # fmt: skip
    """Print the alarm journal, newest first."""
    from dosing_tui.database.alarms import journal as journal_of
    from dosing_tui.domain.alarms.journal_filter import JournalFilter
    from dosing_tui.export.alarm_export import build_journal_table

    _check_names(events, AlarmEvent, "--event")
    _check_names(states, (shown for shown in AlarmStateName if shown is not AlarmStateName.NORMAL), "--state")
    now = datetime.now(UTC)
    begin, end = _resolve_journal_range(settings, range_, (now - since, now - until), now)
    query = JournalFilter(
        begin, end, tag, tuple(map(AlarmEvent, events)), user,
        state_names=tuple(map(AlarmStateName, states)), device=device, max_entries=most + 1,
    )  # fmt: skip
    parts = (
        range_,
        f"device {', '.join(device)}" if device else "",
        f"tag {tag}" if tag else "",
        *events,
        *(f"now {state}" for state in states),
        f"by {user}" if user else "",
    )
    entries = cut_list(journal_of.list_entries(settings, query), most, "entries")
    table = build_journal_table(
        entries, range=" · ".join(filter(None, parts)) or "everything",
        since=query.since, until=query.until, now=now, zone=ZoneInfo(settings.plant.timezone),
    )  # fmt: skip
    _print_table(table, form)


def _resolve_journal_range(
    settings: "Settings", name: str, span: tuple[datetime, datetime], now: datetime
) -> tuple[datetime, datetime]:
    """The range of this name, or else ``span``. A live one ends a little later.

    A database clock that is ahead must not hide the newest entries.
    """
    from dosing_tui.domain.time.range_parser import resolve_range
    from dosing_tui.domain.time.time_range import RangeSpec

    if name:
        zone = ZoneInfo(settings.plant.timezone)
        span = resolve_range(RangeSpec(name), now, zone, calendar=settings.calendar)
    return span[0], span[1] + timedelta(minutes=5) if span[1] >= now else span[1]


@alarms.command()
@OPTIONAL_TAGS
@click.option("--all", "is_all", is_flag=True, help="Every unacknowledged alarm.")
@YES_OPTION
@COMMENT_OPTION
@NAME_OPTION
@pass_settings
def ack(
    settings: "Settings", *, tags: tuple[str, ...], is_all: bool, is_confirmed: bool, comment: str, name: str
) -> None:
    """Acknowledge alarms by their tags, or all.

    With --all it lists the alarms and requires a confirmation.
    """
    targets = _select_alarms(settings, tags, UNACKNOWLEDGED_STATES if is_all else None)
    _confirm_all("Acknowledge", targets, is_confirmed=is_confirmed or not is_all)
    run_alarm_command("acknowledged", settings, targets, name, partial(acknowledge_alarm, comment=comment))


@alarms.command()
@OPTIONAL_TAGS
@click.option("--all", "is_all", is_flag=True, help="Every alarm that is latched and acknowledged.")
@YES_OPTION
@COMMENT_OPTION
@NAME_OPTION
@pass_settings
def reset(
    settings: "Settings", *, tags: tuple[str, ...], is_all: bool, is_confirmed: bool, comment: str, name: str
) -> None:
    """Reset latched alarms by their tags, or all, once their conditions are gone.

    With --all it lists the alarms and requires a confirmation.
    """
    targets = _select_alarms(settings, tags, [AlarmStateName.LATCHED_ACKED] if is_all else None)
    _confirm_all("Reset", targets, is_confirmed=is_confirmed or not is_all)
    run_alarm_command("reset", settings, targets, name, partial(reset_alarm, comment=comment))


@alarms.command()
@REQUIRED_TAGS
@click.option(
    "--for", "duration", type=parse_duration, metavar="SPAN", required=True, help="Duration, e.g. 30m or 4h."
)
@REASON_OPTION
@NAME_OPTION
@pass_settings
def shelve(settings: "Settings", tags: tuple[str, ...], duration: timedelta, reason: str, name: str) -> None:
    """Shelve alarms for a limited time.

    Normal ones too, before work that would raise them: STOCK_LOW/dosing_system_01/T-12.
    """
    from dosing_tui.cli.alarm_actions import build_shelve_entry, find_alarms_or_normal

    build_entry = partial(build_shelve_entry, settings=settings, duration=duration, reason=reason)
    run_alarm_command("shelved", settings, find_alarms_or_normal(settings, tags), name, build_entry)


@alarms.command()
@REQUIRED_TAGS
@COMMENT_OPTION
@NAME_OPTION
@pass_settings
def unshelve(settings: "Settings", tags: tuple[str, ...], comment: str, name: str) -> None:
    """End the shelving of alarms."""
    build_entry = partial(unshelve_alarm, comment=comment)
    run_alarm_command("unshelved", settings, _select_alarms(settings, tags), name, build_entry)


@alarms.command()
@REQUIRED_TAGS
@REASON_OPTION
@NAME_OPTION
@pass_settings
def remove(settings: "Settings", tags: tuple[str, ...], reason: str, name: str) -> None:
    """Take alarms out of service.

    They are suppressed on all consoles until they are restored. Normal ones too, before work that would raise
    them, e.g. while a scale is away: DOSE_GROSS/dosing_system_01/T-12.
    """
    from dosing_tui.cli.alarm_actions import build_removal_entry, find_alarms_or_normal

    targets = find_alarms_or_normal(settings, tags)
    run_alarm_command("out of service", settings, targets, name, partial(build_removal_entry, reason=reason))


@alarms.command()
@REQUIRED_TAGS
@COMMENT_OPTION
@NAME_OPTION
@pass_settings
def restore(settings: "Settings", tags: tuple[str, ...], comment: str, name: str) -> None:
    """Return alarms to service."""
    build_entry = partial(return_to_service, comment=comment)
    run_alarm_command("back in service", settings, _select_alarms(settings, tags), name, build_entry)


def _select_alarms(
    settings: "Settings", tags: Sequence[str], all_of: Iterable[AlarmStateName] | None = None
) -> list[AlarmState]:
    """By tags, or all in the states ``all_of``. Raises: click.UsageError for both or neither."""
    from dosing_tui.cli.alarm_actions import find_alarms, list_alarms

    if bool(tags) is (all_of is not None):
        raise click.UsageError("Name the alarms by their tags, or give --all.")
    return find_alarms(settings, tags) if all_of is None else list_alarms(settings, state_names=all_of)


def _confirm_all(action: str, targets: Sequence[AlarmState], *, is_confirmed: bool) -> None:
    """List the alarms and ask; without a terminal only --yes confirms."""
    if is_confirmed or not targets:
        return
    print_message(f"{count_noun(len(targets), 'alarm')}: {', '.join(state.key.tag for state in targets)}")
    if not sys.stdin.isatty():
        raise click.UsageError("No terminal for the confirmation: give --yes.")
    if not click.confirm(f"{action} {'it' if len(targets) == 1 else 'them'}?", err=True):
        sys.exit(EXIT_NO_RESULT)


def run_alarm_command(
    action: str, settings: "Settings", targets: Sequence[AlarmState], name: str, build_entry: "EntryBuilder"
) -> None:
    from dosing_tui.cli.alarm_actions import apply_command

    account = get_os_user()
    context = CommandContext(Actor(name or account, account), datetime.now(UTC))
    result = apply_command(settings, targets, context, build_entry)
    for tag in result.changed_tags:
        write_line(f"{action}: {tag}")
    for sentence in result.refusals:
        print_message(sentence)
    if not result.changed_tags:
        exit_without_result("Nothing to do.")


def _check_names(values: Iterable[str], names: Iterable[str], option: str) -> None:
    """Raises: click.BadParameter."""
    names = list(names)
    for word in values:
        if word not in names:
            raise click.BadParameter(f"{word!r} is not one of {', '.join(names)}.", param_hint=option)


def _print_table(table: "ExportTable", output_format: str) -> None:
    from dosing_tui.export.alarm_export import drop_empty_columns, format_measured_values
    from dosing_tui.export.csv_format import to_csv
    from dosing_tui.export.json_format import to_json
    from dosing_tui.export.text_format import to_table

    match output_format:
        case "json":
            write_stdout(to_json(table))
        case "csv":
            write_stdout(to_csv(table))
        case _ if not table.rows:
            print_message("None.")
        case _:
            write_stdout(to_table(drop_empty_columns(format_measured_values(table)), width=TABLE_WIDTH))
