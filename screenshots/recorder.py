"""Runs a program in a pseudo-terminal, presses keys, and keeps every byte it writes."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType


@dataclass(frozen=True, slots=True)
class Size:
    columns: int
    rows: int


class Recorder:
    """A context: the program is ended on the way out."""

    def __init__(self, command: Sequence[str], size: Size, environment: Mapping[str, str]) -> None:
        self._command = command
        self._size = size
        self._environment = environment
        self.recorded = b""

    def __enter__(self) -> "Recorder":
        self.terminal, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", self._size.rows, self._size.columns, 0, 0))
        self.program = subprocess.Popen(
            self._command, stdin=inner, stdout=inner, stderr=inner, env=dict(self._environment),
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(inner)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.program.poll() is None:
            self.program.send_signal(signal.SIGTERM)
            self.status(30)
        self.program.kill()
        self.program.wait()
        with suppress(OSError):
            os.close(self.terminal)

    def status(self, seconds: float) -> int | None:
        """The program's exit status once it has ended, None when it does not within a time."""
        deadline = time.monotonic() + seconds
        while self.program.poll() is None and time.monotonic() < deadline:
            self._read(0.05)
        self._read(0)
        return self.program.returncode

    def watch(self, seconds: float) -> None:
        """Let the program run for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._read(left)

    def wait_for(self, text: str, seconds: float = 120.0) -> None:
        """Until the program has written ``text``. Raises: TimeoutError with the end of what it wrote."""
        end = time.monotonic() + seconds
        while text.encode() not in self.recorded:
            if time.monotonic() > end or self.program.poll() is not None:
                raise TimeoutError(f"{text!r} was not written; last: {self.recorded[-2_000:]!r}")
            self._read(0.2)

    def press(self, keys: bytes) -> None:
        os.write(self.terminal, keys)

    def _read(self, seconds: float) -> None:
        if select.select([self.terminal], [], [], seconds)[0]:
            try:
                self.recorded += os.read(self.terminal, 1 << 16)
            except OSError:
                # the program has closed the terminal
                time.sleep(min(seconds, 0.05))
