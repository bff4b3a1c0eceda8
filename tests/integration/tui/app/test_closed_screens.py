"""What was opened and closed again is gone: a console runs for months, and keys are pressed all the time."""

import asyncio
import gc
import heapq
import logging
from collections import Counter
from collections.abc import Iterator

import pytest

from dosing_tui.tui.app.app import _import_later_parts
from tests.support.thorough_tests import keep_plain
from tests.support.tui.alarm_console import open_alarm_console
from tests.support.tui.batch_console import every_kind, open_review_console, store_readings
from tests.support.tui.console_driver import Console

PAGES = (
    "g", "g tab", "slash", "slash slash a", "n", "R", "question_mark tab", "q", "S", ": x", "D", "M", "T",
    "a", "a enter", "a c", "a h", "a A", "a right", "a right right right right slash", "b", "6 enter",
)  # fmt: skip
"""The keys that open each page and dialog."""
WARM_UPS = 2
"""What is imported or remembered at the first time stays."""
REPEATS = 4
MAX_DEPTH = 4
"""Most screens and dialogs upon the dashboard."""
OURS = ("dosing_tui.", "textual.")
REMEMBERED = ("textual.geometry.", "textual.box_model.")
"""Plain values that Textual remembers, of each widget or up to some thousands."""


@pytest.fixture(autouse=True)
def _no_records() -> Iterator[None]:
    """Pytest keeps each record of the log, and with the traceback of an error the screens that it names."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


def count_objects() -> Counter[str]:
    """Those in use, by the names of their classes, of this program and of Textual."""
    _drop_cancelled_timers()
    gc.collect()
    kinds = Counter(type(one) for one in gc.get_objects())
    names = {kind: f"{kind.__module__}.{kind.__qualname__}" for kind in kinds}
    return Counter(
        {
            names[kind]: count
            for kind, count in kinds.items()
            if names[kind].startswith(OURS) and not names[kind].startswith(REMEMBERED)
        }
    )


def _drop_cancelled_timers() -> None:
    """The event loop keeps each, with its screen, until it would have been due: some seconds."""
    due = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
    for handle in [one for one in due if one.cancelled()]:
        handle._scheduled = False
        due.remove(handle)
    heapq.heapify(due)


async def open_and_close(console: Console, keys: str, times: int) -> None:
    dashboard = console.app.dashboard_screen
    for _ in range(times):
        await console.press_keys(*keys.split())
        assert console.app.screen is not dashboard
        for _ in range(MAX_DEPTH):
            if console.app.screen is not dashboard:
                await console.press_keys("escape")
        assert console.app.screen is dashboard
        await console.press_keys("1")


async def expect_nothing_left(console: Console, keys: str) -> None:
    _import_later_parts()
    await open_and_close(console, keys, WARM_UPS)
    before = count_objects()
    await open_and_close(console, keys, REPEATS)
    left = count_objects() - before
    assert {kind: count for kind, count in left.items() if count >= REPEATS} == {}


@pytest.mark.parametrize("keys", keep_plain(PAGES, "g", "a enter", ": x"))
async def test_a_closed_page_or_dialog_leaves_nothing_behind(keys: str) -> None:
    async with open_alarm_console() as plant:
        await expect_nothing_left(plant.console, keys)


@pytest.mark.thorough
async def test_a_closed_batch_leaves_nothing_behind(migrated: str) -> None:
    store_readings(migrated, *every_kind())
    async with open_review_console(migrated, size=(120, 40)) as plant:
        await expect_nothing_left(plant.console, "b enter")
