"""Starts this program once more, as a process of its own, with a channel to it."""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence


def spawn_process(
    program: Sequence[str], *, output: int | None = None
) -> tuple[subprocess.Popen[bytes], int]:
    """The process, and our end of the channel, whose other end is its stdin.

    ``output``: where it writes to, if not to where we do. In a session of its own: the terminal's signals
    are ours alone. Raises: OSError.
    """
    ours, theirs = socket.socketpair()
    errors = None if output is None else subprocess.STDOUT
    with theirs:
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", *program], stdin=theirs.fileno(), stdout=output, stderr=errors,
                start_new_session=True, env=_build_environment(),
            )  # fmt: skip
        except BaseException:
            ours.close()
            raise
    return process, ours.detach()


def _build_environment() -> dict[str, str]:
    """The same program as ours, wherever that was imported from."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(folder or os.getcwd() for folder in sys.path)}
