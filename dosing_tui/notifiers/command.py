"""Tells by running a command: never a shell, a limited time, and no secrets of ours in its environment."""

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from datetime import tzinfo

from dosing_tui.config.notification_channel import NotificationSettings
from dosing_tui.domain.notifications.policy import Message
from dosing_tui.errors import DeliveryError
from dosing_tui.notifiers.payloads import body

TRY_AGAIN = os.EX_TEMPFAIL
_OURS = ("DOSING_", "PG", "CREDENTIALS_DIRECTORY")


def run(channel: NotificationSettings, message: Message, zone: tzinfo) -> str:
    """'' when the command has told. Raises: DeliveryError."""
    name = channel.command[0]
    try:
        process = subprocess.Popen(
            channel.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(os.environ),
            start_new_session=True,
        )
    except OSError as error:
        raise DeliveryError(f"The command {name} cannot be started: {error.strerror}.") from error
    try:
        process.communicate(body(channel.kind, message, zone), timeout=channel.timeout_s)
    except subprocess.TimeoutExpired as error:
        raise DeliveryError(f"The command {name} took longer than {channel.timeout_s:g} s.") from error
    finally:
        _end(process)
    if process.returncode:
        lasting = process.returncode > 0 and process.returncode != TRY_AGAIN
        raise DeliveryError(f"The command {name} ended with {process.returncode}.", lasting=lasting)
    return ""


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """
    >>> environment({"PATH": "/bin", "DOSING_DATABASE_PASSWORD": "x", "PGPASSWORD": "y"})
    {'PATH': '/bin'}
    """
    return {name: value for name, value in env.items() if not name.startswith(_OURS)}


def _end(process: subprocess.Popen[bytes]) -> None:
    """With everything it has started."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
