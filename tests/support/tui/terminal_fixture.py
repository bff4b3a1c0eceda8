"""A terminal with all colours, whatever the tests run on, and a typist who looks at the screen."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count

import pytest
from textual import app as textual_app
from textual import pilot as textual_pilot
from textual.app import App
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.message import Message
from textual.pilot import Pilot, WaitForScreenTimeout

from dosing_tui.tui.app.app import DosingApp
from dosing_tui.tui.app.ordered_input import OrderedInputApp
from dosing_tui.tui.data.query_workers import Lane, QueryWorkers
from tests.support.tui.console_driver import wait_for

_parse_rules: Callable[..., list[RuleSet]] = Stylesheet._parse_rules
_parsed_rules: dict[object, list[RuleSet]] = {}
LOOK_S = 0.005
"""Time between two looks whether the program is at rest."""
LOOKS = 2
"""At rest in so many looks, one after the other: its own timers have had their turn."""
RESTLESS_S = 1.0
"""A program that is never at rest is not waited for any longer."""
HELD_BACK_S = 0.3
"""A query that takes longer is not waited for."""


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")


@pytest.fixture(autouse=True)
def _styles_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each app would parse Textual's style sheets and the console's anew."""
    monkeypatch.setattr(Stylesheet, "_parse_rules", _parse_once)


def _parse_once(sheet: Stylesheet, css: str, *place: object, **options: object) -> list[RuleSet]:
    key = (css, place, tuple(options.items()), tuple(sheet._variables.items()))
    if key not in _parsed_rules:
        _parsed_rules[key] = _parse_rules(sheet, css, *place, **options)
    return _parsed_rules[key]


@pytest.fixture(autouse=True)
def _paced_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """``pilot.press`` types a key when the screen it is for has been drawn, as a person does.

    The pilot goes on when the program is at rest. By itself it guesses that from the CPU time of 20 ms, twice
    a key: slow on an idle machine, and wrong on a busy one, where a program with work may get no CPU time.
    """
    queries = _count_queries(monkeypatch)
    press_at_once, pause_for = Pilot.press, Pilot.pause

    async def press(pilot: Pilot[object], *keys: str) -> None:
        for key in keys:
            app = pilot.app
            if isinstance(app, OrderedInputApp):
                await wait_for(lambda app=app: app.awaits_input(Message().time) or not app.is_running)  # type: ignore[misc]
            with suppress(WaitForScreenTimeout):  # of a screen that has gone before it was asked
                await press_at_once(pilot, key)
            await wait_for_rest(app, queries)

    async def pause(pilot: Pilot[object], delay: float | None = None) -> None:
        await (wait_for_rest(pilot.app, queries) if delay is None else pause_for(pilot, delay))

    async def wait_for_idle(min_sleep: float = 0, max_sleep: float = 1) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(Pilot, "press", press)
    monkeypatch.setattr(Pilot, "pause", pause)
    for module in (textual_app, textual_pilot):
        monkeypatch.setattr(module, "wait_for_idle", wait_for_idle)


async def wait_for_rest(app: App[object], queries: dict[int, float]) -> None:
    """Until everything that was sent has been acted on and drawn, and no query is under way."""
    end, looks = time.monotonic() + RESTLESS_S, 0
    while looks < LOOKS and time.monotonic() < end and app.is_running:
        await asyncio.sleep(LOOK_S)
        is_asking = any(time.monotonic() < asked + HELD_BACK_S for asked in tuple(queries.values()))
        looks = 0 if is_asking or is_busy(app) else looks + 1


def is_busy(app: App[object]) -> bool:
    """Something is about to be run, acted on or drawn."""
    screen = app.screen
    is_dirty = screen._layout_required or screen._repaint_required or screen._scroll_required
    if is_dirty or screen._dirty_widgets or screen._callbacks:
        screen._on_timer_update()
        return True
    # of every screen: one that has just been uncovered may still have to hear of it
    is_called = asyncio.get_running_loop()._ready or any(  # type: ignore[attr-defined]
        pump.message_queue_size for pump in (app, *app._registry)
    )
    return bool(is_called) or (isinstance(app, DosingApp) and app.updater.is_redraw_due)


def _count_queries(monkeypatch: pytest.MonkeyPatch) -> dict[int, float]:
    """When each query of a console was asked for that is under way."""
    queries: dict[int, float] = {}
    submit_job, numbers = QueryWorkers.submit_job, count()

    def submit_counted(workers: QueryWorkers, job: Callable[[], object], lane: Lane = Lane.PANELS) -> None:
        number = next(numbers)

        def run_counted() -> None:
            try:
                job()
            finally:
                del queries[number]

        queries[number] = time.monotonic()
        submit_job(workers, run_counted, lane)

    monkeypatch.setattr(QueryWorkers, "submit_job", submit_counted)
    return queries
