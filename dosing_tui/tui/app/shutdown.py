"""Exit on a signal or a closed terminal: cleanly, and within a fixed time."""

import os
import select
import signal
import termios
import threading
from asyncio import AbstractEventLoop
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any

from dosing_tui.ipc.supervised_thread import start_timer
from dosing_tui.tui.app.terminal import is_in_browser

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
FORCE_EXIT_DELAY_S = 2.0
"""After it the process ends even if the terminal accepts no output (flow control)."""
_RESTORE_SEQUENCES = (
    b"\x1b[?2004l\x1b[?7h\x1b[<u\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?1049l\x1b[?25h\x1b[0m"
)
_STDIN, _SCREEN = 0, 2


class ShutdownHandler:
    """From ``install_handlers`` to ``restore_handlers``, a signal calls ``exit_app(code)`` on the loop."""

    def __init__(self) -> None:
        self._is_leaving = False
        self._terminal_attributes: list[Any] | None = None
        self._has_input = False
        """There is somebody at the other end of stdin, whose going ends the console."""
        self._force_exit_timer: threading.Timer | None = None
        self._previous_handlers: dict[signal.Signals, Any] = {}

    def install_handlers(self, loop: AbstractEventLoop, exit_app: Callable[[int], object]) -> None:
        """Call in the main thread, before the terminal is changed; in other threads it does nothing."""
        if threading.current_thread() is not threading.main_thread():
            return
        with suppress(termios.error):
            self._terminal_attributes = termios.tcgetattr(_STDIN)
        self._has_input = self._terminal_attributes is not None or is_in_browser(os.environ)

        def handle(number: int, frame: FrameType | None) -> None:
            # not a handler of the event loop: that would wait for a blocked terminal
            self._request_exit(loop, exit_app, 128 + number)

        for number in SIGNALS:
            self._previous_handlers[number] = signal.signal(number, handle)

    def ignore_keyboard(self) -> None:
        """Call when the end begins: until the program has ended the terminal sends signals again.

        Ctrl+C would leave the collector process behind, and Ctrl+Z wake a screen that has gone.
        """
        if self._terminal_attributes is not None:
            for number in (signal.SIGINT, signal.SIGTSTP):
                self._previous_handlers.pop(number, None)
                signal.signal(number, signal.SIG_IGN)

    def cancel_forced_exit(self) -> None:
        """Call after the terminal was restored."""
        if self._force_exit_timer is not None:
            self._force_exit_timer.cancel()

    def restore_handlers(self) -> None:
        """Call when nothing is left to be ended."""
        for number, handler in self._previous_handlers.items():
            signal.signal(number, handler)
        self._previous_handlers.clear()

    def check_hangup(self, loop: AbstractEventLoop, exit_app: Callable[[int], object]) -> bool:
        """True when terminal or server have gone, with or without a signal, or the exit has begun."""
        if not self._is_leaving and self._has_input and _is_hung_up():
            self._request_exit(loop, exit_app, 128 + signal.SIGHUP)
        return self._is_leaving

    def _request_exit(self, loop: AbstractEventLoop, exit_app: Callable[[int], object], code: int) -> None:
        if self._is_leaving:
            return
        self._is_leaving = True
        self._force_exit_timer = start_timer(
            "force-exit", FORCE_EXIT_DELAY_S, partial(self._force_exit, code)
        )
        loop.call_soon_threadsafe(exit_app, code)

    def _force_exit(self, code: int) -> None:
        """Received messages are in the spool: nothing is lost."""
        with suppress(OSError):
            os.set_blocking(_SCREEN, False)
            os.write(_SCREEN, _RESTORE_SEQUENCES)
            os.set_blocking(_SCREEN, True)
        if self._terminal_attributes is not None:
            with suppress(termios.error):
                termios.tcsetattr(_STDIN, termios.TCSANOW, self._terminal_attributes)
        os._exit(code)


def _is_hung_up() -> bool:
    poll = select.poll()
    poll.register(_STDIN, 0)
    return any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))
