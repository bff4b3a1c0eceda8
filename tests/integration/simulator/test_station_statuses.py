"""Simulated stations keep their status at a real broker, which publishes their last will."""

import pytest

from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.domain.messages.models import Rejection
from dosing_tui.domain.presence.models import ConnectionReport, StationReport
from dosing_tui.domain.presence.status_payload import parse_status
from dosing_tui.mqtt.message import ReceivedMessage
from dosing_tui.simulator.station_statuses import MAX_CONNECTIONS, StationStatuses
from tests.support.mqtt.publishers import RecordingSubscriber, connect_subscriber
from tests.support.polling import wait_until


def read_report(message: ReceivedMessage) -> StationReport:
    station = message.topic.split("/")[2]
    report = parse_status(
        message.topic, station, message.payload, received_at=message.received_at, is_retained=False
    )
    assert not isinstance(report, Rejection)
    assert report.flags == ()
    return report


def list_statuses(ear: RecordingSubscriber, device: str) -> list[ConnectionReport | None]:
    reports = map(read_report, ear.plant)
    return [report.status for report in reports if report.device_id == device]


def test_each_station_is_online_until_its_connection_breaks(mosquitto: EmbeddedBroker) -> None:
    online, offline = ConnectionReport.ONLINE, ConnectionReport.OFFLINE
    statuses = StationStatuses(mosquitto.settings, ("s1", "s2"), seed="1")
    with connect_subscriber(mosquitto.settings) as ear:
        statuses.start()
        wait_until(lambda: list_statuses(ear, "s1") == list_statuses(ear, "s2") == [online])
        report = read_report(ear.plant[0])
        assert None not in (report.boot_id, report.seq, report.rssi_dbm, report.firmware, report.uptime_ms)
        statuses._connections["s1"]._client.abort_connection()
        wait_until(lambda: list_statuses(ear, "s1") == [online, offline, online])
        statuses.stop()
        wait_until(lambda: list_statuses(ear, "s1") == [online, offline, online, offline])
        wait_until(lambda: list_statuses(ear, "s2") == [online, offline])


def test_a_restart_is_another_boot_that_the_status_tells_first(mosquitto: EmbeddedBroker) -> None:
    statuses = StationStatuses(mosquitto.settings, ("s1",), seed="1")
    with connect_subscriber(mosquitto.settings) as ear:
        statuses.start()
        wait_until(lambda: len(list_statuses(ear, "s1")) == 1)
        assert (
            statuses.number_payload("s1", b'{"device_id":"s1","x":1}') == b'{"device_id":"s1","x":1,"seq":2}'
        )
        statuses.restart_station("s1")
        wait_until(lambda: len(list_statuses(ear, "s1")) == 2)
        statuses.stop()
        before, after = map(read_report, ear.plant[:2])
        assert (before.seq, after.seq) == (1, 1)
        assert before.boot_id != after.boot_id


@pytest.mark.parametrize("payload", [b'{"device_id":"s2","x":1}', b'{"device_id":"s1"', b"\xff", b"[1]"])
def test_what_is_no_record_of_the_station_gets_no_number(mosquitto: EmbeddedBroker, payload: bytes) -> None:
    statuses = StationStatuses(mosquitto.settings, ("s1",), seed="1")
    assert statuses.number_payload("s1", payload) == statuses.number_payload("s9", payload) == payload


def test_a_large_plant_has_few_connections(mosquitto: EmbeddedBroker) -> None:
    statuses = StationStatuses(mosquitto.settings, [f"s{number}" for number in range(500)], seed="1")
    assert len(statuses._connections) == MAX_CONNECTIONS
