"""What commands take from their surroundings: settings, moments as they are typed, the account."""

import getpass
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from dosing_tui.config.settings import Settings


def settings_of(ctx: click.Context) -> "Settings":
    """Raises: ConfigError."""
    from dosing_tui.config.load import load

    return load(ctx.find_root().obj, os.environ).settings


def moment(text: str, zone: str) -> datetime:
    """A day or a moment in the plant's zone, in UTC. Raises: click.BadParameter.

    >>> moment("2026-11-24 06:00", "Europe/Berlin").isoformat()
    '2026-11-24T05:00:00+00:00'
    """
    try:
        said = datetime.fromisoformat(text.strip())
        return (said if said.tzinfo else said.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(
            f"'{text}' is not a moment, e.g. 2026-11-24 or '2026-11-24 06:00'."
        ) from error


def os_user() -> str:
    """The account that runs this program; '' if the system does not say."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def say(sentence: str) -> None:
    """On stderr: progress, not the answer."""
    click.echo(sentence, err=True)
