"""The wall mode's turns and letters: pure."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from dosing_tui.domain.alarms.models import AlarmState
from dosing_tui.live_snapshot import DatabaseFault, DatabasePart, LinkState, LinkStatus
from dosing_tui.live_state import LiveState
from dosing_tui.tui.kiosk.big_text import choose_size, measure_big_text, render_big_text
from dosing_tui.tui.kiosk.kiosk_pages import KioskFigure, KioskTrouble, list_troubles
from dosing_tui.tui.kiosk.kiosk_rotation import (
    ROTATION,
    KioskPage,
    KioskTurn,
    advance_turn,
    list_held_alarms,
)
from dosing_tui.tui.kiosk.kiosk_view import KioskView, render_kiosk
from dosing_tui.tui.rendering.palette import DEVIATION_BLOCK, STRONG
from tests.support.tui.alarm_samples import make_state, make_view, picture_of
from tests.support.tui.sample_plant import HOSTILE, NOW

INTERVAL = timedelta(seconds=20)
HIGH = make_state("STOCK_CRITICAL", "T-12")


def test_pages_take_turns() -> None:
    turn, seen = KioskTurn(KioskPage.OVERVIEW, NOW), []
    for second in range(80):
        turn = advance_turn(turn, NOW + timedelta(seconds=second), INTERVAL, is_held=False)
        seen.append(turn.page)
    assert [seen[at] for at in (0, 19, 20, 40, 60)] == [ROTATION[0], ROTATION[0], *ROTATION[1:]]


def test_an_alarm_comes_at_once_holds_the_page_and_leads_to_the_overview() -> None:
    turn = advance_turn(KioskTurn(KioskPage.STATIONS, NOW), NOW, INTERVAL, is_held=True)
    assert turn.page is KioskPage.ALARM
    later = NOW + timedelta(hours=9)
    assert advance_turn(turn, later, INTERVAL, is_held=True) == turn
    assert advance_turn(turn, later, INTERVAL, is_held=False) == KioskTurn(KioskPage.OVERVIEW, later)


@pytest.mark.parametrize(
    ("state", "is_held"),
    [(HIGH, True), (replace(HIGH, acked=True), False), (replace(HIGH, active=False), True),
     (make_state("STOCK_LOW", "T-12"), False)],
)  # fmt: skip
def test_only_unacknowledged_alarms_of_high_priority_hold_the_page(
    state: AlarmState, *, is_held: bool
) -> None:
    assert bool(list_held_alarms(picture_of(state))) is is_held
    assert list_held_alarms(None) == ()


@pytest.mark.parametrize("size", range(1, 7))
def test_letters_are_as_large_as_measured(size: int) -> None:
    rows = render_big_text("DB 0.5 %", size, STRONG)
    assert (len(rows[0]), len(rows)) == measure_big_text("DB 0.5 %", size)


def test_the_largest_size_that_fits_is_taken() -> None:
    assert choose_size(["100.0"], 10, 10) == 0
    size = choose_size(["100.0"], 60, 12)
    columns, rows = measure_big_text("100.0", size)
    assert columns <= 60
    assert rows <= 12
    assert measure_big_text("100.0", size + 1) > (60, 12)


@pytest.mark.parametrize("shape", [(80, 24), (120, 40), (160, 50), (20, 5)])
@pytest.mark.parametrize("count", range(7))
def test_every_page_fits_every_window(shape: tuple[int, int], count: int) -> None:
    figures = tuple(KioskFigure(f"{HOSTILE[:12]} {number}", "1 234.5", "%") for number in range(count))
    troubles = (KioskTrouble("MQTT DOWN", DEVIATION_BLOCK), KioskTrouble("DB DOWN", DEVIATION_BLOCK))
    alarms = (make_view(make_state("DOSE_GROSS", HOSTILE)),) * 2
    for view in (
        KioskView("Overview", "14:26", figures=figures),
        KioskView("Overview", "14:26", figures=figures, troubles=troubles),
        KioskView("Alarm", "14:26", alarms=alarms, troubles=troubles),
    ):
        rows = render_kiosk(view, *shape)
        assert {len(row) for row in rows} == {shape[0]}
        assert len(rows) == shape[1]


def make_live_plant() -> LiveState:
    """Everything works, and messages come."""
    live = LiveState()
    live.set_broker(LinkState(LinkStatus.UP, NOW))
    live.set_database(LinkState(LinkStatus.UP, NOW))
    live.count_messages(["factory/dosing/consumption"], NOW)
    return live


def list_texts(live: LiveState) -> list[str]:
    return [trouble.text for trouble in list_troubles(live.get_snapshot(NOW), NOW)]


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (DatabasePart.COLLECTOR, "NO COLLECTOR"),
        (DatabasePart.JOURNAL, "DB PARTLY"),
        (DatabasePart.QUERIES, "DB PARTLY"),
    ],
)
def test_a_part_that_does_not_work_is_said_on_the_wall(part: DatabasePart, text: str) -> None:
    live = make_live_plant()
    assert list_texts(live) == []
    live.set_database(LinkState(LinkStatus.PARTIAL, NOW), (DatabaseFault(part, "why"),))
    assert list_texts(live) == [text]


def test_a_refused_topic_and_a_failed_thread_are_said_on_the_wall() -> None:
    live = make_live_plant()
    live.set_broker(LinkState(LinkStatus.PARTIAL, NOW))
    live.set_failed_threads(("alarm-clock",))
    assert list_texts(live) == ["MQTT PARTLY", "PART FAILED"]
