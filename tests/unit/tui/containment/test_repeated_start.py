"""The signal of a program that is continued comes again while the terminal is still being set up."""

import pytest
from textual.drivers.linux_driver import LinuxDriver

from dosing_tui.tui.containment.contained_driver import ContainedDriver


class InterruptedDriver(ContainedDriver):
    """While it ends the earlier input, such a signal comes, as often as ``interruptions``."""

    def __init__(self, interruptions: int) -> None:
        self._is_starting = self._is_start_due = False
        self._interruptions = interruptions
        self.steps: list[str] = []

    def _end_earlier_input(self) -> None:
        self.steps.append("ending")
        if self._interruptions:
            self._interruptions -= 1
            self.start_application_mode()
        self.steps.append("ended")


@pytest.mark.parametrize("interruptions", [0, 1, 3])
def test_a_start_within_a_start_follows_it(monkeypatch: pytest.MonkeyPatch, interruptions: int) -> None:
    driver = InterruptedDriver(interruptions)
    monkeypatch.setattr(LinuxDriver, "start_application_mode", lambda self: driver.steps.append("started"))
    driver.start_application_mode()
    assert driver.steps == ["ending", "ended", "started"] * (interruptions + 1)
