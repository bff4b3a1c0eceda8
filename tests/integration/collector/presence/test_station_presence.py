"""Stations that lose their connection, on a real broker: from the last will to the console."""

import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from paho.mqtt.publish import single

from dosing_tui.config.settings import CollectorMode, Settings
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.domain.alarms.models import AlarmEvent
from dosing_tui.domain.panels.panel_catalog import STATION_STATUS, PanelQuery
from dosing_tui.domain.panels.station_health import StationHealth
from dosing_tui.domain.presence import sequence_tracker
from dosing_tui.domain.station_status import StationActivity, StationReadings, list_station_statuses
from tests.support.collector.running_collector import Running, in_mode, run_in_threads
from tests.support.database.stored_journal import read_journal
from tests.support.mqtt.publishers import RecordingSubscriber
from tests.support.mqtt.raw_station import connect_raw_station
from tests.support.polling import wait_until

LEVEL = {"chemical": "T-12", "remaining_g": 9000, "capacity_g": 10_000}


def list_states(this: Running) -> dict[str, StationActivity]:
    """As the console's table of stations."""
    picture = this.picture
    readings = StationReadings(
        picture.device_last_seen, picture.levels, picture.doses, picture.events, picture.presences
    )
    statuses = list_station_statuses(
        readings, picture.alarms, expected=(), now=datetime.now(UTC), offline_after=timedelta(minutes=10)
    )
    return {status.device: status.state for status in statuses}


def list_alarms(this: Running) -> dict[str, str]:
    """Rule -> message of the active alarms of stations, and those that wait for an acknowledgement."""
    alarms = this.picture.alarms
    views = alarms.annunciated_alarms if alarms else ()
    return {view.state.key.rule: view.message for view in views if view.state.key.device}


def print_figure(capsys: pytest.CaptureFixture[str], text: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n  OFFLINE {text} ")


def is_offline_shown(this: Running) -> bool:
    return list_states(this).get("s1") is StationActivity.OFFLINE and "DEVICE_OFFLINE" in list_alarms(this)


def read_health(settings: Settings) -> list[StationHealth]:
    reader = PanelReader(settings)
    reader.open()
    try:
        now = datetime.now(UTC) + timedelta(minutes=1)
        return reader.read_panel(STATION_STATUS, PanelQuery(now - timedelta(hours=1), now, now))
    finally:
        reader.close()


def list_entries(settings: Settings, rule: str = "DEVICE_OFFLINE") -> list[AlarmEvent]:
    return [entry.event for entry in read_journal(settings) if entry.key.rule == rule]


def test_a_closed_socket_is_an_offline_station_on_every_console(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sequence_tracker, "SETTLE_TIME", timedelta(seconds=1))
    ear = RecordingSubscriber(settings.mqtt, client_id="witness", persistent=False)
    ear.subscriber.start()
    with (
        run_in_threads(settings) as collector,
        run_in_threads(in_mode(settings, CollectorMode.NEVER)) as console,
    ):
        wait_until(lambda: collector.ready and console.listening and ear.up)
        with connect_raw_station(settings.mqtt) as station:
            station.publish_status(status="online", boot_id="b1", seq=1, rssi_dbm=-61, firmware="1.4.2")
            station.publish_reading(settings.mqtt.topics[2], seq=2, boot_id="b1", **LEVEL)
            wait_until(lambda: list_states(console).get("s1") is StationActivity.IDLE)
            wait_until(lambda: len(ear.plant) == 2)
            ear.deliveries.clear()
            station.close_socket()
        wait_until(lambda: ear.plant, every=0.005)
        began = time.monotonic()
        wait_until(lambda: is_offline_shown(console) and is_offline_shown(collector), every=0.01)
        print_figure(capsys, f"{time.monotonic() - began:.2f} s after the broker published the will")
        assert (
            list_alarms(console)["DEVICE_OFFLINE"]
            == "Dosing system offline: disconnected from the broker (s1)"
        )

        with connect_raw_station(settings.mqtt) as station:
            station.publish_status(status="online", boot_id="b2", seq=1)
            wait_until(lambda: list_states(console).get("s1") is StationActivity.IDLE)
            wait_until(lambda: AlarmEvent.RETURN in list_entries(settings))
            station.publish_reading(settings.mqtt.topics[2], seq=5, boot_id="b2", **LEVEL)
            words = "3 messages of s1 lost (numbers 2 to 4)"
            wait_until(lambda: list_alarms(collector).get("MESSAGES_LOST") == words)
            wait_until(lambda: [row.messages_lost for row in read_health(settings)] == [3])
            (row,) = read_health(settings)
            assert (row.device_id, row.status, row.restarts, row.rssi_dbm) == ("s1", "online", 1, -61)
            assert (row.firmware, row.lost_in_all) == ("1.4.2", 3)
            wait_until(lambda: collector.picture.presences[0].messages_lost == 3)
    ear.subscriber.stop()
    with run_in_threads(settings) as collector:  # it goes on where it stood
        wait_until(lambda: collector.ready)
        with connect_raw_station(settings.mqtt) as station:
            station.publish_status(status="online", boot_id="b2", seq=8)
            wait_until(lambda: [row.lost_in_all for row in read_health(settings)] == [5])
    assert list_entries(settings)[:2] == [AlarmEvent.RAISE, AlarmEvent.RETURN]


def test_a_station_out_of_reach_is_offline_after_one_and_a_half_keepalives(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with run_in_threads(settings) as collector:
        wait_until(lambda: collector.ready)
        with connect_raw_station(settings.mqtt, keepalive_s=2) as station:
            station.publish_status(status="online")
            began = time.monotonic()
            wait_until(lambda: list_states(collector).get("s1"))
            wait_until(lambda: is_offline_shown(collector), every=0.05)
            print_figure(capsys, f"{time.monotonic() - began:.2f} s after the last packet, keepalive 2 s")


def test_what_the_broker_kept_is_a_state_without_an_alarm(settings: Settings) -> None:
    for device, status in (("s1", "offline"), ("s2", "online"), ("s3", "nonsense")):
        topic = settings.mqtt.station_status_topic.replace("+", device)
        single(topic, status, retain=True, hostname=settings.mqtt.host, port=settings.mqtt.port)
    watched = replace(settings, alarms=replace(settings.alarms, offline_minutes=0.1))
    with run_in_threads(watched) as collector:
        wait_until(lambda: collector.ready)
        wait_until(lambda: list_states(collector).get("s1") is StationActivity.OFFLINE)
        wait_until(lambda: len(read_health(settings)) == 2)
        assert [(row.device_id, row.status, row.status_since) for row in read_health(settings)] == [
            ("s1", "offline", None),
            ("s2", "online", None),
        ]
        # what could raise an alarm has been evaluated with the readings after it
        single(settings.mqtt.topics[0], "?", qos=1, hostname=settings.mqtt.host, port=settings.mqtt.port)
        wait_until(lambda: list_entries(settings, "QUARANTINE"))
        assert list_entries(settings) == []
        # online without a message is silent, as without a status
        wait_until(lambda: "DEVICE_OFFLINE" in list_alarms(collector))
        assert list_alarms(collector)["DEVICE_OFFLINE"] == "Dosing system offline: s2 has never reported"
    assert collector.books.rejected == 1
