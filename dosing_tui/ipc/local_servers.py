"""What a server on this machine, started for a while, needs: its program and a port."""

import os
import shutil
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
SEARCH_PATHS = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")
"""Folders of mosquitto besides PATH."""


def find_mosquitto() -> Path | None:
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path=os.pathsep.join(SEARCH_PATHS))
    return Path(program).resolve() if program else None


def find_free_port() -> int:
    """A port of 127.0.0.1 that is free at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
