"""A collector's clock that is set back by hours: alarms are raised as soon as ever, not hours later."""

from datetime import datetime, timedelta

import pytest

from dosing_tui.domain.alarms.models import AlarmStateName
from dosing_tui.domain.presence.models import ConnectionReport, StationReport
from dosing_tui.domain.quantities.set_back_clock import is_due, limit_to_clock
from dosing_tui.live_snapshot import LinkState, LinkStatus
from dosing_tui.live_state import LiveState
from tests.support.domain.alarm_entries import NOW
from tests.support.domain.evaluated_plant import STATION, EvaluatedPlant
from tests.unit.domain.alarm_rules.test_chattering import flap_link, switch_link

BACK = timedelta(hours=5)
TEN_MINUTES_S = 600


@pytest.fixture
def plant() -> EvaluatedPlant:
    """Its station has sent messages for a while."""
    made = EvaluatedPlant()
    for _ in range(12):
        made.receive_readings(made.make_level(80.0))
        made.advance_clock(10)
    return made


def test_a_silent_station_is_offline_within_its_limit(plant: EvaluatedPlant) -> None:
    plant.now -= BACK
    plant.advance_clock(TEN_MINUTES_S - 10)
    assert plant.get_shown_state("DEVICE_OFFLINE") is AlarmStateName.NORMAL
    plant.advance_clock(20)
    assert plant.get_shown_state("DEVICE_OFFLINE") is AlarmStateName.UNACK


def test_a_station_that_goes_on_raises_nothing(plant: EvaluatedPlant) -> None:
    plant.now -= BACK
    plant.journal.clear()
    for _ in range(130):
        plant.receive_readings(plant.make_level(80.0))
        plant.advance_clock(10)
    assert plant.journal == []


@pytest.mark.parametrize("is_offline", [True, False])
def test_what_a_last_will_says_stays_as_it_was(plant: EvaluatedPlant, is_offline: bool) -> None:
    plant.evaluator.on_news(StationReport(STATION, plant.now, False, ConnectionReport.OFFLINE))
    plant.advance_clock(1)
    if not is_offline:
        plant.receive_readings(plant.make_level(80.0))
    plant.advance_clock(61)
    plant.now -= BACK
    plant.advance_clock(61)
    shown = plant.get_shown_state("DEVICE_OFFLINE")
    assert (shown is AlarmStateName.UNACK) is is_offline


def test_a_batch_that_stalls_is_known(plant: EvaluatedPlant) -> None:
    plant.receive_readings(plant.make_event("start"))
    plant.advance_clock(1)
    plant.now -= BACK
    plant.advance_clock(int(plant.limits.stalled_after.total_seconds()) + 30)
    assert plant.get_shown_state("BATCH_STALLED") is AlarmStateName.UNACK


def test_an_on_delay_starts_again(plant: EvaluatedPlant) -> None:
    plant.receive_readings(plant.make_level(10.0))
    plant.now -= BACK
    plant.advance_clock(60)
    assert plant.get_shown_state("STOCK_LOW", item="T-12") is AlarmStateName.UNACK


def test_outages_of_before_are_no_chattering_of_hours(plant: EvaluatedPlant) -> None:
    flap_link(plant, "BROKER_DOWN", down_s=9, up_s=3, times=2)
    assert plant.get_shown_state("BROKER_DOWN", "") is AlarmStateName.UNACK
    plant.now -= BACK
    switch_link(plant, "BROKER_DOWN", is_up=True, seconds=150)
    assert plant.get_shown_state("BROKER_DOWN", "") is AlarmStateName.RTN_UNACK


def test_a_link_is_down_since_the_clock_was_set_back() -> None:
    live = LiveState()
    live.set_broker(LinkState(LinkStatus.DOWN, NOW, "gone"))
    assert live.get_snapshot(NOW - timedelta(seconds=1)).broker.since == NOW
    assert live.get_snapshot(NOW - BACK).broker.since == NOW - BACK
    assert live.get_snapshot(NOW).broker.since == NOW - BACK


@pytest.mark.parametrize(
    ("last", "due"),
    [
        (None, True),
        (NOW - timedelta(seconds=60), True),
        (NOW - timedelta(seconds=59), False),
        (NOW + timedelta(seconds=1), False),
        (NOW + BACK, True),
    ],
)
def test_what_is_done_at_intervals_is_done_when_nobody_knows_how_long_ago_it_was(
    last: datetime | None, due: bool
) -> None:
    assert is_due(last, NOW, timedelta(minutes=1)) is due
    if last is not None:
        assert limit_to_clock(last, NOW) == (NOW if last - NOW == BACK else last)
