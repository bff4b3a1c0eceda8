"""The wall mode on the running console: it rotates, shows alarms at once, and takes no keys."""

from datetime import timedelta
from functools import partial

import pytest

from dosing_tui.live_snapshot import LinkState, LinkStatus
from dosing_tui.tui.app.app import DosingApp
from dosing_tui.tui.app.terminal_options import TerminalOptions
from dosing_tui.tui.kiosk.kiosk_rotation import ROTATION, KioskPage
from dosing_tui.tui.kiosk.kiosk_screen import KioskScreen
from tests.support.tui.alarm_samples import make_state, picture_of
from tests.support.tui.console_driver import LARGE, SMALL, Clock, Console, make_settings, wait_for
from tests.support.tui.sample_plant import NOW, FakeSource, live_plant, make_history, make_levels


def is_on_page(app: DosingApp, page: KioskPage) -> bool:
    return isinstance(app.screen, KioskScreen) and app.screen.page is page


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
async def test_the_wall_mode_rotates_holds_an_alarm_and_is_locked(size: tuple[int, int]) -> None:
    source, clock = FakeSource(make_history()), Clock()
    live = live_plant(source.story, make_levels())
    live.set_alarms(picture_of())
    app = DosingApp(
        make_settings(), live, source, clock, terminal=TerminalOptions(), kiosk=timedelta(seconds=20)
    )
    async with app.run_test(size=size) as pilot:
        console = Console(app, pilot, live, source, clock)
        await console.wait_for_text("Wall mode")
        for page in (*ROTATION[1:], ROTATION[0]):
            clock.move_forward(20)
            await wait_for(partial(is_on_page, app, page))
        # a high alarm: within the next tick; nothing acknowledges it here
        live.set_alarms(picture_of(make_state("STOCK_CRITICAL", "T-12")))
        await wait_for(partial(is_on_page, app, KioskPage.ALARM), seconds=2)
        for key in ("space", "a", "q", "1", "escape", "ctrl+q", "ctrl+c", "enter", "t", "question_mark"):
            await console.press_keys(key)
        clock.move_forward(300)
        await console.pilot.pause()
        assert is_on_page(app, KioskPage.ALARM)
        live.set_alarms(picture_of())
        live.set_broker(LinkState(LinkStatus.DOWN, NOW, "gone"))
        await wait_for(partial(is_on_page, app, KioskPage.OVERVIEW))
        # too late, then in time
        await console.press_keys("ctrl+u")
        await console.wait_for_text("Press q to end")
        clock.move_forward(6)
        await console.press_keys("q")
        assert app.is_running
        assert app.return_code is None
        await console.press_keys("ctrl+u", "x", "q")
        assert app.return_code is None
        await pilot.press("ctrl+u", "q")
        await wait_for(lambda: app.return_code == 0)
