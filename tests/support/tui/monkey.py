"""A monkey at the console's keyboard and mouse: it types, clicks and resizes at random, by a seed."""

import random
import time
from collections import deque
from dataclasses import dataclass, field

from dosing_tui.tui.keys.bindings import ALL_KEYS
from tests.support.os_processes import is_alive
from tests.support.polling import wait_until
from tests.support.tmux_terminal import Terminal

_BYTES = {
    "enter": b"\r", "escape": b"\x1b", "tab": b"\t", "shift+tab": b"\x1b[Z", "space": b" ",
    "up": b"\x1b[A", "down": b"\x1b[B", "right": b"\x1b[C", "left": b"\x1b[D",
    "ctrl+left": b"\x1b[1;5D", "ctrl+right": b"\x1b[1;5C", "home": b"\x1b[H", "end": b"\x1b[F",
    "pageup": b"\x1b[5~", "pagedown": b"\x1b[6~", "ctrl+f": b"\x06", "slash": b"/", "full_stop": b".",
    "question_mark": b"?", "left_square_bracket": b"[", "right_square_bracket": b"]", "minus": b"-",
    "plus": b"+", "equals_sign": b"=", "colon": b":", "exclamation_mark": b"!",
    "f1": b"\x1bOP", "ctrl+p": b"\x10",
}  # fmt: skip
"""What a terminal sends for the keys with a name."""
_ODD_KEYS = {
    "backspace": b"\x7f", "delete": b"\x1b[3~", "f12": b"\x1b[24~", "ctrl+c": b"\x03",
    "ctrl+a": b"\x01", "ctrl+z": b"\x1a", "insert": b"\x1b[2~", "ä": "ä".encode(),
    "漢": "漢".encode(), "paste": b"\x1b[200~T-12\tnow-3h\nAnna\x1b[201~", "y": b"y", "q": b"q",
}  # fmt: skip
_FREQUENT = (
    "enter",
    "escape",
    "space",
    "g",
    "slash",
    "n",
    "R",
    "S",
    "a",
    "b",
    "question_mark",
    "1",
    "colon",
    "down",
    "A",
)
"""What opens, answers and closes."""
LARGE, TINY = (120, 40), (2, 1)
SIZES = (LARGE, (100, 30), (80, 24), (200, 60), (20, 5), TINY)
_CHECK_EVERY = 40
_SETTLE_S, _ANSWER_S, _END_S = 10.0, 30.0, 60.0


def _list_keys() -> dict[str, bytes]:
    names = {name for binding in ALL_KEYS for name in binding.key.split(",")} - {"ctrl+q"}
    return {name: _BYTES.get(name, name.encode()) for name in sorted(names)} | _ODD_KEYS


@dataclass
class Monkey:
    """Raises AssertionError, with the seed and the last keys, when the console stops being one."""

    terminal: Terminal
    seed: int
    typed: int = 0
    restarts: int = 0
    last_keys: deque[str] = field(default_factory=lambda: deque(maxlen=80))

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._keys = _list_keys()
        self._names = [*self._keys, *_FREQUENT * 4]
        self._size = LARGE

    def type_keys(self, count: int) -> None:
        """So many keys, clicks and new sizes; looks at the screen every now and then, and at the end."""
        end, next_check = self.typed + count, self.typed + _CHECK_EVERY
        while self.typed < end:
            self._act()
            if self.typed >= next_check:
                next_check = self.typed + _CHECK_EVERY
                self.check_screen()
        self.check_keys()

    def _act(self) -> None:
        kind = self._random.random()
        if kind < 0.02:
            self._resize(self._random.choice(SIZES))
        elif kind < 0.07:
            self._send(self._click())
        else:
            self._send(self._choose_keys())

    def _choose_keys(self) -> list[tuple[str, bytes]]:
        """One key, a double tap, or a packet of several keys in one read."""
        kind = self._random.random()
        names = [
            self._random.choice(self._names) for _ in range(1 if kind < 0.7 else self._random.randint(2, 6))
        ]
        if 0.4 < kind < 0.7:
            names *= 2
        return [(name, self._keys[name]) for name in names]

    def _click(self) -> list[tuple[str, bytes]]:
        button = self._random.choice((0, 0, 0, 1, 2, 32, 35, 64, 65))
        x, y = self._random.randint(1, self._size[0]), self._random.randint(1, self._size[1])
        name, place = f"mouse {button} at {x},{y}", f"\x1b[<{button};{x};{y}".encode()
        return [(name, place + b"M" + place + b"m")]

    def _send(self, keys: list[tuple[str, bytes]]) -> None:
        self.last_keys.append("+".join(name for name, _ in keys))
        self.typed += len(keys)
        self.terminal.send_bytes(b"".join(data for _, data in keys))

    def _resize(self, size: tuple[int, int]) -> None:
        self.last_keys.append(f"size {size[0]}x{size[1]}")
        self.typed += 1
        self._size = size
        self.terminal.resize_window(*size)

    # what must hold

    def check_screen(self) -> None:
        """The program runs, and its screen is not blank for longer than a moment."""
        deadline = time.monotonic() + _SETTLE_S
        while True:
            if not self.terminal.is_full_screen():
                self._start_again()
                return
            screen = self.terminal.read_screen()
            if screen.strip() or self._size == TINY:  # where two blanks may be all there is room for
                return
            if time.monotonic() > deadline:
                self._fail("the screen is blank", screen)
            time.sleep(0.1)

    def _start_again(self) -> None:
        """It was quit by keys; anything else is a fault. Its collector is given the time that it may take."""
        pid = self.terminal.get_pid()
        wait_until(lambda: not is_alive(pid), _END_S, why=self.terminal.read_screen)
        status, screen = self.terminal.read_exit_status(), self.terminal.read_screen()
        if status or "Error" in screen or "Aborted" in screen:
            self._fail(f"the program has ended with status {status}", screen)
        self.restarts += 1
        self._resize(LARGE)
        self.terminal.restart_program()
        self.terminal.wait_for_text("Plant 1", 60)

    def check_keys(self) -> None:
        """Some ``esc`` leave whatever is open, and ``?`` opens the help page."""
        self._resize(LARGE)
        deadline = time.monotonic() + _ANSWER_S
        while time.monotonic() < deadline:
            self.check_screen()
            for name in ("escape", "question_mark"):
                self.terminal.send_bytes(_BYTES[name])
                time.sleep(0.2)
            if self._shows_help(within_s=2):
                self.terminal.send_bytes(_BYTES["escape"])
                return
        self._fail("keys are dead", self.terminal.read_screen())

    def _shows_help(self, within_s: float) -> bool:
        deadline = time.monotonic() + within_s
        while "Tab Other page" not in self.terminal.read_screen():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def _fail(self, what: str, screen: str) -> None:
        keys = " ".join(self.last_keys)
        raise AssertionError(f"{what}: seed {self.seed}, after {self.typed} keys; the last: {keys}\n{screen}")
