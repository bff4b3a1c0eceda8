"""What a station does now, by its messages and its alarms."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from dosing_tui.domain.alarms.models import Priority
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot
from dosing_tui.domain.presence.models import ConnectionReport, StationPresence, StationReport
from dosing_tui.domain.station_status import (
    StationActivity,
    StationReadings,
    StationStatus,
    find_worst_tank,
    list_station_statuses,
)
from tests.support.tui.nine_stations import STATIONS, build_levels, build_live_state

AT = datetime(2026, 3, 11, 14, 26, 44, tzinfo=UTC)


def list_statuses(now: datetime = AT, alarms: AlarmSnapshot | None = None) -> dict[str, StationStatus]:
    live = build_live_state(AT).get_snapshot(AT)
    readings = StationReadings(live.device_last_seen, live.levels, live.doses, live.events)
    found = list_station_statuses(
        readings, alarms or live.alarms, expected=("mixer",), now=now, offline_after=timedelta(minutes=10)
    )
    return {status.device: status for status in found}


def test_every_station_that_reports_or_must_is_there_once() -> None:
    assert list(list_statuses()) == [*STATIONS, "mixer"]


def test_the_state_follows_messages_and_alarms() -> None:
    found = list_statuses()
    assert found["dosing_system_01"].state is StationActivity.RUNNING
    assert found["dosing_system_04"].state is StationActivity.IDLE
    assert found["dosing_system_08"].state is StationActivity.OFFLINE
    assert found["mixer"].state is StationActivity.NEVER_REPORTED


def test_without_its_alarm_a_silent_station_is_offline_too() -> None:
    found = list_statuses(AT + timedelta(minutes=11), AlarmSnapshot(AT))
    assert {status.state for device, status in found.items() if device != "mixer"} == {
        StationActivity.OFFLINE
    }


def test_a_status_topic_makes_a_station_offline_at_once_until_its_next_message() -> None:
    live = build_live_state(AT)
    seen = dict(live.get_snapshot(AT).device_last_seen)["dosing_system_01"]

    def find_state(at: datetime, *, is_retained: bool = False) -> StationActivity:
        report = StationReport("dosing_system_01", at, is_retained, ConnectionReport.OFFLINE)
        presence = StationPresence("dosing_system_01").apply_report(report)
        readings = StationReadings((("dosing_system_01", seen),), presences=[presence])
        (status,) = list_station_statuses(
            readings, None, expected=(), now=AT, offline_after=timedelta(minutes=10)
        )
        return status.state

    assert find_state(seen + timedelta(seconds=1)) is StationActivity.OFFLINE
    assert find_state(seen + timedelta(seconds=1), is_retained=True) is StationActivity.OFFLINE
    assert find_state(seen - timedelta(seconds=1)) is StationActivity.IDLE


def test_a_running_batch_has_its_progress() -> None:
    batch = list_statuses()["dosing_system_03"].batch
    assert batch is not None
    assert (batch.recipe, len(batch.doses), batch.pumps) == ("CU-65/75 BDO soft", 3, 4)
    assert list_statuses()["dosing_system_04"].batch is None


def test_the_emptiest_tank_has_the_lowest_percentage() -> None:
    tank = list_statuses()["dosing_system_03"].worst_tank
    assert tank is not None
    assert (tank.chemical, tank.percent_full) == ("Natriumhypochlorit 12 %", 3.1)
    assert find_worst_tank([replace(build_levels(AT)[0], percent_full=None)]) is None


def test_open_alarms_are_counted_by_priority() -> None:
    found = list_statuses()
    assert found["dosing_system_03"].alarm_counts == {Priority.HIGH: 1, Priority.MEDIUM: 1}
    assert found["dosing_system_03"].has_unacknowledged
    assert not found["dosing_system_01"].alarm_counts
    urgent = sorted(found.values(), key=lambda status: status.urgency)
    assert urgent[0].device == "dosing_system_03"
    assert urgent[-1].device == "mixer"
