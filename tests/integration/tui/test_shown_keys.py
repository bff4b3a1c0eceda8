"""A key that a footer shows does something on that screen, and help opens over every screen."""

import pytest

from dosing_tui.tui.dialogs.quit_and_help import HelpScreen
from dosing_tui.tui.keys.footer_hints import FooterMode
from dosing_tui.tui.rendering.click_target import parse_key
from tests.support.tui.console_driver import SMALL, Console, open_console, wait_for

SCREENS = {
    FooterMode.SCREEN: ("1",),
    FooterMode.TANKS: ("2",),
    FooterMode.ALARM_LIST: ("a",),
    FooterMode.BATCH_LIST: ("b",),
    FooterMode.SHIFT_REPORT: ("S",),
    FooterMode.DOCTOR: ("D",),
    FooterMode.MAINTENANCE: ("M",),
}
"""The keys that open each screen from the overview."""


def list_dead_keys(console: Console, mode: FooterMode) -> list[str]:
    targets = [(hint.keys, parse_key(hint.keys)) for hint in console.app.services.hints[mode]]
    active = console.app.screen.active_bindings
    return [name for name, target in targets if target is None or target.key not in active]


@pytest.mark.parametrize("mode", SCREENS)
async def test_every_shown_key_is_bound_and_f1_opens_the_help(mode: FooterMode) -> None:
    async with open_console(size=SMALL) as console:
        await console.press_keys(*SCREENS[mode])
        shown = console.app.screen
        assert list_dead_keys(console, mode) == []
        await console.press_keys("f1")
        await wait_for(lambda: isinstance(console.app.screen, HelpScreen))
        await console.press_keys("escape")
        await wait_for(lambda: console.app.screen is shown)


@pytest.mark.parametrize(("key", "heading"), [("S", "Shift report"), ("D", "Doctor"), ("M", "Maintenance")])
async def test_a_page_is_closed_by_the_key_that_opened_it_and_the_help_shows_its_keys(
    key: str, heading: str
) -> None:
    async with open_console(size=SMALL) as console:
        await console.press_keys(key, "f1")
        await console.wait_for_text("Batches: the list")
        assert f"  {heading}  " in console.screen
        await console.press_on_next_screen("escape", key)
        await wait_for(lambda: console.app.screen is console.app.dashboard_screen)


async def test_the_doctors_page_has_keys_of_its_own() -> None:
    async with open_console() as console:
        await console.press_keys("D")
        shown = console.app.screen
        await console.press_keys("S")
        assert console.app.screen is shown
        bindings = {key: active.binding for key, active in shown.active_bindings.items()}
        assert [bindings[key].id for key in ("D", "r")] == ["doctor-close", "doctor-refresh"]
        assert "report" not in " ".join(bindings[key].tooltip for key in ("D", "r"))
