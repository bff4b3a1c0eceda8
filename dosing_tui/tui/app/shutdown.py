"""Leaving when told to by a signal, or when the terminal has gone: cleanly, and in any case soon."""

import os
import select
import signal
import termios
import threading
from asyncio import AbstractEventLoop
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
LAST_RESORT_S = 2.0
"""A terminal that takes no output (a stopped line) may not hold the process for longer."""
_RESTORE = (
    b"\x1b[?2004l\x1b[?7h\x1b[<u\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?1049l\x1b[?25h\x1b[0m"
)
_STDIN, _SCREEN = 0, 2


class Departure:
    """From ``watch`` to ``arrived``: ``leave(code)`` is called on the loop when it is time to go."""

    def __init__(self) -> None:
        self._going = False
        self._attributes: list[Any] | None = None
        self._last_resort: threading.Timer | None = None
        self._before: dict[signal.Signals, Any] = {}

    def watch(self, loop: AbstractEventLoop, leave: Callable[[int], object]) -> None:
        """Call before the terminal is changed, in the main thread; elsewhere signals are not ours."""
        if threading.current_thread() is not threading.main_thread():
            return
        with suppress(termios.error):
            self._attributes = termios.tcgetattr(_STDIN)

        def handle(number: int, frame: FrameType | None) -> None:
            # not a handler of the loop: that would wait with the loop for a blocked terminal
            self._leave(loop, leave, 128 + number)

        for number in SIGNALS:
            self._before[number] = signal.signal(number, handle)

    def arrived(self) -> None:
        """The terminal is restored: nothing is left to be forced, signals are as before."""
        if self._last_resort is not None:
            self._last_resort.cancel()
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def terminal_gone(self, loop: AbstractEventLoop, leave: Callable[[int], object]) -> bool:
        """The other end of the terminal was closed, with or without a signal."""
        if not self._going and self._attributes is not None and _hung_up():
            self._leave(loop, leave, 128 + signal.SIGHUP)
        return self._going

    def _leave(self, loop: AbstractEventLoop, leave: Callable[[int], object], code: int) -> None:
        if self._going:
            return
        self._going = True
        self._last_resort = threading.Timer(LAST_RESORT_S, self._force, (code,))
        self._last_resort.daemon = True
        self._last_resort.start()
        loop.call_soon_threadsafe(leave, code)

    def _force(self, code: int) -> None:
        """What was taken is in the spool: nothing is lost by ending here."""
        with suppress(OSError):
            os.set_blocking(_SCREEN, False)
            os.write(_SCREEN, _RESTORE)
            os.set_blocking(_SCREEN, True)
        if self._attributes is not None:
            with suppress(termios.error):
                termios.tcsetattr(_STDIN, termios.TCSANOW, self._attributes)
        os._exit(code)


def _hung_up() -> bool:
    poll = select.poll()
    poll.register(_STDIN, 0)
    return any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))
