"""The command ``dosing-tui alarms`` for scripts and for one line over SSH."""

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from dosing_tui.cli.context import EXIT_NONE, away, os_user, say, settings_of, write

if TYPE_CHECKING:
    from dosing_tui.cli.alarm_actions import Done
    from dosing_tui.config.settings import Settings
    from dosing_tui.domain.alarms.models import AlarmState
    from dosing_tui.domain.alarms.operator_commands import Asking
    from dosing_tui.export.table import Extract

WIDEST = 1_000
"""No tag is cut: alarms are acknowledged by them."""
FORMATS = ("table", "csv", "json")
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
REASON = click.option("--reason", required=True, help="Why; kept in the journal.")
YES = click.option("--yes", "sure", is_flag=True, help="With --all: do not ask.")
NAMED = click.argument("tags", nargs=-1, required=True, metavar="TAG...")
TAGS = click.argument("tags", nargs=-1, metavar="[TAG]...")


class Alarms(click.Group):
    """A database that is away is one sentence and an exit status of its own, whatever was asked."""

    def invoke(self, ctx: click.Context) -> object:
        with away():
            return super().invoke(ctx)


@click.group(cls=Alarms)
@click.pass_context
def alarms(ctx: click.Context) -> None:
    """List and acknowledge alarms, shelve them, read their journal; exit 3 where the database is away."""
    ctx.obj = settings_of(ctx)


@alarms.command("list")
@click.option("--tag", default="", help="Any part of rule/station/thing.")
@click.option("--state", "states", multiple=True, help="Only this state, e.g. unacknowledged; repeatable.")
@FORMAT
@click.pass_obj
def list_(settings: "Settings", tag: str, states: tuple[str, ...], form: str) -> None:
    """The alarms that are not normal, the most urgent first."""
    from dosing_tui.cli import alarm_actions
    from dosing_tui.domain.alarms.models import Shown
    from dosing_tui.export.alarm_export import alarms_extract

    _known(states, Shown, "--state")
    found = alarm_actions.listed(settings, tag=tag, shown=[Shown(word) for word in states])
    words = " · ".join(("now", *([f"tag {tag}"] if tag else []), *states))
    zone = ZoneInfo(settings.plant.timezone)
    _print(alarms_extract(found, range=words, now=datetime.now(UTC), zone=zone), form, settings)


@alarms.command()
@click.option("--since", type=span, metavar="SPAN", default="24h", show_default=True, help="How far back.")
@click.option(
    "--until", type=span, metavar="SPAN", default="0m", show_default=True, help="How long ago to end."
)
@click.option("--tag", default="", help="Any part of rule/station/thing.")
@click.option("--event", "events", multiple=True, help="Only this event, e.g. acknowledge; repeatable.")
@click.option(
    "--state", "states", multiple=True, help="Only of alarms that are so now, e.g. shelved; repeatable."
)
@click.option("--user", default="", help="Only what this name, account or database role did.")
@click.option("--most", type=click.IntRange(1, 1_000_000), default=1_000, show_default=True)
@FORMAT
@click.pass_obj
def journal(
    settings: "Settings", *, since: timedelta, until: timedelta, tag: str, events: tuple[str, ...],
    states: tuple[str, ...], user: str, most: int, form: str,
) -> None:  # fmt: skip
    """What happened to the alarms, the newest first."""
    from dosing_tui.database.alarms import journal as journal_of
    from dosing_tui.domain.alarms.journal_filter import JournalFilter
    from dosing_tui.domain.alarms.models import Event, Shown
    from dosing_tui.export.alarm_export import journal_extract

    _known(events, Event, "--event")
    _known(states, (shown for shown in Shown if shown is not Shown.NORMAL), "--state")
    now = datetime.now(UTC)
    # a clock that is a little ahead must not hide what has just happened
    end = now - until if until else now + timedelta(minutes=5)
    asked = JournalFilter(now - since, end, tag, tuple(Event(word) for word in events), user)
    asked = replace(asked, shown=tuple(Shown(word) for word in states), most=most)
    now_so = [f"now {word}" for word in states]
    words = " · ".join(
        part for part in (f"tag {tag}" if tag else "", *events, *now_so, f"by {user}" if user else "") if part
    )
    found = journal_extract(
        journal_of.listed(settings, asked), range=words or "everything", since=asked.since, until=asked.until,
        now=now, zone=ZoneInfo(settings.plant.timezone),
    )  # fmt: skip
    _print(found, form, settings)


@alarms.command()
@TAGS
@click.option("--all", "every", is_flag=True, help="Every unacknowledged alarm.")
@YES
@COMMENT
@NAME
@click.pass_obj
def ack(
    settings: "Settings", *, tags: tuple[str, ...], every: bool, sure: bool, comment: str, name: str
) -> None:
    """Acknowledge alarms by their tags, or all.

    Asks before it acknowledges all, and says how many they are and which.
    """
    from dosing_tui.cli import alarm_actions
    from dosing_tui.domain.alarms.models import UNACKNOWLEDGED

    _either(tags, every)
    seen = (
        alarm_actions.named(settings, tags) if tags else alarm_actions.listed(settings, shown=UNACKNOWLEDGED)
    )
    if every:
        _confirm("Acknowledge", seen, sure=sure)
    _done("acknowledged", alarm_actions.acknowledge(settings, seen, _asking(name), comment=comment))


@alarms.command()
@TAGS
@click.option("--all", "every", is_flag=True, help="Every alarm that is latched and acknowledged.")
@YES
@COMMENT
@NAME
@click.pass_obj
def reset(
    settings: "Settings", *, tags: tuple[str, ...], every: bool, sure: bool, comment: str, name: str
) -> None:
    """End latched alarms, by their tags, or all.

    Their conditions have to be gone. Asks before it ends all, and says how many they are and which.
    """
    from dosing_tui.cli import alarm_actions
    from dosing_tui.domain.alarms.models import Shown

    _either(tags, every)
    latched = [Shown.LATCHED_ACKED]
    seen = alarm_actions.named(settings, tags) if tags else alarm_actions.listed(settings, shown=latched)
    if every:
        _confirm("Reset", seen, sure=sure)
    _done("reset", alarm_actions.reset(settings, seen, _asking(name), comment=comment))


@alarms.command()
@NAMED
@click.option("--for", "duration", type=span, metavar="SPAN", required=True, help="How long, e.g. 30m or 4h.")
@REASON
@NAME
@click.pass_obj
def shelve(settings: "Settings", tags: tuple[str, ...], duration: timedelta, reason: str, name: str) -> None:
    """Silence alarms for a limited time.

    Normal ones too, before work that would raise them: STOCK_LOW/dosing_system_01/T-12.
    """
    from dosing_tui.cli import alarm_actions

    seen, asking = alarm_actions.named_or_normal(settings, tags), _asking(name)
    _done("shelved", alarm_actions.shelve(settings, seen, asking, duration=duration, reason=reason))


@alarms.command()
@NAMED
@COMMENT
@NAME
@click.pass_obj
def unshelve(settings: "Settings", tags: tuple[str, ...], comment: str, name: str) -> None:
    """End the shelving of alarms."""
    from dosing_tui.cli import alarm_actions

    seen = alarm_actions.named(settings, tags)
    _done("unshelved", alarm_actions.unshelve(settings, seen, _asking(name), comment=comment))


@alarms.command()
@NAMED
@REASON
@NAME
@click.pass_obj
def remove(settings: "Settings", tags: tuple[str, ...], reason: str, name: str) -> None:
    """Take alarms out of service.

    They are silent, on every console, until somebody restores them. Normal ones too, before work that would
    raise them, e.g. while a scale is away: DOSE_GROSS/dosing_system_01/T-12.
    """
    from dosing_tui.cli import alarm_actions

    seen = alarm_actions.named_or_normal(settings, tags)
    _done("out of service", alarm_actions.remove(settings, seen, _asking(name), reason=reason))


@alarms.command()
@NAMED
@COMMENT
@NAME
@click.pass_obj
def restore(settings: "Settings", tags: tuple[str, ...], comment: str, name: str) -> None:
    """Put alarms back into service."""
    from dosing_tui.cli import alarm_actions

    seen = alarm_actions.named(settings, tags)
    _done("back in service", alarm_actions.restore(settings, seen, _asking(name), comment=comment))


def _known(words: Iterable[str], names: Iterable[str], option: str) -> None:
    """Raises: click.BadParameter."""
    names = list(names)
    for word in words:
        if word not in names:
            raise click.BadParameter(f"{word!r} is not one of {', '.join(names)}.", param_hint=option)


def _either(tags: Sequence[str], every: bool) -> None:
    if bool(tags) is every:
        raise click.UsageError("Name the alarms by their tags, or say --all.")


def _confirm(what: str, seen: "Sequence[AlarmState]", *, sure: bool) -> None:
    """Says how many they are and which, and asks; where nobody can answer, only with a yes given before."""
    if sure or not seen:
        return
    many = "1 alarm" if len(seen) == 1 else f"{len(seen)} alarms"
    say(f"{many}: {', '.join(state.key.tag for state in seen)}")
    if not sys.stdin.isatty():
        raise click.UsageError("Nobody can be asked whether that is meant: say --yes.")
    if not click.confirm(f"{what} {'it' if len(seen) == 1 else 'them'}?", err=True):
        sys.exit(EXIT_NONE)


def _asking(name: str) -> "Asking":
    from dosing_tui.domain.alarms.models import Who
    from dosing_tui.domain.alarms.operator_commands import Asking

    account = os_user()
    return Asking(Who(name or account, account), datetime.now(UTC))


def _done(what: str, outcome: "Done") -> None:
    for tag in outcome.done:
        click.echo(f"{what}: {tag}")
    for sentence in outcome.left:
        say(sentence)
    if not outcome.done:
        say("Nothing to do.")
        sys.exit(EXIT_NONE)


def _print(found: "Extract", form: str, settings: "Settings") -> None:
    from dosing_tui.export.alarm_export import narrowed
    from dosing_tui.export.csv_format import to_csv
    from dosing_tui.export.json_format import to_json
    from dosing_tui.export.text_format import to_table

    match form:
        case "json":
            write(to_json(found))
        case "csv":
            write(to_csv(found))
        case _ if not found.rows:
            say("None.")
        case _:
            write(to_table(narrowed(found), width=WIDEST))
