"""A driver that goes on with a terminal that sends what cannot be read, or that was left in another mode.

Textual ends the program at the first byte that is no UTF-8, as a terminal set to Latin-1 sends for "ä", and
at a key in a form that its parser does not know, as of a terminal that another program left in another mode.
"""

import os
from codecs import getincrementaldecoder
from functools import partial
from string import digits, punctuation
from typing import Any, NamedTuple, cast

from textual import constants
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS, SYNC_END, SYNC_START
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.keys import Keys, _character_to_key

from dosing_tui.tui.containment.contained_pump import find_guard
from dosing_tui.tui.containment.input_end import InputEnd

KEYBOARD = "keyboard"
"""Name of the part that counts as failed until the next key or click arrives."""
_SCREEN = 2
PAUSE_S = 0.1
"""Of a terminal that cannot be read at all, as one that is closed."""
POLL_S = 0.1
IDLE_POLLS = 2 + int(constants.ESCAPE_DELAY / POLL_S)
"""Waits after input for what may follow: only then is an escape the key, and not the begin of another."""
MAX_BYTES = 4096
_SEQUENCE_BEGINNINGS = "[]^_\\<>"
"""What may follow an escape in a sequence of a terminal; of letters many, so they stay with Textual."""


class TypedKey(NamedTuple):
    """As a member of Textual's ``Keys``."""

    value: str


def split_escaped_keys() -> None:
    """Have Textual read an escape with a digit or sign behind it as these two keys.

    They arrive at once over a slow line. Textual takes them for one key, such as "£" for escape and 3.
    """
    table = cast(dict[str, object], ANSI_SEQUENCES_KEYS)
    for character in {*digits, *punctuation}.difference(_SEQUENCE_BEGINNINGS):
        table["\x1b" + character] = (Keys.Escape, TypedKey(_character_to_key(character)))


class ContainedDriver(LinuxDriver):
    """Input that cannot be read costs what arrived with it, and nothing else.

    Its thread sleeps while there is none; Textual's own wakes ten times a second.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:  # Any: Textual's own
        super().__init__(*arguments, **options)
        self._input_end = self.exit_event = InputEnd()
        self._is_starting = self._is_start_due = False
        self._frame: list[str] | None = None
        """What was written of a frame that has not ended."""

    def write(self, data: str) -> None:
        """A frame at once: the thread that writes wakes once for it, not for its begin and end as well."""
        if data == SYNC_START and self._frame is None:
            self._frame = []
        if self._frame is None:
            super().write(data)
            return
        self._frame.append(data)
        if data == SYNC_END:
            frame, self._frame = self._frame, None
            super().write("".join(frame))

    def start_application_mode(self) -> None:
        """Where a signal asks for it again while it is under way, it is repeated after that.

        Within it, the wait for the end of the earlier input would wait for itself.
        """
        self._is_start_due = True
        if self._is_starting:
            return
        self._is_starting = True
        try:
            while self._is_start_due:
                self._is_start_due = False
                self._start_once()
        finally:
            self._is_starting = False

    def _start_once(self) -> None:
        split_escaped_keys()
        self._end_earlier_input()
        # else the thread that draws ends, unseen, at the first picture for which the terminal has no room
        os.set_blocking(_SCREEN, True)
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's has no types

    def _end_earlier_input(self) -> None:
        """That of a program which is continued without a stop before, as by the kernel after a hangup.

        Textual would start another beside it and know of the last one only: the first could go on for ever.
        """
        if self._key_thread is not None and self._key_thread.is_alive():
            self.exit_event.set()
            self._key_thread.join()
            self.exit_event.clear()

    def run_input_thread(self) -> None:
        while not self.exit_event.is_set():
            try:
                self._read_input()
                return
            except Exception as error:
                # boundary of one read of the terminal
                if guard := find_guard(self._app):
                    self._app.call_later(partial(guard.note_failure, KEYBOARD, error))
                self.exit_event.wait(PAUSE_S)

    def _read_input(self) -> None:
        """Until no more is wanted, or the terminal has gone."""
        parser, decode = XTermParser(self._debug), getincrementaldecoder("utf-8")().decode
        idle_polls = 0
        while not self._input_end.is_set():
            if self._input_end.wait_for_input(self.fileno, POLL_S if idle_polls < IDLE_POLLS else None):
                idle_polls = 0
                if not (data := os.read(self.fileno, MAX_BYTES)):
                    return
                # an empty text would end the parser
                for event in parser.feed(text) if (text := decode(data)) else ():
                    self.process_message(event)
            else:
                idle_polls += 1
            for event in parser.tick():
                self.process_message(event)
