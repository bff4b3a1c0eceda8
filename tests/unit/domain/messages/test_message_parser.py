"""The intake as a whole: topics, several records in one message, and what tells records apart."""

import json
from datetime import timedelta

import pytest

from dosing_tui.domain.messages.message_parser import MAX_TRACKED
from dosing_tui.domain.messages.models import Dose, InventoryLevel, Rejection, TimeQuality
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.topics.topic_filter import OTHER_TOPICS
from tests.support.domain.payload_samples import (
    DOSE,
    DOSES,
    EVENT,
    LEVEL,
    LEVELS,
    PAYLOADS,
    RECEIVED,
    STAMP,
    a_dose,
    a_level,
    a_rejection,
    an_event,
    change_fields,
    make_parser,
    parse_payload,
    with_raw,
)


@pytest.mark.parametrize("topic", ["factory/other", "", "factory/\x1b[2J", "\ud800\0", "x" * 60_000])
def test_a_message_on_another_topic_is_set_aside(topic: str) -> None:
    (unit,) = parse_payload(topic, DOSE)
    assert isinstance(unit, Rejection)
    assert unit.record == DOSE
    assert unit.reason == f"nothing is expected on the topic '{clean_text(topic)}'"
    assert unit.topic == OTHER_TOPICS


@pytest.mark.parametrize(("topic", "payload"), PAYLOADS.items())
def test_each_record_of_a_list_is_a_unit_of_its_own(topic: str, payload: bytes) -> None:
    bad = change_fields(payload, device_id=None)
    units = parse_payload(topic, b"[" + b",".join([payload, bad, b"7", b"{oops}", payload]) + b"]")
    assert [isinstance(unit, Rejection) for unit in units] == [False, True, True, True, False]
    rejections = [unit for unit in units if isinstance(unit, Rejection)]
    assert [unit.record for unit in rejections] == [bad, b"7", b"{oops}"]
    assert rejections[0].reason == "device_id is missing"


def test_records_on_lines_of_their_own_are_taken() -> None:
    units = parse_payload(DOSES, DOSE + b"\n" + change_fields(DOSE, pump=3) + b"\n")
    assert [unit.pump for unit in units if isinstance(unit, Dose)] == [2, 3]


def test_the_same_bytes_have_the_same_identity_and_others_another() -> None:
    assert a_dose(DOSE).dedup == a_dose(DOSE).dedup
    assert a_dose(DOSE).dedup != a_dose(change_fields(DOSE, actual_g=40.16)).dedup
    assert an_event(EVENT).dedup == an_event(EVENT).dedup
    assert a_level(LEVEL).dedup == a_level(LEVEL).dedup


def test_a_record_in_a_list_has_the_identity_of_its_contents() -> None:
    (one,) = parse_payload(DOSES, b"[" + DOSE + b"]")
    (two,) = parse_payload(DOSES, json.dumps([json.loads(DOSE)], indent=2).encode())
    assert isinstance(one, Dose)
    assert isinstance(two, Dose)
    assert one.dedup == two.dedup


@pytest.mark.parametrize(
    ("seq", "dedup"),
    [
        (0, 0),
        (7, 7),
        (7.0, 7),
        (2**31 - 1, 2**31 - 1),
        (2**31, -(2**31)),
        (2**32 - 1, -1),
        (2**32, 0),
        (2**32 + 5, 5),
    ],
)
def test_a_sequence_number_is_the_identity(seq: float, dedup: int) -> None:
    assert a_dose(change_fields(DOSE, seq=seq)).dedup == dedup
    assert a_dose(change_fields(DOSE, seq=seq, actual_g=40.16)).dedup == dedup


@pytest.mark.parametrize("seq", [-1, 1.5, "7", True, [], 2**63, 10**40, float("inf"), float("nan")])
def test_a_sequence_number_that_is_none_is_flagged_and_not_used(seq: object) -> None:
    one, two = a_dose(change_fields(DOSE, seq=seq)), a_dose(change_fields(DOSE, seq=seq, actual_g=40.16))
    assert one.flags == ("seq: unusable",)
    assert one.dedup != two.dedup


def test_a_sequence_of_null_is_none() -> None:
    assert a_dose(change_fields(DOSE, seq=None)).flags == ()


def test_a_refused_record_teaches_nothing_about_its_device() -> None:
    reader = make_parser()
    reader.parse_message(
        DOSES, change_fields(DOSE, timestamp=STAMP - 40 * 86_400, pump=3.7), received_at=RECEIVED
    )
    (found,) = reader.parse_message(DOSES, DOSE, received_at=RECEIVED)
    assert isinstance(found, Dose)
    assert found.time_quality is TimeQuality.DEVICE


def test_a_flood_of_invented_devices_and_tanks_is_forgotten() -> None:
    reader = make_parser()
    for number in range(MAX_TRACKED + 10):
        reader.parse_message(DOSES, change_fields(DOSE, device_id=f"device {number}"), received_at=RECEIVED)
        reader.parse_message(
            LEVELS, change_fields(LEVEL, chemical=f"chemical {number}"), received_at=RECEIVED
        )
    assert len(reader._clocks) == MAX_TRACKED
    assert len(reader._capacities) == MAX_TRACKED


def test_a_device_that_goes_on_talking_is_not_forgotten() -> None:
    reader = make_parser()
    reader.parse_message(DOSES, with_raw(DOSE, "timestamp", "5000"), received_at=RECEIVED)
    for number in range(MAX_TRACKED * 2 + 1):
        reader.parse_message(DOSES, change_fields(DOSE, device_id=f"device {number}"), received_at=RECEIVED)
        if number % 1_000 == 0:
            assert "dosing_system_01" in reader._clocks
            reader.parse_message(DOSES, with_raw(DOSE, "timestamp", "5000"), received_at=RECEIVED)


def test_a_message_too_large_is_set_aside_in_part() -> None:
    rejection = a_rejection(DOSES, DOSE + b" " * 70_000)
    assert len(rejection.record) == 65_536
    assert rejection.reason.startswith("the message has ")


def test_what_comes_unstamped_out_of_a_queue_is_known_to_be_late() -> None:
    reader, queued = make_parser(), RECEIVED + timedelta(minutes=10)
    reader.parse_message(DOSES, DOSE, received_at=queued)
    (level,) = reader.parse_message(LEVELS, LEVEL, received_at=queued)
    assert isinstance(level, InventoryLevel)
    assert (level.time_quality, level.time) == (TimeQuality.BACKLOG, queued)
    (other,) = reader.parse_message(LEVELS, change_fields(LEVEL, device_id="another"), received_at=queued)
    assert isinstance(other, InventoryLevel)
    assert other.time_quality is TimeQuality.RECEIVE


def test_the_backlog_ends_with_the_first_message_that_is_in_time() -> None:
    reader, queued = make_parser(), RECEIVED + timedelta(minutes=10)
    reader.parse_message(DOSES, DOSE, received_at=queued)
    reader.parse_message(DOSES, change_fields(DOSE, timestamp=STAMP + 600), received_at=queued)
    (level,) = reader.parse_message(LEVELS, LEVEL, received_at=queued)
    assert isinstance(level, InventoryLevel)
    assert level.time_quality is TimeQuality.RECEIVE
