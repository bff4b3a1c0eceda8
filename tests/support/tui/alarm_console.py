"""A console over tanks that are nearly empty: their alarms, and a journal that is heard at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from dosing_tui.config.settings import Settings
from tests.support.tui import sample_plant
from tests.support.tui.alarm_samples import Journal
from tests.support.tui.console_driver import LARGE, Console, open_console, wait_for
from tests.support.tui.sample_plant import FakeSource, alarms_of, live_plant, make_history, make_levels

TANKS = make_levels(percent={"DMDEE": 12.0, "T-12": 16.3, "T-9": 3.0})


@dataclass
class Alarmed:
    console: Console
    journal: Journal
    bells: list[bool]

    async def press_keys(self, *keys: str) -> str:
        return await self.console.press_keys(*keys)

    async def wait_for_entries(self, count: int) -> str:
        """The screen, once so many things were asked for and it tells of them."""
        await wait_for(lambda: self.journal.shown_requests >= count, lambda: self.console.screen)
        self.console.app._run_tick()
        await self.console.pilot.pause()
        return self.console.screen


@asynccontextmanager
async def open_alarm_console(
    *, size: tuple[int, int] = LARGE, chosen: Settings | None = None
) -> AsyncIterator[Alarmed]:
    story = make_history(days=0.2)
    source, live = FakeSource(story), live_plant(story, TANKS)
    journal = Journal(live, alarms_of(TANKS))
    source.on_journal = journal.take_entries
    journal.show_alarms(sample_plant.NOW)
    async with open_console(size=size, source=source, live=live, chosen=chosen) as driven:
        bells: list[bool] = []
        driven.app.bell = lambda: bells.append(True)  # type: ignore[method-assign]  # nothing else hears it
        yield Alarmed(driven, journal, bells)
