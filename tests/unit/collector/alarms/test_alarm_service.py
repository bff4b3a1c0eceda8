"""The alarm service beside the intake: what it decides, and how much time it takes."""

import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs
from msgspec.structs import replace

from dosing_tui.collector.alarms import alarm_service, rules_watch
from dosing_tui.collector.alarms.alarm_service import AlarmService
from dosing_tui.collector.alarms.journal_outbox import JournalOutbox
from dosing_tui.config.settings import PlantSettings, ShiftSettings
from dosing_tui.domain.alarm_rules.evaluator import Evaluator
from dosing_tui.domain.alarms.models import AlarmStateName
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot
from dosing_tui.domain.messages.models import InventoryLevel, TimeQuality
from dosing_tui.errors import DatabaseUnavailableError
from dosing_tui.live_snapshot import LinkState, LinkStatus
from tests.support.collector.parsed_items import NOON, numbered_dose
from tests.support.collector.protocol_fakes import FakeServer, make_context
from tests.support.polling import wait_until

AT_NOON = ShiftSettings("Day", "06:00")
AT_NIGHT = ShiftSettings("Night", "22:00")


@pytest.mark.parametrize(
    ("shifts", "expected"),
    [
        ((AT_NOON,), AlarmStateName.UNACK),
        ((AT_NIGHT,), AlarmStateName.SUPPRESSED),
        ((), AlarmStateName.UNACK),
    ],
)
def test_a_silent_station_is_an_alarm_only_in_a_shift(
    tmp_path: Path, shifts: tuple[ShiftSettings, ...], expected: AlarmStateName
) -> None:
    now = [NOON]

    def clock() -> datetime:
        return now[0]

    server = FakeServer()
    server.down = DatabaseUnavailableError(
        "gone"
    )  # without a journal, who watches shows its own findings at once
    around = make_context(tmp_path, server)
    settings = replace(around.settings, plant=PlantSettings(devices=("dosing_system_01",)), shifts=shifts)
    around.live_state.set_broker(LinkState(LinkStatus.UP, NOON))
    alarming = AlarmService(structs.replace(around, settings=settings, clock=clock))
    now[0] += timedelta(minutes=11)
    alarming.start()

    def list_shown() -> list[AlarmStateName]:
        picture = around.live_state.get_snapshot(now[0]).alarms
        return (
            [view.state.state_name for view in (*picture.annunciated_alarms, *picture.suppressed)]
            if picture
            else []
        )

    wait_until(lambda: list_shown() == [expected])
    alarming.stop()


def test_a_suspended_collector_decides_nothing_until_it_is_elected_again(tmp_path: Path) -> None:
    """It would take the pause for a silence of the stations, and another may collect now."""
    now = [NOON]
    server = FakeServer()
    around = make_context(tmp_path, server)
    settings = replace(around.settings, plant=PlantSettings(devices=("dosing_system_01",)))
    around.live_state.set_broker(LinkState(LinkStatus.UP, NOON))
    outbox = JournalOutbox(tmp_path)
    alarming = AlarmService(structs.replace(around, settings=settings, clock=lambda: now[0]), outbox=outbox)
    server.confirmed = False
    now[0] += timedelta(minutes=11)
    alarming.start()

    def list_shown() -> object:
        picture = around.live_state.get_snapshot(now[0]).alarms
        return picture and picture.annunciated_alarms

    wait_until(list_shown)  # the rules have looked at it
    assert outbox.list_pending() == []
    server.confirmed = True
    wait_until(outbox.list_pending)
    alarming.stop()
    outbox.close()


def test_in_a_flood_most_of_the_time_is_left_to_the_intake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot of 4,000 alarms takes so long that one each 0.2 s left a few hundred messages a second."""
    snapshot_s, spent, snapshots = 0.05, [0.0], AlarmSnapshot(NOON)
    monkeypatch.setattr(alarm_service, "MAX_PUBLISH_PAUSE_S", 10.0)

    def take_slowly(_evaluator: Evaluator, _now: datetime, **_state: bool) -> AlarmSnapshot:
        time.sleep(snapshot_s)
        spent[0] += snapshot_s
        return snapshots

    monkeypatch.setattr(Evaluator, "take_snapshot", take_slowly)
    around, outbox = make_context(tmp_path, FakeServer()), JournalOutbox(tmp_path)
    alarming = AlarmService(structs.replace(around, clock=lambda: NOON), outbox=outbox)
    alarming.start()
    began, number = time.monotonic(), 0
    while time.monotonic() - began < 2.0:
        number += 1
        level = InventoryLevel(
            NOON, "a", f"C-{number}", 1_900.0, 10_000.0, 19.0, number, NOON, TimeQuality.DEVICE
        )
        alarming.on_readings([level])
    share = spent[0] / (time.monotonic() - began)
    alarming.stop()
    outbox.close()
    assert spent[0] > 0
    assert share < 0.2


def test_rules_that_fail_are_shown_until_they_have_worked_for_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [NOON]
    around = make_context(tmp_path, FakeServer())
    alarming = AlarmService(structs.replace(around, clock=lambda: now[0]))

    def fail(_evaluator: Evaluator, _reading: object) -> None:
        raise ZeroDivisionError

    def list_failed() -> tuple[str, ...]:
        return around.live_state.get_snapshot(now[0]).failed_threads

    with monkeypatch.context() as broken:
        broken.setattr(Evaluator, "on_reading", fail)
        alarming.on_readings([numbered_dose(1)])
    assert list_failed() == ("alarm-rules",)
    alarming.start()
    alarming.on_readings([numbered_dose(2)])
    now[0] += timedelta(seconds=59)
    wait_until(lambda: around.live_state.get_snapshot(now[0]).alarms)  # the clock ticks
    assert list_failed() == ("alarm-rules",)
    now[0] += timedelta(seconds=2)
    wait_until(lambda: list_failed() == ())
    alarming.stop()


def test_limits_that_cannot_be_read_are_said_while_the_database_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log line alone: the alarm of a worn tube would stay away for good, and nobody would know why."""
    for pause in ("POLL_INTERVAL_S", "READY_INTERVAL_S"):
        monkeypatch.setattr(rules_watch, pause, 0.01)
    monkeypatch.setattr(rules_watch, "SERVICE_INTERVAL", timedelta())
    server = FakeServer()
    server.service_failure = DatabaseUnavailableError("The database took too long to answer.")
    around = make_context(tmp_path, server)
    alarming = AlarmService(around)
    alarming.start()

    def read_notice() -> str:
        return around.live_state.get_snapshot(NOON).notice

    wait_until(lambda: "previous state of the pumps: The database took too long" in read_notice())
    server.service_failure = None
    wait_until(lambda: read_notice() == "")
    alarming.stop()


def test_the_screen_has_the_limits_of_the_database_and_a_difference_of_the_settings_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pause in ("POLL_INTERVAL_S", "READY_INTERVAL_S"):
        monkeypatch.setattr(rules_watch, pause, 0.01)
    server = FakeServer()
    own = server.limits
    server.limits = structs.replace(own, cpk_low=1.5)
    around = make_context(tmp_path, server)
    alarming = AlarmService(around)
    alarming.start()

    def read_state() -> tuple[object, str]:
        snapshot = around.live_state.get_snapshot(NOON)
        return snapshot.limits, snapshot.notice

    wait_until(lambda: read_state() == (structs.replace(own, cpk_low=1.5), rules_watch.LIMITS_DIFFER))
    server.limits = own
    wait_until(lambda: read_state() == (own, ""))
    alarming.stop()
