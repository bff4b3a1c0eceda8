"""A thread that waits for a terminal's input is woken by input, by its end, and when no more is wanted."""

import os
from collections.abc import Iterator
from contextlib import suppress
from threading import Event

import pytest

from dosing_tui.ipc.supervised_thread import start_one_shot
from dosing_tui.tui.containment.input_end import InputEnd


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """To read from and to write to."""
    ends = os.pipe()
    yield ends
    for end in ends:
        with suppress(OSError):
            os.close(end)


def test_input_and_the_end_of_the_file_wake_it(pipe: tuple[int, int]) -> None:
    file, writer = pipe
    end = InputEnd()
    assert not end.wait_for_input(file, 0)
    os.write(writer, b"a")
    assert end.wait_for_input(file, None)
    assert os.read(file, 1) == b"a"
    os.close(writer)
    assert end.wait_for_input(file, None)


def test_it_is_woken_when_no_more_input_is_wanted_each_time(pipe: tuple[int, int]) -> None:
    file, _ = pipe
    end = InputEnd()
    for _ in range(3):
        answers: list[bool] = []
        begun = Event()

        def wait(answers: list[bool] = answers, begun: Event = begun) -> None:
            begun.set()
            answers.append(end.wait_for_input(file, None))

        thread = start_one_shot("waiting", wait)
        assert begun.wait(60)
        end.set()
        thread.join(60)
        assert answers == [False]
        end.clear()
        assert not end.is_set()
        assert not end.wait_for_input(file, 0)
