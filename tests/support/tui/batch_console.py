"""A console over batches in a real database: the plant's live picture is made up, its batches are stored."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from msgspec import structs
from msgspec.structs import replace

from dosing_tui.config.settings import PlantSettings, ReviewSettings
from dosing_tui.database.batches.incremental_rebuild import rebuild_changed_days
from dosing_tui.domain.messages.models import Reading
from dosing_tui.live_state import LiveState
from dosing_tui.tui.app.terminal_options import TerminalOptions
from dosing_tui.tui.data.record_source import DatabaseBatchSource
from tests.support.database.reading_samples import settings_for
from tests.support.database.stored_batches import write_readings
from tests.support.domain.batch_messages import NOON, make_dose, make_event, normal_batch
from tests.support.tui.console_driver import EMPTY, LARGE, Console, open_console, wait_for
from tests.support.tui.sample_plant import NOW, FakeSource

NO_PIN = ReviewSettings()


def move_to_today(reading: Reading) -> Reading:
    """From the days of the batches' tests to the hours before the console's present."""
    by = NOW - timedelta(hours=6) - NOON
    return structs.replace(reading, time=reading.time + by, received_at=reading.received_at + by)


def store_readings(dsn: str, *readings: Reading) -> None:
    write_readings(dsn, [move_to_today(reading) for reading in readings])
    rebuild_changed_days(settings_for(dsn), now=NOW)


def make_clean_batches(count: int) -> list[Reading]:
    return [reading for number in range(count) for reading in normal_batch(400.0 * number)]


def every_kind() -> list[Reading]:
    """One clean, one out of tolerance, one aborted, one that has only just begun."""
    return [
        *normal_batch(),
        make_event(400, "start", "CU-65/75"),
        make_dose(461, "DMDEE", recipe="CU-65/75", actual_g=40.9),
        make_dose(530, "T-12", recipe="CU-65/75", actual_g=37.2),
        make_event(533, "complete", "CU-65/75"),
        *normal_batch(800)[:2],
        make_event(900, "abort"),
    ]


def under_way(chemical: str = "T-9") -> list[Reading]:
    """Begun two minutes ago, one of two doses so far."""
    begun = 6 * 3600.0 - 120
    return [make_event(begun, "start"), make_dose(begun + 61, chemical)]


@dataclass
class ReviewConsole:
    console: Console
    source: FakeSource
    pressed: int = 0
    last_batch: str = ""

    async def press_keys(self, *keys: str) -> str:
        """Each key counts; a moment passes before each, as it does for people."""
        for key in keys:
            self.console.clock.move_forward(1)
            self.pressed += 1
            await self.console.press_keys(key)
        return self.console.screen

    async def type_text(self, text: str) -> str:
        return await self.press_keys(*["space" if letter == " " else letter for letter in text])

    async def wait_for_next_batch(self) -> str:
        """The id of the open batch, once it is another one than before and has been drawn."""
        screen = self.console.app.controllers.reviews.screen
        assert screen is not None
        await wait_for(
            lambda: screen._viewed_row and screen._viewed_row.batch_id != self.last_batch,
            lambda: self.console.screen,
        )
        assert screen._viewed_row is not None
        self.last_batch = screen._viewed_row.batch_id
        return self.last_batch

    async def wait_for_text(self, text: str) -> str:
        return await self.console.wait_for_text(text)


@asynccontextmanager
async def open_review_console(
    dsn: str, *, size: tuple[int, int] = LARGE, live: LiveState | None = None, account: str = "anna",
    review: ReviewSettings = NO_PIN, where: TerminalOptions | None = None,
) -> AsyncIterator[ReviewConsole]:  # fmt: skip
    chosen = replace(settings_for(dsn), plant=PlantSettings(name="Plant 1"), review=review)
    source = FakeSource(EMPTY)
    source.batches = DatabaseBatchSource(chosen, account)
    async with open_console(
        size=size, source=source, live=live or LiveState(), chosen=chosen, where=where
    ) as driven:
        yield ReviewConsole(driven, source)


def apply_live(live: LiveState, readings: Iterable[Reading]) -> None:
    live.apply_readings([move_to_today(reading) for reading in readings])
