"""The end of a terminal's input, and the wait for more of it."""

import os
import select
import threading
from contextlib import suppress


class InputEnd(threading.Event):
    """Set once no more input is wanted: this ends the wait of the thread that reads it."""

    def __init__(self) -> None:
        super().__init__()
        self._wake_reader, self._wake_writer = os.pipe()
        os.set_blocking(self._wake_reader, False)

    def set(self) -> None:
        super().set()
        os.write(self._wake_writer, b"\0")

    def clear(self) -> None:
        super().clear()
        with suppress(BlockingIOError):
            os.read(self._wake_reader, 4096)

    def wait_for_input(self, file: int, timeout_s: float | None) -> bool:
        """Until the file can be read or has ended; False after ``timeout_s``, or once this is set."""
        ready, _, _ = select.select([file, self._wake_reader], [], [], timeout_s)
        return not self.is_set() and file in ready
