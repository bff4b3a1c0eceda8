"""What commands take from their surroundings: settings, moments as they are typed, the account."""

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from dosing_tui.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from dosing_tui.config.settings import Settings

EXIT_NO_RESULT = 1
"""There is nothing to show, or nothing was done; stderr says why."""
EXIT_UNAVAILABLE = 3
"""The database is away: try again later. What does not pass by itself is 2, as everywhere."""


def get_settings(ctx: click.Context) -> "Settings":
    """Raises: ConfigError."""
    from dosing_tui.config.loader import load_settings

    return load_settings(ctx.find_root().obj, os.environ).settings


def parse_time(text: str, zone: str) -> datetime:
    """A day or a moment in the plant's zone, in UTC. Raises: click.BadParameter.

    >>> parse_time("2026-11-24 06:00", "Europe/Berlin").isoformat()
    '2026-11-24T05:00:00+00:00'
    """
    try:
        said = datetime.fromisoformat(text.strip())
        return (said if said.tzinfo else said.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(
            f"'{text}' is not a moment, e.g. 2026-11-24 or '2026-11-24 06:00'."
        ) from error


def get_os_user() -> str:
    """The account that runs this program; '' if the system does not say."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def print_message(text: str) -> None:
    """On stderr: progress, not the answer."""
    click.echo(text, err=True)


def write_stdout(text: str) -> None:
    """On stdout, as bytes: every platform gets the same line ends and encoding."""
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()


@contextmanager
def exit_if_unavailable() -> Iterator[None]:
    """A database that is away is one sentence, and exit status EXIT_AWAY."""
    try:
        yield
    except DatabaseUnavailableError as error:
        print_message(f"dosing-tui: {error}")
        sys.exit(EXIT_UNAVAILABLE)
