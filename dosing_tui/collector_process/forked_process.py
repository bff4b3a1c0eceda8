"""A process that goes on as a copy of this one: what both have imported is in memory once."""

import gc
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing import get_context


def can_fork() -> bool:
    """Whether a copy of this process works: a lock that another thread holds would never be free in it.

    Only on Linux: libraries of other systems have threads of their own.
    """
    has_streams = None not in (sys.stdin, sys.stdout, sys.stderr)
    return sys.platform == "linux" and threading.active_count() == 1 and has_streams


class ForkedProcess:
    """Exits with what ``serve`` returns, which gets the channel; for its owner as a subprocess.Popen.

    To be made when ``can_fork``, and while no file is open: the copy would have it, too. It gets a session of
    its own: signals of the terminal do not reach it. Raises: OSError.
    """

    def __init__(self, serve: Callable[[int], int]) -> None:
        ours, theirs = socket.socketpair()
        reader, writer = os.pipe()
        gc.freeze()  # in either process a search for cycles would write to, and so copy, every page
        self._process = get_context("fork").Process(
            target=_run_copy, args=(serve, ours, theirs, reader, writer), daemon=True
        )
        try:
            with theirs:
                self._process.start()
        except BaseException:
            ours.close()
            os.close(reader)
            raise
        finally:
            os.close(writer)
        self.channel = ours.detach()
        self.stdout = os.fdopen(reader, "rb")
        """What it writes to stdout and stderr."""

    @property
    def pid(self) -> int:
        assert self._process.pid
        return self._process.pid

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout: float | None = None) -> int:
        """Returns the exit status, -n after signal n. Raises: subprocess.TimeoutExpired."""
        self._process.join(timeout)
        status = self._process.exitcode
        if status is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        return status


def _run_copy(
    serve: Callable[[int], int], ours: socket.socket, theirs: socket.socket, reader: int, writer: int
) -> None:
    """The channel becomes stdin."""
    os.setsid()
    ours.close()
    os.close(reader)
    os.dup2(theirs.fileno(), 0)
    for stream in (1, 2):
        os.dup2(writer, stream)
    theirs.close()
    os.close(writer)
    sys.exit(serve(0))
