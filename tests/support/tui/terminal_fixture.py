"""A terminal with all colours, whatever the tests run on, and a typist who looks at the screen."""

import pytest
from textual.message import Message
from textual.pilot import Pilot

from dosing_tui.tui.app.ordered_input import OrderedInputApp
from tests.support.tui.console_driver import wait_for


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")


@pytest.fixture(autouse=True)
def _paced_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """``pilot.press`` types a key when the screen it is for has been drawn, as a person does."""
    press_at_once = Pilot.press

    async def press(pilot: Pilot[object], *keys: str) -> None:
        for key in keys:
            app = pilot.app
            if isinstance(app, OrderedInputApp):
                await wait_for(lambda app=app: app.awaits_input(Message().time) or not app.is_running)  # type: ignore[misc]
            await press_at_once(pilot, key)

    monkeypatch.setattr(Pilot, "press", press)
