"""Shared by all commands: settings, times as typed, the account, output and exit statuses."""

import os
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, NoReturn, TextIO, TypeVar

import click

from dosing_tui.errors import ExportError

if TYPE_CHECKING:
    from dosing_tui.config.loader import LoadedSettings
    from dosing_tui.config.settings import Settings

RowT = TypeVar("RowT")
EXIT_NO_RESULT = 1
"""Nothing to show, or nothing done; the reason is on stderr."""
EXIT_UNAVAILABLE = 3
"""The database is unavailable: try again later. What needs a correction is 2, as everywhere."""
EXIT_READER_GONE = 141
"""As of every program whose reader, such as ``head``, closed the pipe."""


def load_config(ctx: click.Context) -> "LoadedSettings":
    """Raises: ConfigError."""
    from dosing_tui.config.loader import load_settings

    return load_settings(ctx.find_root().obj, os.environ)


def load_plant_config(ctx: click.Context) -> "LoadedSettings":
    """For what works with a plant. Raises: ConfigError, also without any setting of a plant."""
    from dosing_tui.errors import ConfigError

    loaded = load_config(ctx)
    if not loaded.describes_plant:
        raise ConfigError(
            "There are no settings yet. To see a plant: dosing-tui demo. For your plant: dosing-tui config "
            f"init writes {loaded.path}; then set broker, database and time zone there."
        )
    return loaded


def get_settings(ctx: click.Context) -> "Settings":
    """Those of a plant. Raises: ConfigError, see ``load_plant_config``."""
    return load_plant_config(ctx).settings


def pass_settings(command: Callable[..., object]) -> Callable[..., object]:
    """A decorator: the plant's settings are the command's first argument. Its help needs none."""

    @wraps(command)
    def run_with_settings(*arguments: object, **options: object) -> object:
        return command(get_settings(click.get_current_context()), *arguments, **options)

    return run_with_settings


def parse_time(text: str, zone: str) -> datetime:
    """A date or time in the plant's zone, in UTC. Raises: click.BadParameter.

    >>> parse_time("2026-11-24 06:00", "Europe/Berlin").isoformat()
    '2026-11-24T05:00:00+00:00'
    """
    # imported here to save start-up
    from zoneinfo import ZoneInfo

    try:
        time = datetime.fromisoformat(text.strip())
        return (time if time.tzinfo else time.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(
            f"'{text}' is not a date or time, e.g. 2026-11-24 or '2026-11-24 06:00'."
        ) from error


def parse_interval(text: str) -> timedelta:
    """Seconds, minutes or hours; 2 seconds to 1 hour. Raises: click.BadParameter.

    >>> parse_interval("20s"), parse_interval("2m")
    (datetime.timedelta(seconds=20), datetime.timedelta(seconds=120))
    """
    match = re.fullmatch(r"(\d{1,6})\s*([smh]?)", text.strip())
    seconds = int(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]] if match else 0
    if not 2 <= seconds <= 3600:
        raise click.BadParameter(f"'{text}' is not a time of 2 seconds to 1 hour, e.g. 20s or 1m.")
    return timedelta(seconds=seconds)


def get_os_user() -> str:
    """The account that runs this program; '' if the system has no name for it."""
    # imported here to save start-up
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def print_message(text: str) -> None:
    """On stderr: progress and reasons; stdout is for the result alone. Raises: OSError when it is closed."""
    try:
        click.echo(text, err=True)
    except OSError:
        _discard_unwritten(sys.stderr)
        raise


def _discard_unwritten(stream: TextIO) -> None:
    """Python would write the rest at its exit, fail again and exit with 120."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def cut_list(rows: Sequence[RowT], most: int, noun: str) -> Sequence[RowT]:
    """The newest ``most`` of rows that were read with one more; on stderr whether there are more."""
    if len(rows) > most:
        from dosing_tui.domain.quantities.quantity_text import format_count

        text = f"Only the newest {format_count(most)} {noun}: a shorter range or a filter shows the others."
        print_message(text)
    return rows[:most]


def exit_without_result(reason: str) -> NoReturn:
    """Exit status EXIT_NO_RESULT, with the reason on stderr."""
    print_message(reason)
    sys.exit(EXIT_NO_RESULT)


def write_stdout(text: str) -> None:
    """On stdout, as bytes: the same line ends and encoding on every platform.

    Raises: ExportError, if not all of it can be written. A reader that has gone ends the program.
    """
    if sys.stdout is None:
        raise ExportError("There is no output to write to: stdout is closed.")
    try:
        sys.stdout.buffer.write(text.encode(errors="surrogateescape"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _discard_unwritten(sys.stdout)
        sys.exit(EXIT_READER_GONE)
    except OSError as error:
        _discard_unwritten(sys.stdout)
        raise ExportError(f"The output cannot be written: {error.strerror}.") from error


def write_line(text: object) -> None:
    """As ``write_stdout``, with the end of a line."""
    write_stdout(f"{text}\n")
