"""An escape and a key behind it that arrive in one read."""

from collections.abc import Iterator
from string import digits
from typing import cast

import pytest
from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser

from dosing_tui.tui.containment.contained_driver import split_escaped_keys


@pytest.fixture(autouse=True)
def _split_keys() -> Iterator[None]:
    table = cast(dict[str, object], ANSI_SEQUENCES_KEYS)
    before = dict(table)
    split_escaped_keys()
    yield
    table.clear()
    table.update(before)


def read_keys(typed: str) -> list[str]:
    parser = XTermParser()
    parsed = [*parser.feed(typed), *parser.feed("")]
    return [event.key for event in parsed if isinstance(event, events.Key)]


@pytest.mark.parametrize("digit", digits)
def test_a_digit_behind_escapes_is_read_too(digit: str) -> None:
    assert read_keys(f"\x1b{digit}") == ["escape", digit]
    assert read_keys(f"\x1b\x1b{digit}") == ["escape", "escape", digit]


def test_a_sign_behind_an_escape_is_read_too() -> None:
    assert read_keys("\x1b/") == ["escape", *read_keys("/")]
    assert read_keys("\x1b-5") == ["escape", *read_keys("-"), "5"]
    assert read_keys("\x1b?") == ["escape", *read_keys("?")]


def test_keys_that_a_terminal_sends_as_a_sequence_stay_one_key() -> None:
    assert read_keys("\x1b[A\x1bOB\x1b[5~") == ["up", "down", "pageup"]
    assert read_keys("\x1b[1;5C\x1bb\x1bf") == ["ctrl+right", "ctrl+left", "ctrl+right"]
