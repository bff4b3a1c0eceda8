"""A driver that goes on reading the terminal after input that cannot be read.

Textual ends the program at the first byte that is no UTF-8, as a terminal set to Latin-1 sends for "ä", and
at a key in a form that its parser does not know, as of a terminal that another program left in another mode.
"""

from functools import partial

from textual.drivers.linux_driver import LinuxDriver

from dosing_tui.tui.containment.contained_pump import find_guard

KEYBOARD = "keyboard"
"""Name of the part that is out of order until the next key or click arrives."""
PAUSE_S = 0.1
"""Of a terminal that cannot be read at all, as one that is closed."""


class ContainedDriver(LinuxDriver):
    """Input that cannot be read costs what arrived with it, and nothing else."""

    def run_input_thread(self) -> None:
        while not self.exit_event.is_set():
            try:
                super().run_input_thread()
            except Exception as error:
                # boundary of one read of the terminal
                if guard := find_guard(self._app):
                    self._app.call_later(partial(guard.note_failure, KEYBOARD, error))
                self.exit_event.wait(PAUSE_S)
