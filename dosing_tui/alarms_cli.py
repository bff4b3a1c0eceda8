"""The command ``dosing-tui alarms`` for scripts and for one line over SSH."""

import csv
import getpass
import io
import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import astuple, fields
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from dosing_tui.config.settings import Settings
    from dosing_tui.plant.alarms.commands import Asking

    Row = TypeVar("Row", bound=DataclassInstance)

EXIT_NOTHING = 1
"""There was nothing to acknowledge or to reset."""

FORMATS = ("table", "csv", "json")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet."""
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def span(text: str) -> timedelta:
    """30m, 4h or 2d."""
    found = re.fullmatch(r"(\d{1,5})([mhd])", text.strip())
    if not found:
        raise click.BadParameter(f"{text!r} is not a span such as 30m, 4h or 2d.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


FORMAT = click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
COMMENT = click.option("--comment", default="", help="Why; kept in the journal.")
NAME = click.option("--name", default="", help="Who asks; else the account this runs under.")
TAGS = click.argument("tags", nargs=-1, metavar="[TAG]...")


@click.group()
@click.pass_context
def alarms(ctx: click.Context) -> None:
    """List and acknowledge alarms, shelve them, read their journal."""
    from dosing_tui.config.load import load

    ctx.obj = load(ctx.obj, os.environ).settings


@alarms.command("list")
@click.option("--tag", default="", help="Any part of rule/station/thing.")
@click.option("--state", "states", multiple=True, help="Only this state, e.g. unacknowledged; repeatable.")
@FORMAT
@click.pass_obj
def list_(settings: "Settings", tag: str, states: tuple[str, ...], form: str) -> None:
    """The alarms that are not normal, the most urgent first."""
    from dosing_tui import alarmdesk
    from dosing_tui.plant.alarms.records import Shown

    unknown = [word for word in states if word not in set(Shown)]
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r} is not one of {', '.join(Shown)}.", param_hint="--state")
    rows = alarmdesk.listed(settings, tag=tag, shown=[Shown(word) for word in states])
    _print(rows, form, settings)


@alarms.command()
@click.option("--since", type=span, metavar="SPAN", default="24h", show_default=True, help="How far back.")
@click.option(
    "--until", type=span, metavar="SPAN", default="0m", show_default=True, help="How long ago to end."
)
@click.option("--tag", default="", help="Any part of rule/station/thing.")
@click.option("--event", "events", multiple=True, help="Only this event, e.g. acknowledge; repeatable.")
@click.option("--user", default="", help="Only what this name, account or database role did.")
@click.option("--most", type=click.IntRange(1, 1_000_000), default=1_000, show_default=True)
@FORMAT
@click.pass_obj
def journal(
    settings: "Settings", *, since: timedelta, until: timedelta, tag: str, events: tuple[str, ...],
    user: str, most: int, form: str,
) -> None:  # fmt: skip
    """What happened to the alarms, the newest first."""
    from dosing_tui import alarmdesk
    from dosing_tui.plant.alarms.journal import JournalFilter
    from dosing_tui.plant.alarms.records import Event

    unknown = [word for word in events if word not in set(Event)]
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r} is not one of {', '.join(Event)}.", param_hint="--event")
    now = datetime.now(UTC)
    # a clock that is a little ahead must not hide what has just happened
    end = now - until if until else now + timedelta(minutes=5)
    asked = JournalFilter(now - since, end, tag, tuple(Event(word) for word in events), user, most)
    _print(alarmdesk.journal(settings, asked), form, settings)


@alarms.command()
@TAGS
@click.option("--all", "every", is_flag=True, help="Every unacknowledged alarm.")
@COMMENT
@NAME
@click.pass_obj
def ack(settings: "Settings", tags: tuple[str, ...], every: bool, comment: str, name: str) -> None:
    """Acknowledge alarms by their tags, or all."""
    from dosing_tui import alarmdesk

    _either(tags, every)
    _done("acknowledged", alarmdesk.acknowledge(settings, tags, _asking(name), comment=comment))


@alarms.command()
@TAGS
@click.option("--all", "every", is_flag=True, help="Every alarm that is latched and acknowledged.")
@COMMENT
@NAME
@click.pass_obj
def reset(settings: "Settings", tags: tuple[str, ...], every: bool, comment: str, name: str) -> None:
    """End latched alarms whose condition is gone, by their tags, or all."""
    from dosing_tui import alarmdesk

    _either(tags, every)
    _done("reset", alarmdesk.reset(settings, tags, _asking(name), comment=comment))


@alarms.command()
@click.argument("tags", nargs=-1, required=True, metavar="TAG...")
@click.option("--for", "duration", type=span, metavar="SPAN", required=True, help="How long, e.g. 30m or 4h.")
@click.option("--reason", required=True, help="Why; kept in the journal.")
@NAME
@click.pass_obj
def shelve(settings: "Settings", tags: tuple[str, ...], duration: timedelta, reason: str, name: str) -> None:
    """Silence alarms for a limited time."""
    from dosing_tui import alarmdesk

    asking = _asking(name)
    _done("shelved", alarmdesk.shelve(settings, tags, asking, duration=duration, reason=reason))


@alarms.command()
@click.argument("tags", nargs=-1, required=True, metavar="TAG...")
@COMMENT
@NAME
@click.pass_obj
def unshelve(settings: "Settings", tags: tuple[str, ...], comment: str, name: str) -> None:
    """End the shelving of alarms."""
    from dosing_tui import alarmdesk

    _done("unshelved", alarmdesk.unshelve(settings, tags, _asking(name), comment=comment))


def _either(tags: Sequence[str], every: bool) -> None:
    if bool(tags) is every:
        raise click.UsageError("Name the alarms by their tags, or say --all.")


def _asking(name: str) -> "Asking":
    from dosing_tui.plant.alarms.commands import Asking
    from dosing_tui.plant.alarms.records import Who

    account = getpass.getuser()
    return Asking(Who(name or account, account), datetime.now(UTC))


def _done(what: str, tags: Sequence[str]) -> None:
    for tag in tags:
        click.echo(f"{what}: {tag}")
    if not tags:
        click.echo("Nothing to do.", err=True)
        sys.exit(EXIT_NOTHING)


def _print(rows: "Sequence[Row]", form: str, settings: "Settings") -> None:
    cells = [astuple(row) for row in rows]
    names = [field.name for field in fields(rows[0])] if rows else []
    zone = ZoneInfo(settings.plant.timezone)
    match form:
        case "json":
            objects = [dict(zip(names, map(_plain, row), strict=True)) for row in cells]
            click.echo(json.dumps(objects, ensure_ascii=False, indent=2))
        case "csv":
            out = io.StringIO()
            writer = csv.writer(out, lineterminator="\n")
            writer.writerows([names] if names else [])
            writer.writerows([[_safe(_plain(cell)) for cell in row] for row in cells])
            click.echo(out.getvalue(), nl=False)
        case _:
            _print_table(names, [[_shown(cell, zone) for cell in row] for row in cells])


def _print_table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        click.echo("None.", err=True)
        return
    used = [column for column in range(len(names)) if any(row[column] for row in rows)]
    widths = {column: max(len(names[column]), *(len(row[column]) for row in rows)) for column in used}
    for row in (names, *rows):
        click.echo("  ".join(row[column].ljust(widths[column]) for column in used).rstrip())


def _plain(cell: object) -> object:
    return cell.isoformat() if isinstance(cell, datetime) else cell


def _safe(cell: object) -> object:
    """Text that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _shown(cell: object, zone: tzinfo) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return cell.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
        case float():
            return f"{cell:.2f}"
        case _:
            return str(cell)
