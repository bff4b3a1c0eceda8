"""Delivers a message by running a command, without a shell, with a timeout and without secrets."""

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from datetime import tzinfo

from dosing_tui.config.notification_channel import NotificationSettings
from dosing_tui.domain.notifications.policy import NotificationMessage
from dosing_tui.errors import DeliveryError
from dosing_tui.notifiers.payloads import encode_payload

RETRY_EXIT_CODE = os.EX_TEMPFAIL
_SECRET_PREFIXES = ("DOSING_", "PG", "CREDENTIALS_DIRECTORY")


def run_command(channel: NotificationSettings, message: NotificationMessage, zone: tzinfo) -> str:
    """Run the channel's command with the message as JSON on its stdin. Returns ''. Raises: DeliveryError."""
    name = channel.command[0]
    try:
        process = subprocess.Popen(
            channel.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=filter_environment(os.environ),
            start_new_session=True,
        )
    except OSError as error:
        raise DeliveryError(f"The command {name} cannot be started: {error.strerror}.") from error
    try:
        process.communicate(encode_payload(channel.kind, message, zone), timeout=channel.timeout_s)
    except subprocess.TimeoutExpired as error:
        raise DeliveryError(f"The command {name} took longer than {channel.timeout_s:g} s.") from error
    finally:
        _kill_process_group(process)
    if process.returncode:
        is_permanent = process.returncode > 0 and process.returncode != RETRY_EXIT_CODE
        raise DeliveryError(f"The command {name} ended with {process.returncode}.", is_permanent=is_permanent)
    return ""


def filter_environment(env: Mapping[str, str]) -> dict[str, str]:
    """
    >>> filter_environment({"PATH": "/bin", "DOSING_DATABASE_PASSWORD": "x", "PGPASSWORD": "y"})
    {'PATH': '/bin'}
    """
    return {name: value for name, value in env.items() if not name.startswith(_SECRET_PREFIXES)}


def _kill_process_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the command with all its child processes."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
