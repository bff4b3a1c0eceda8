"""Starts this program in another process, with a channel to it."""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence


def spawn_process(
    program: Sequence[str], *, output: int | None = None
) -> tuple[subprocess.Popen[bytes], int]:
    """Start ``program``. Returns the process and our end of the channel; the other end is its stdin.

    ``output``: its stdout and stderr, by default ours. It gets its own session: signals of the terminal
    do not reach it. Raises: OSError.
    """
    ours, theirs = socket.socketpair()
    errors = None if output is None else subprocess.STDOUT
    with theirs:
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", *program], stdin=theirs.fileno(), stdout=output, stderr=errors,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": list_import_path()},
            )  # fmt: skip
        except BaseException:
            ours.close()
            raise
    return process, ours.detach()


def list_import_path() -> str:
    """This process's import path as PYTHONPATH: with -P another Python finds what this one has found."""
    return os.pathsep.join(folder or os.getcwd() for folder in sys.path)
