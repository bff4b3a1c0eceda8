"""The command ``dosing-tui alarms`` for scripts and for one line over SSH."""

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from dosing_tui.cli.context import (
    EXIT_NO_RESULT,
    exit_if_unavailable,
    get_os_user,
    get_settings,
    print_message,
    write_stdout,
)

if TYPE_CHECKING:
    from dosing_tui.cli.alarm_actions import AlarmCommandResult
    from dosing_tui.config.settings import Settings
    from dosing_tui.domain.alarms.models import AlarmState
    from dosing_tui.domain.alarms.operator_commands import CommandContext
    from dosing_tui.export.table import ExportTable

TABLE_WIDTH = 1_000
"""No tag is cut: alarms are acknowledged by them."""
OUTPUT_FORMATS = ("table", "csv", "json")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def parse_duration(text: str) -> timedelta:
    """30m, 4h or 2d."""
    found = re.fullmatch(r"(\d{1,5})([mhd])", text.strip())
    if not found:
        raise click.BadParameter(f"{text!r} is not a span such as 30m, 4h or 2d.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


FORMAT_OPTION = click.option(
    "--format", "form", type=click.Choice(OUTPUT_FORMATS), default="table", show_default=True
)
COMMENT_OPTION = click.option("--comment", default="", help="Why; kept in the journal.")
NAME_OPTION = click.option("--name", default="", help="Who asks; else the account this runs under.")
REASON_OPTION = click.option("--reason", required=True, help="Why; kept in the journal.")
YES_OPTION = click.option("--yes", "sure", is_flag=True, help="With --all: do not ask.")
REQUIRED_TAGS = click.argument("tags", nargs=-1, required=True, metavar="TAG...")
OPTIONAL_TAGS = click.argument("tags", nargs=-1, metavar="[TAG]...")


class AlarmCommandGroup(click.Group):
    """A database that is away is one sentence and an exit status of its own, whatever was asked."""

    def invoke(self, ctx: click.Context) -> object:
        with exit_if_unavailable():
            return super().invoke(ctx)


@click.group(cls=AlarmCommandGroup)
@click.pass_context
def alarms(ctx: click.Context) -> None:
    """List and acknowledge alarms, shelve them, read their journal; exit 3 where the database is away."""
    ctx.obj = get_settings(ctx)


@alarms.command("list")
@click.option("--tag", default="", help="Any part of rule/station/thing.")
@click.option("--state", "states", multiple=True, help="Only this state, e.g. unacknowledged; repeatable.")
@FORMAT_OPTION
@click.pass_obj
def list_active(settings: "Settings", tag: str, states: tuple[str, ...], form: str) -> None:
    """The alarms that are not normal, the most urgent first."""
    from dosing_tui.cli import alarm_actions
    from dosing_tui.domain.alarms.models import AlarmStateName
    from dosing_tui.export.alarm_export import build_alarm_table

    _check_names(states, AlarmStateName, "--state")
    found = alarm_actions.list_alarms(
        settings, tag=tag, state_names=[AlarmStateName(word) for word in states]
    )
    words = " · ".join(("now", *([f"tag {tag}"] if tag else []), *states))
    zone = ZoneInfo(settings.plant.timezone)
    _print_table(build_alarm_table(found, range=words, now=datetime.now(UTC), zone=zone), form, settings)


@alarms.command()
@click.option(
    "--since", type=parse_duration, metavar="SPAN", default="24h", show_default=True, help="How far back."
)
@click.option(
    "--until",
    type=parse_duration,
    metavar="SPAN",
    default="0m",
    show_default=True,
    help="How long ago to end.",
)
@click.option("--tag", default="", help="Any part of rule/station/thing.")
@click.option("--event", "events", multiple=True, help="Only this event, e.g. acknowledge; repeatable.")
@click.option(
    "--state", "states", multiple=True, help="Only of alarms that are so now, e.g. shelved; repeatable."
)
@click.option("--user", default="", help="Only what this name, account or database role did.")
@click.option("--most", type=click.IntRange(1, 1_000_000), default=1_000, show_default=True)
@FORMAT_OPTION
@click.pass_obj
def journal(
    settings: "Settings", *, since: timedelta, until: timedelta, tag: str, events: tuple[str, ...],
    states: tuple[str, ...], user: str, most: int, form: str,
) -> None:  # fmt: skip
    """What happened to the alarms, the newest first."""
    from dosing_tui.database.alarms import journal as journal_of
    from dosing_tui.domain.alarms.journal_filter import JournalFilter
    from dosing_tui.domain.alarms.models import AlarmEvent, AlarmStateName
    from dosing_tui.export.alarm_export import build_journal_table

    _check_names(events, AlarmEvent, "--event")
    _check_names(states, (shown for shown in AlarmStateName if shown is not AlarmStateName.NORMAL), "--state")
    now = datetime.now(UTC)
    # a clock that is a little ahead must not hide what has just happened
    end = now - until if until else now + timedelta(minutes=5)
    asked = JournalFilter(now - since, end, tag, tuple(AlarmEvent(word) for word in events), user)
    asked = replace(asked, state_names=tuple(AlarmStateName(word) for word in states), max_entries=most)
    now_so = [f"now {word}" for word in states]
    words = " · ".join(
        part for part in (f"tag {tag}" if tag else "", *events, *now_so, f"by {user}" if user else "") if part
    )
    found = build_journal_table(
        journal_of.list_entries(settings, asked), range=words or "everything", since=asked.since, until=asked.until,
        now=now, zone=ZoneInfo(settings.plant.timezone),
    )  # fmt: skip
    _print_table(found, form, settings)


@alarms.command()
@OPTIONAL_TAGS
@click.option("--all", "every", is_flag=True, help="Every unacknowledged alarm.")
@YES_OPTION
@COMMENT_OPTION
@NAME_OPTION
@click.pass_obj
def ack(
    settings: "Settings", *, tags: tuple[str, ...], every: bool, sure: bool, comment: str, name: str
) -> None:
    """Acknowledge alarms by their tags, or all.

    Asks before it acknowledges all, and says how many they are and which.
    """
    from dosing_tui.cli import alarm_actions
    from dosing_tui.domain.alarms.models import UNACKNOWLEDGED_STATES

    _require_tags_or_all(tags, every)
    seen = (
        alarm_actions.find_alarms(settings, tags)
        if tags
        else alarm_actions.list_alarms(settings, state_names=UNACKNOWLEDGED_STATES)
    )
    if every:
        _confirm_all("Acknowledge", seen, is_confirmed=sure)
    _print_result(
        "acknowledged",
        alarm_actions.acknowledge_alarms(settings, seen, _build_context(name), comment=comment),
    )


@alarms.command()
@OPTIONAL_TAGS
@click.option("--all", "every", is_flag=True, help="Every alarm that is latched and acknowledged.")
@YES_OPTION
@COMMENT_OPTION
@NAME_OPTION
@click.pass_obj
def reset(
    settings: "Settings", *, tags: tuple[str, ...], every: bool, sure: bool, comment: str, name: str
) -> None:
    """End latched alarms, by their tags, or all.

    Their conditions have to be gone. Asks before it ends all, and says how many they are and which.
    """
    from dosing_tui.cli import alarm_actions
    from dosing_tui.domain.alarms.models import AlarmStateName

    _require_tags_or_all(tags, every)
    latched = [AlarmStateName.LATCHED_ACKED]
    seen = (
        alarm_actions.find_alarms(settings, tags)
        if tags
        else alarm_actions.list_alarms(settings, state_names=latched)
    )
    if every:
        _confirm_all("Reset", seen, is_confirmed=sure)
    _print_result("reset", alarm_actions.reset_alarms(settings, seen, _build_context(name), comment=comment))


@alarms.command()
@REQUIRED_TAGS
@click.option(
    "--for", "duration", type=parse_duration, metavar="SPAN", required=True, help="How long, e.g. 30m or 4h."
)
@REASON_OPTION
@NAME_OPTION
@click.pass_obj
def shelve(settings: "Settings", tags: tuple[str, ...], duration: timedelta, reason: str, name: str) -> None:
    """Silence alarms for a limited time.

    Normal ones too, before work that would raise them: STOCK_LOW/dosing_system_01/T-12.
    """
    from dosing_tui.cli import alarm_actions

    seen, asking = alarm_actions.find_alarms_or_normal(settings, tags), _build_context(name)
    _print_result(
        "shelved", alarm_actions.shelve_alarms(settings, seen, asking, duration=duration, reason=reason)
    )


@alarms.command()
@REQUIRED_TAGS
@COMMENT_OPTION
@NAME_OPTION
@click.pass_obj
def unshelve(settings: "Settings", tags: tuple[str, ...], comment: str, name: str) -> None:
    """End the shelving of alarms."""
    from dosing_tui.cli import alarm_actions

    seen = alarm_actions.find_alarms(settings, tags)
    _print_result(
        "unshelved", alarm_actions.unshelve_alarms(settings, seen, _build_context(name), comment=comment)
    )


@alarms.command()
@REQUIRED_TAGS
@REASON_OPTION
@NAME_OPTION
@click.pass_obj
def remove(settings: "Settings", tags: tuple[str, ...], reason: str, name: str) -> None:
    """Take alarms out of service.

    They are silent, on every console, until somebody restores them. Normal ones too, before work that would
    raise them, e.g. while a scale is away: DOSE_GROSS/dosing_system_01/T-12.
    """
    from dosing_tui.cli import alarm_actions

    seen = alarm_actions.find_alarms_or_normal(settings, tags)
    _print_result(
        "out of service",
        alarm_actions.remove_from_service(settings, seen, _build_context(name), reason=reason),
    )


@alarms.command()
@REQUIRED_TAGS
@COMMENT_OPTION
@NAME_OPTION
@click.pass_obj
def restore(settings: "Settings", tags: tuple[str, ...], comment: str, name: str) -> None:
    """Put alarms back into service."""
    from dosing_tui.cli import alarm_actions

    seen = alarm_actions.find_alarms(settings, tags)
    _print_result(
        "back in service",
        alarm_actions.return_to_service(settings, seen, _build_context(name), comment=comment),
    )


def _check_names(values: Iterable[str], names: Iterable[str], option: str) -> None:
    """Raises: click.BadParameter."""
    names = list(names)
    for word in values:
        if word not in names:
            raise click.BadParameter(f"{word!r} is not one of {', '.join(names)}.", param_hint=option)


def _require_tags_or_all(tags: Sequence[str], is_all: bool) -> None:
    if bool(tags) is is_all:
        raise click.UsageError("Name the alarms by their tags, or say --all.")


def _confirm_all(action: str, targets: "Sequence[AlarmState]", *, is_confirmed: bool) -> None:
    """Says how many they are and which, and asks; where nobody can answer, only with a yes given before."""
    if is_confirmed or not targets:
        return
    many = "1 alarm" if len(targets) == 1 else f"{len(targets)} alarms"
    print_message(f"{many}: {', '.join(state.key.tag for state in targets)}")
    if not sys.stdin.isatty():
        raise click.UsageError("Nobody can be asked whether that is meant: say --yes.")
    if not click.confirm(f"{action} {'it' if len(targets) == 1 else 'them'}?", err=True):
        sys.exit(EXIT_NO_RESULT)


def _build_context(name: str) -> "CommandContext":
    from dosing_tui.domain.alarms.models import Actor
    from dosing_tui.domain.alarms.operator_commands import CommandContext

    account = get_os_user()
    return CommandContext(Actor(name or account, account), datetime.now(UTC))


def _print_result(action: str, result: "AlarmCommandResult") -> None:
    for tag in result.changed_tags:
        click.echo(f"{action}: {tag}")
    for sentence in result.refusals:
        print_message(sentence)
    if not result.changed_tags:
        print_message("Nothing to do.")
        sys.exit(EXIT_NO_RESULT)


def _print_table(table: "ExportTable", output_format: str, settings: "Settings") -> None:
    from dosing_tui.export.alarm_export import drop_empty_columns
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
            write_stdout(to_table(drop_empty_columns(table), width=TABLE_WIDTH))
