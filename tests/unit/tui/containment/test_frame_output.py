"""A frame goes to the thread that writes in one piece."""

import pytest
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual.drivers.linux_driver import LinuxDriver

from dosing_tui.tui.containment.contained_driver import ContainedDriver


class RecordedDriver(ContainedDriver):
    def __init__(self) -> None:
        self._frame = None


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(LinuxDriver, "write", lambda self, data: found.append(data))
    return found


def test_a_frame_is_written_at_once_and_what_is_beside_it_as_it_comes(written: list[str]) -> None:
    driver = RecordedDriver()
    for data in ("bell", SYNC_START, "cells", "cursor", SYNC_END, "title", SYNC_START, SYNC_END, "bell"):
        driver.write(data)
    assert written == ["bell", f"{SYNC_START}cellscursor{SYNC_END}", "title", SYNC_START + SYNC_END, "bell"]


def test_a_terminal_that_takes_no_whole_frames_is_written_to_as_before(written: list[str]) -> None:
    driver = RecordedDriver()
    for data in ("cells", "cursor"):
        driver.write(data)
    assert written == ["cells", "cursor"]


def test_a_frame_that_begins_within_another_takes_nothing_from_it(written: list[str]) -> None:
    driver = RecordedDriver()
    for data in (SYNC_START, "cells", SYNC_START, "more", SYNC_END, "bell"):
        driver.write(data)
    assert written == [f"{SYNC_START}cells{SYNC_START}more{SYNC_END}", "bell"]
