"""What the database refuses to the console is on the status bar until it does it again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from dosing_tui.domain.alarms.models import JournalEntry
from dosing_tui.domain.messages.models import ReadingKind
from dosing_tui.domain.panels.dropped_readings import DroppedReadings
from dosing_tui.domain.panels.panel_catalog import Panel, PanelQuery
from dosing_tui.domain.time.time_range import RangeSpec
from dosing_tui.errors import DatabaseAccessError
from dosing_tui.live_snapshot import DatabaseFault, DatabasePart, LinkState, LinkStatus
from dosing_tui.live_state import LiveState
from tests.support.database.schema_inspection import execute_statements
from tests.support.tui.batch_console import make_clean_batches, open_review_console, store_readings
from tests.support.tui.console_driver import SMALL, open_console, wait_for
from tests.support.tui.sample_plant import NOW, FakeSource, make_history
from tests.support.tui.sign_on import sign_on_now

Row = TypeVar("Row")
REFUSAL = "User anna lacks a right in database dosing on db.plant: permission denied."


class RefusingSource(FakeSource):
    """A database that refuses one panel, and the journal, while ``refuses`` is set."""

    refuses = True

    def read_panel(self, panel: Panel[Row], query: PanelQuery) -> Sequence[Row]:
        if self.refuses and panel.id == "error_rate":
            raise DatabaseAccessError(REFUSAL)
        return super().read_panel(panel, query)

    def append_entries(self, entries: Sequence[JournalEntry]) -> bool:
        if self.refuses:
            raise DatabaseAccessError(REFUSAL)
        return super().append_entries(entries)


async def test_a_panel_that_is_refused_takes_the_green_from_the_light_until_it_is_read_again() -> None:
    source = RefusingSource(make_history())
    async with open_console(source=source) as driven:
        await driven.wait_for_text("▲ DB queries")
        await driven.wait_for_text(f"Queries fail: {REFUSAL}"[:60])
        source.refuses = False
        driven.clock.move_forward(10)
        await driven.wait_for_text("● DB")
        await wait_for(lambda: "Queries fail" not in driven.screen)


async def test_the_fault_of_a_panel_that_is_not_in_view_any_more_ends() -> None:
    """Nobody asks for it again: it stood above the alarms until the console was started again."""
    async with open_console(source=RefusingSource(make_history())) as driven:
        await driven.wait_for_text("▲ DB queries")
        await driven.press_keys("2")
        driven.clock.move_forward(30)
        await driven.wait_for_text("▲ DB queries")
        driven.clock.move_forward(31)
        await driven.wait_for_text("● DB")


async def test_an_alarm_action_that_is_refused_is_a_state_and_not_only_a_message() -> None:
    source = RefusingSource(make_history())
    async with open_console(source=source) as driven:
        await driven.press_keys("a", "space")
        await driven.wait_for_text("Action failed: User anna lacks a right")
        await driven.wait_for_text("▲ DB queries, journal")
        source.refuses = False
        await driven.press_keys("space")
        await wait_for(lambda: "journal" not in driven.screen.splitlines()[0])


async def test_a_database_that_did_not_answer_once_is_not_out_of_order_any_more_when_it_answers() -> None:
    source = FakeSource(make_history())
    async with open_console(source=source, size=SMALL) as driven:
        source.away = "No database server listens."
        driven.clock.move_forward(40)
        await driven.wait_for_text("▲ DB queries")
        source.away = ""
        driven.clock.move_forward(10)
        await driven.wait_for_text("● DB")


async def test_reviews_that_cannot_be_stored_are_said_until_one_is(migrated: str) -> None:
    store_readings(migrated, *make_clean_batches(1))
    live = LiveState()
    live.set_database(LinkState(LinkStatus.UP, NOW))
    async with open_review_console(migrated, live=live) as plant:
        sign_on_now(plant.console.app.services.operator, "Anna")
        await plant.press_keys("b")
        await plant.wait_for_text("All 1")
        execute_statements(migrated, "ALTER TABLE batch_reviews RENAME TO reviews_away")
        await plant.press_keys("c")
        await plant.type_text("hm")
        await plant.press_keys("enter")
        await plant.wait_for_text("▲ DB ")
        await plant.wait_for_text("Reviews unavailable: ")
        execute_statements(migrated, "ALTER TABLE reviews_away RENAME TO batch_reviews")
        await plant.press_keys("c", "enter")
        await wait_for(lambda: "Reviews unavailable" not in plant.console.screen)


def test_faults_of_the_console_are_not_shown_beside_a_database_that_is_down() -> None:
    live = LiveState()
    live.set_console_faults((DatabaseFault(DatabasePart.QUERIES, REFUSAL),))
    for status, faults in ((LinkStatus.DOWN, 0), (LinkStatus.UP, 1)):
        live.set_database(LinkState(status, NOW, ""))
        assert len(live.get_snapshot(NOW).database_faults) == faults


class DroppingSource(FakeSource):
    """Keeps nothing from before its story began."""

    dropped = DroppedReadings(ReadingKind.DOSE, NOW - timedelta(days=9), NOW - timedelta(days=8))

    def find_dropped(self, panel: Panel[Row], query: PanelQuery) -> DroppedReadings | None:
        return self.dropped if query.since < self.dropped.until else None


async def test_a_range_that_retention_has_dropped_is_not_only_said_to_be_empty() -> None:
    async with open_console(size=(160, 50), source=DroppingSource(make_history())) as driven:
        driven.app.controllers.scopes.apply_range(RangeSpec("now-9d", "now-8d"))
        shown = await driven.wait_for_text("Retention has dropped its doses")
        assert "no dose in this range" in shown
