"""Messages of a status topic, and the sequence numbers of any message."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.messages.models import Rejection
from dosing_tui.domain.presence.models import ConnectionReport, StationReport
from dosing_tui.domain.presence.sequence_stamp import SequenceStamp, read_sequence_stamps
from dosing_tui.domain.presence.status_payload import parse_status

AT = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)
TOPIC = "factory/devices/s1/status"


def parse(payload: bytes | dict[str, object], *, is_retained: bool = False) -> StationReport | Rejection:
    text = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return parse_status(TOPIC, "s1", text, received_at=AT, is_retained=is_retained)


def parse_report(payload: bytes | dict[str, object]) -> StationReport:
    report = parse(payload)
    assert isinstance(report, StationReport), report
    return report


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        (b"online", "online"), (b"Offline", "offline"), (b' "online" \n', "online"), (b"1", "online"),
        (b'{"status":"online"}', "online"), (b'{"status":"OFFLINE "}', "offline"),
        (b'{"online":false}', "offline"),
        (b'{"online":true}', "online"), (b"{}", None), (b"", None), (b" \x00", None),
        (b'{"rssi_dbm":-61}', None),
    ],
)  # fmt: skip
def test_a_status_is_a_word_or_a_field(payload: bytes, status: str | None) -> None:
    report = parse_report(payload)
    assert report.status == status
    assert report.flags == ()


@pytest.mark.parametrize("payload", [b"offline", b"", b"{}", b'{"status":"online","device_id":"s1"}'])
@pytest.mark.parametrize("station", ["", " ", "\t"])
def test_a_status_of_a_station_without_a_name_is_rejected(station: str, payload: bytes) -> None:
    found = parse_status("factory/devices/ /status", station, payload, received_at=AT, is_retained=True)
    assert isinstance(found, Rejection)
    assert found.reason == "status: the topic names no station"


def test_every_field_is_read() -> None:
    report = parse_report(
        {"device_id": "s1", "status": "online", "boot_id": 77, "seq": 5, "rssi_dbm": -61, "firmware": "1.4.2",
         "heap_free_bytes": 181240, "uptime_ms": 86400000}
    )  # fmt: skip
    assert report == StationReport(
        "s1",
        AT,
        False,
        ConnectionReport.ONLINE,
        "77",
        5,
        -61,
        "1.4.2",
        181240,
        86400000,
        ("boot_id: number",),
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "asleep"), ("status", []), ("boot_id", {}), ("seq", -1), ("seq", "x"), ("rssi_dbm", -500),
        ("rssi_dbm", "weak"), ("rssi_dbm", -61.5), ("firmware", True), ("heap_free_bytes", -1),
        ("uptime_ms", 10**40), ("uptime_ms", [1]),
    ],
)  # fmt: skip
def test_an_unusable_optional_field_is_none_with_a_flag(name: str, value: object) -> None:
    report = parse_report({name: value})
    assert getattr(report, name) is None
    assert len(report.flags) == 1
    assert report.flags[0].startswith(name)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"hello", "status: "), (b"[1]", "status: "),
        (b'{"status":"online"}{"status":"offline"}', "more than one"),
        (b'{"device_id":"s2","status":"offline"}', "device_id is 's2', but the topic is that of 's1'"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_status_is_rejected_with_its_reason(payload: bytes, reason: str) -> None:
    rejection = parse(payload)
    assert isinstance(rejection, Rejection)
    assert reason in rejection.reason
    assert (rejection.topic, rejection.record) == (TOPIC, payload)


@given(st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20) | st.integers(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["status", "online", "seq", "boot_id", "rssi_dbm", "uptime_ms", "device"]), inner
    ),
    max_leaves=10,
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_no_payload_raises(payload: bytes) -> None:
    parse(payload)
    read_sequence_stamps(payload, "s1")


def test_only_a_live_message_of_the_station_itself_is_a_sign_of_life() -> None:
    assert parse_report(b"online").is_sign_of_life
    assert parse_report(b'{"rssi_dbm":-61}').is_sign_of_life
    assert not parse_report(b"offline").is_sign_of_life
    retained = parse(b"online", is_retained=True)
    assert isinstance(retained, StationReport)
    assert not retained.is_sign_of_life


DOSE = b'{"device_id":"s1","pump":1,"chemical":"T-12","target_g":40.00,"actual_g":40.15,"error_g":0.15,'
END = b'"recipe":"CU-85","mode":"CATALYST","duration_ms":5843'


@pytest.mark.parametrize(
    ("payload", "stamps"),
    [
        (DOSE + END + b',"seq":7,"timestamp":1698765432}', [("s1", None, 7)]),
        (DOSE + END + b',"seq":7,"boot_id":"a1","timestamp":1698765432}', [("s1", "a1", 7)]),
        (DOSE + END + b',"timestamp":1698765432}', []),
        (b'{"seq":7,"device":"s2"}', [("s2", None, 7)]),
        (b'[{"device_id":"s1","seq":1},{"device_id":"s1","seq":2.0,"boot_id":5}]',
         [("s1", None, 1), ("s1", "5", 2)]),
        (b'{"status":"online","seq":3}', [("topic", None, 3)]),
        (b'{"device_id":"s1","seq":"7"}', []), (b'{"device_id":"s1","seq":-7}', []), (b'"seq"', []),
        (b'{"device_id":"s1","pump":"x","seq":9}', [("s1", None, 9)]),
    ],
)  # fmt: skip
def test_the_numbers_of_a_message(payload: bytes, stamps: list[tuple[str, str | None, int]]) -> None:
    assert list(read_sequence_stamps(payload, "topic")) == [SequenceStamp(*stamp) for stamp in stamps]
