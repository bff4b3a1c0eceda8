"""Tells systemd that a service is ready, works or stops (sd_notify); nothing without systemd.

Source: sd_notify(3): datagrams to the socket in NOTIFY_SOCKET.
"""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress


class ServiceManager:
    """``environment``: NOTIFY_SOCKET and WATCHDOG_USEC, which systemd sets."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._watchdog_us = environment.get("WATCHDOG_USEC", "")

    @property
    def watchdog_interval_s(self) -> float | None:
        """Half the time after which systemd restarts a silent service; None without a watchdog."""
        with suppress(ValueError):
            return int(self._watchdog_us) / 2_000_000 or None
        return None

    def notify_ready(self, status: str) -> None:
        self._send(f"READY=1\nSTATUS={status}")

    def notify_working(self, status: str) -> None:
        """``status``: one line, shown by ``systemctl status``."""
        self._send(f"WATCHDOG=1\nSTATUS={status}")

    def notify_stopping(self) -> None:
        self._send("STOPPING=1")

    def _send(self, state: str) -> None:
        if not self._address:
            return
        # an abstract socket begins with a null byte, written as @
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)  # a manager that hangs must not stop the service
            sender.connect(address)
            sender.send(state.encode())
