"""Pictures of whole screens, cell by cell: a change that was not meant shows here."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from textual.app import App
from textual.pilot import Pilot

from dosing_tui.config.settings import ColourTheme, GlyphMode
from dosing_tui.domain.alarms.models import SYSTEM_ACTOR, Actor, AlarmEvent
from dosing_tui.live_snapshot import LinkState, LinkStatus, MessageCounts
from dosing_tui.live_state import LiveState
from dosing_tui.tui import lazy_screens
from dosing_tui.tui.alarms.alarm_detail_screen import AlarmDetailScreen
from dosing_tui.tui.app.app import DosingApp
from dosing_tui.tui.app.terminal_options import TerminalOptions
from dosing_tui.tui.screens.maintenance_screen import MaintenanceScreen
from tests.support.domain.alarm_entries import make_entry
from tests.support.tui.alarm_samples import make_state, picture_of
from tests.support.tui.batch_samples import sample_batches
from tests.support.tui.console_driver import (
    EMPTY,
    LARGE,
    MEDIUM,
    SMALL,
    Clock,
    make_settings,
    wait_for,
    wait_until_drawn,
)
from tests.support.tui.maintenance_samples import make_status
from tests.support.tui.sample_plant import NOW, FakeSource, live_plant, make_history, make_levels

Compare = Callable[..., bool]


def make_app(
    *, devices: int = 1, theme: ColourTheme = ColourTheme.DARK, glyphs: GlyphMode = GlyphMode.UNICODE
) -> DosingApp:
    story = make_history(devices=devices)
    live = live_plant(story, make_levels(devices=devices))
    return DosingApp(
        make_settings(theme=theme), live, FakeSource(story), Clock(), terminal=TerminalOptions(glyphs=glyphs)
    )


def app_without_plant() -> DosingApp:
    """Neither broker nor database, and some messages in the spool."""
    live, source = LiveState(), FakeSource(EMPTY)
    source.away = "No database server listens at db.plant:5432."
    live.set_broker(
        LinkState(LinkStatus.DOWN, NOW, "Broker mqtt.plant:1883 cannot be reached: connection refused.")
    )
    live.set_database(LinkState(LinkStatus.DOWN, NOW, source.away))
    live.set_message_counts(MessageCounts(received=12, spooled=12))
    return DosingApp(make_settings(), live, source, Clock())


def read_status(console: App[Any]) -> str:
    """The status bar, below any page."""
    assert isinstance(console, DosingApp)
    return "".join(cell for row in console.controllers.active_screen._status.shown_rows for cell, _ in row)


async def wait_until_settled(pilot: Pilot[Any]) -> None:
    """Every panel has answered, and the answers are drawn."""
    console = pilot.app
    assert isinstance(console, DosingApp)
    await wait_until_drawn(console)
    await pilot.pause()


@pytest.mark.parametrize(
    ("made", "size"),
    [
        pytest.param(make_app, LARGE, id="120x40"),
        pytest.param(lambda: make_app(theme=ColourTheme.LIGHT), LARGE, id="120x40-light"),
        pytest.param(lambda: make_app(devices=2), MEDIUM, id="100x30-two-stations"),
        pytest.param(make_app, SMALL, id="80x24"),
        pytest.param(lambda: make_app(glyphs=GlyphMode.ASCII), SMALL, id="80x24-ascii"),
        pytest.param(app_without_plant, MEDIUM, id="100x30-nothing-there"),
    ],
)
def test_overview(snap_compare: Compare, made: Callable[[], DosingApp], size: tuple[int, int]) -> None:
    run_before: Callable[[Pilot[Any]], Awaitable[None]] = wait_until_settled
    assert snap_compare(made(), terminal_size=size, run_before=run_before)


@pytest.mark.parametrize(
    ("size", "keys"),
    [
        pytest.param(LARGE, "2", id="inventory-120x40"),
        pytest.param(LARGE, "3", id="consumption-120x40"),
        pytest.param(MEDIUM, "4", id="quality-100x30"),
        pytest.param(SMALL, "5", id="production-80x24"),
        pytest.param(LARGE, "3 enter left left", id="lines-large-120x40"),
        pytest.param(SMALL, "4 enter right", id="histogram-large-80x24"),
    ],
)
def test_screens(snap_compare: Compare, size: tuple[int, int], keys: str) -> None:
    async def run_before(pilot: Pilot[Any]) -> None:
        for key in keys.split():
            await pilot.press(key)
            await wait_until_settled(pilot)

    assert snap_compare(make_app(), terminal_size=size, run_before=run_before)


def app_with_alarms(*, glyphs: GlyphMode = GlyphMode.UNICODE) -> DosingApp:
    """Alarms of every priority and in several states."""
    made = make_app(glyphs=glyphs)
    alarms = picture_of(
        make_state("DOSE_GROSS", "pump 2", number=1),
        make_state("STOCK_LOW", "L25B", number=2),
        make_state("ERR_RATE_1H", number=3, acked=True, acked_by=Actor("Zoe", "zoe")),
        make_state("BATCH_ABORTED", "CU-85", number=4, active=False, latched=True, value=None, limit=None),
    )
    live = made.services.live_source
    assert isinstance(live, LiveState)
    live.set_alarms(alarms)
    source = made.services.source
    assert isinstance(source, FakeSource)
    source.entries = [
        replace(make_entry(event, number), at=NOW - timedelta(minutes=60 - number), who=who, comment=comment)
        for number, (event, who, comment) in enumerate(
            [
                (AlarmEvent.RAISE, SYSTEM_ACTOR, ""),
                (AlarmEvent.ACKNOWLEDGE, Actor("Zoe", "zoe"), "refill is ordered"),
                (AlarmEvent.RETURN, SYSTEM_ACTOR, ""),
            ],
            start=1,
        )
    ]
    return made


@pytest.mark.parametrize(
    ("glyphs", "size", "keys"),
    [
        pytest.param(GlyphMode.UNICODE, LARGE, "a", id="list-120x40"),
        pytest.param(GlyphMode.ASCII, SMALL, "a", id="list-80x24-ascii"),
        pytest.param(GlyphMode.UNICODE, LARGE, "a enter", id="detail-120x40"),
        pytest.param(GlyphMode.UNICODE, SMALL, "a h", id="shelve-80x24"),
        pytest.param(GlyphMode.UNICODE, MEDIUM, "a shift+tab shift+tab", id="journal-100x30"),
    ],
)
def test_alarms(snap_compare: Compare, glyphs: GlyphMode, size: tuple[int, int], keys: str) -> None:
    async def run_before(pilot: Pilot[Any]) -> None:
        for key in keys.split():
            await pilot.press(key)
            await wait_until_settled(pilot)
        detail = pilot.app.screen
        assert isinstance(pilot.app, DosingApp)
        known = pilot.app
        await wait_for(lambda: not isinstance(detail, AlarmDetailScreen) or detail._trend.points is not None)
        await wait_for(
            lambda: "shift" not in keys or known.controllers.journal.journal_list.journal_filter is not None
        )
        await pilot.pause()

    assert snap_compare(app_with_alarms(glyphs=glyphs), terminal_size=size, run_before=run_before)


def app_with_batches(
    *, glyphs: GlyphMode = GlyphMode.UNICODE, theme: ColourTheme = ColourTheme.DARK
) -> DosingApp:
    """Batches of every kind, judged and partly reviewed, without a database."""
    source = FakeSource(EMPTY)
    source.batches = sample_batches()
    return DosingApp(
        make_settings(theme=theme), LiveState(), source, Clock(), terminal=TerminalOptions(glyphs=glyphs)
    )


@pytest.mark.parametrize(
    ("made", "size", "keys"),
    [
        pytest.param(app_with_batches, LARGE, "b", id="list-120x40"),
        pytest.param(lambda: app_with_batches(theme=ColourTheme.LIGHT), SMALL, "b", id="list-80x24-light"),
        pytest.param(app_with_batches, LARGE, "b down enter", id="one-120x40"),
        pytest.param(
            lambda: app_with_batches(glyphs=GlyphMode.ASCII), SMALL, "b down enter", id="one-80x24-ascii"
        ),
        pytest.param(app_with_batches, SMALL, "b down enter d", id="deviation-80x24"),
    ],
)
def test_batches(
    snap_compare: Compare, made: Callable[[], DosingApp], size: tuple[int, int], keys: str
) -> None:
    async def run_before(pilot: Pilot[Any]) -> None:
        console = pilot.app
        assert isinstance(console, DosingApp)
        for key in keys.split():
            await pilot.press(key)
            await wait_until_settled(pilot)
            await wait_for(
                lambda: (
                    console.controllers.reviews.store is not None
                    and not console.controllers.reviews.store._in_flight
                )
            )
            console._run_tick()
            await wait_for(
                lambda: (
                    console.controllers.reviews.store is not None
                    and not console.controllers.reviews.store._in_flight
                )
            )
            await pilot.pause()

    assert snap_compare(made(), terminal_size=size, run_before=run_before)


@pytest.mark.parametrize(
    ("size", "glyphs"),
    [
        pytest.param(LARGE, GlyphMode.UNICODE, id="120x40"),
        pytest.param(SMALL, GlyphMode.ASCII, id="80x24-ascii"),
    ],
)
def test_maintenance(
    snap_compare: Compare, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], glyphs: GlyphMode
) -> None:
    monkeypatch.setattr(lazy_screens, "read_status_once", lambda settings: make_status())

    async def open_page(pilot: Pilot[Any]) -> None:
        await wait_until_settled(pilot)
        await pilot.press("M")
        await wait_for(
            lambda: isinstance(pilot.app.screen, MaintenanceScreen) and pilot.app.screen._state.value
        )
        await wait_for(lambda: "Maintenance" in read_status(pilot.app))
        await pilot.pause()

    assert snap_compare(make_app(glyphs=glyphs), terminal_size=size, run_before=open_page)
