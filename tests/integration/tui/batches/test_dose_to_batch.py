"""From a dose to its batch, and back to the same row of the dose table."""

from dosing_tui.domain.messages.models import Dose
from dosing_tui.live_state import LiveState
from tests.support.domain.batch_messages import make_dose
from tests.support.tui.batch_console import (
    apply_live,
    make_clean_batches,
    move_to_today,
    open_review_console,
    store_readings,
)
from tests.support.tui.console_driver import wait_for


async def test_enter_on_a_dose_opens_its_batch_and_escape_leads_back_to_the_row(migrated: str) -> None:
    readings = make_clean_batches(3)
    stray = make_dose(1350, "T-9")
    store_readings(migrated, *readings)
    live = LiveState()
    apply_live(live, [*readings, stray])
    doses = sorted(
        (one for one in map(move_to_today, readings) if isinstance(one, Dose)), key=lambda d: d.time
    )
    async with open_review_console(migrated, live=live) as plant:
        app = plant.console.app
        await plant.press_keys("6", "end")
        assert app.dashboard_screen.selected_dose == doses[0]
        await plant.press_keys("enter")
        await plant.wait_for_text("Ingredients")
        screen = app.controllers.reviews.screen
        assert screen is not None
        row = screen._store.detail.row if screen._store.detail else None
        assert row is not None
        assert row.begins_at <= doses[0].time <= (row.ends_at or row.last_at)
        await plant.press_keys("escape")
        await wait_for(lambda: app.controllers.reviews.screen is None)
        assert app.dashboard_screen.selected_dose == doses[0]
        # b: the list, the cursor on that batch
        await plant.press_keys("b")
        store = app.controllers.reviews.store
        assert store is not None
        await wait_for(lambda: store.list_state.cursor_key == row.batch_key and not store._in_flight)
        assert "Ingredients" not in plant.console.screen
        await plant.press_keys("escape", "home", "enter")
        await plant.wait_for_text("No stored batch contains this dose.")
