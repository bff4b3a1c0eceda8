"""Whatever arrives, what comes out can be stored and shown."""

import json
import math
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from dosing_tui.domain.messages.models import Dose, ParsedItem, ReadingKind, Rejection, TimeQuality
from tests.support.domain.payload_samples import (
    DOSE,
    EVENT,
    LEVEL,
    PAYLOADS,
    RECEIVED,
    RULES,
    TOPICS,
    make_parser,
    parse_payload,
)

TOPIC = st.sampled_from(sorted(TOPICS))
ANY_TEXT = st.text(st.characters(codec=None), max_size=100)
NASTY_TEXT = st.sampled_from(
    [
        *("", " ", "nan", "-inf", "40,15", "1,234", "1e999", "9" * 40, "9" * 5_000, "1698765432"),
        *("\0", "\ud800", "\x1b[2J", "\u202e", "W" * 300, "z\u0335" * 90, "👩\u200d🔬" * 30, "龍" * 80),
        *("Complete", "2023-10-31T15:17:12Z", "0001-01-01T00:00:00+14:00"),
    ]
)
NUMBER = st.one_of(
    st.integers(),
    st.integers(-(10**40), 10**40),
    st.floats(),
    st.sampled_from(
        [2**31, -(2**31) - 1, 2**63, 10**400, 1e308, 5e-324, -0.0, 3.7, 1_698_765_432, 5_000, 1e12]
    ),
)
VALUE = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBER, ANY_TEXT, NASTY_TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(ANY_TEXT, inner, max_size=3)),
    max_leaves=5,
)
NAMES = sorted(
    {*json.loads(DOSE), *json.loads(EVENT), *json.loads(LEVEL), "seq", "ts", "time", "device", "deviceId"}
)


def _to_json(value: object) -> bytes:
    return json.dumps(value).encode()


@st.composite
def odd_records(draw: st.DrawFn) -> dict[str, Any]:
    """A good record of any kind with some of its fields replaced."""
    record: dict[str, Any] = json.loads(draw(st.sampled_from([DOSE, EVENT, LEVEL])))
    return record | draw(st.dictionaries(st.sampled_from(NAMES), VALUE, max_size=4))


@st.composite
def draw_damaged(draw: st.DrawFn) -> bytes:
    """A good payload, perhaps several, with some bytes overwritten, removed or put in."""
    payload = bytearray(draw(st.sampled_from([b"", b"[", b"\xef\xbb\xbf"])))
    for _ in range(draw(st.integers(1, 3))):
        payload += draw(st.sampled_from([DOSE, EVENT, LEVEL])) + draw(
            st.sampled_from([b"", b",", b"\n", b"]"])
        )
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(payload)))
        payload[at : at + draw(st.integers(0, 3))] = draw(
            st.one_of(
                st.binary(max_size=3),
                st.sampled_from([b'"', b"{", b"}", b"nan", b"-inf", b",", b"\\", b"\0"]),
            )
        )
    return bytes(payload)


PAYLOAD = st.one_of(
    st.binary(max_size=300),
    draw_damaged(),
    VALUE.map(_to_json),
    odd_records().map(_to_json),
    st.lists(odd_records(), max_size=5).map(_to_json),
    st.lists(odd_records().map(_to_json), max_size=5).map(b"\n".join),
)


def list_texts(unit: ParsedItem) -> Iterator[tuple[str, int]]:
    """Every text of the unit, with those of its flags, and how many cells it may take."""
    for name in unit.__struct_fields__:
        value = getattr(unit, name)
        if isinstance(value, str):
            yield value, 240 if name == "reason" else 64
        elif isinstance(value, tuple):
            yield from ((flag, 100) for flag in value)


def assert_harmless(unit: ParsedItem) -> None:
    for text, most in list_texts(unit):
        assert not {unicodedata.category(each) for each in text} & {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}, (
            ascii(text)
        )
        assert cell_len(text) <= most
        text.encode()


def assert_storable(unit: ParsedItem) -> None:
    assert not isinstance(unit, Rejection)
    for name in unit.__struct_fields__:
        value = getattr(unit, name)
        if isinstance(value, float):
            assert math.isfinite(value)
        elif isinstance(value, int):
            bits = 64 if name == "duration_ms" else 32
            assert -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)
    assert unit.device_id
    if unit.time_quality is TimeQuality.DEVICE:
        assert RECEIVED - RULES.max_age <= unit.time <= RECEIVED + RULES.max_ahead
    else:
        assert unit.time == RECEIVED
    assert unit.received_at == RECEIVED


@given(TOPIC, PAYLOAD)
def test_every_message_becomes_units_that_can_be_stored_and_shown(topic: str, payload: bytes) -> None:
    units = parse_payload(topic, payload)
    assert units
    for unit in units:
        assert_harmless(unit)
        if isinstance(unit, Rejection):
            assert unit.reason
            assert unit.topic == topic
        else:
            assert_storable(unit)


@given(TOPIC, PAYLOAD)
def test_the_same_bytes_mean_the_same(topic: str, payload: bytes) -> None:
    assert parse_payload(topic, payload) == parse_payload(topic, payload)


@settings(max_examples=settings().max_examples // 2)
@given(st.lists(PAYLOAD, max_size=12))
def test_no_message_stops_the_ones_behind_it(payloads: list[bytes]) -> None:
    reader = make_parser()
    for payload in payloads:
        for topic in TOPICS:
            reader.parse_message(topic, payload, received_at=RECEIVED)
    (unit,) = reader.parse_message("factory/dosing/consumption", DOSE, received_at=RECEIVED)
    assert isinstance(unit, Dose)


@given(
    TOPIC,
    st.lists(st.one_of(st.integers(0, 10**6), st.none()), min_size=1, max_size=30),
    st.sampled_from(["[", "\n", ""]),
)
def test_records_keep_their_order_and_none_is_lost(
    topic: str, numbers: list[int | None], layout: str
) -> None:
    """A number makes a good record with that sequence number, None a record that is refused."""
    good: dict[str, object] = json.loads(PAYLOADS[topic])
    bad: dict[str, object] = {"device_id": []}
    records = [good | (bad if number is None else {"seq": number}) for number in numbers]
    message = _to_json(records) if layout == "[" else layout.join(map(json.dumps, records)).encode()
    units = parse_payload(topic, message)
    assert [None if isinstance(unit, Rejection) else unit.dedup for unit in units] == numbers


@given(draw_damaged())
def test_no_byte_of_a_damaged_record_is_lost(payload: bytes) -> None:
    """What is refused is found in the message as it was, one piece after the other."""
    at = 0
    for unit in parse_payload("factory/dosing/consumption", payload):
        if isinstance(unit, Rejection):
            found = payload.find(unit.record, at)
            assert found >= 0
            at = found + len(unit.record)


@given(odd_records(), st.datetimes(datetime(2021, 1, 1), datetime(2090, 1, 1)))  # noqa: DTZ001  # made aware below
def test_the_receive_time_may_be_any(record: dict[str, Any], received: datetime) -> None:
    received_at = received.replace(tzinfo=RECEIVED.tzinfo)
    for topic, kind in TOPICS.items():
        for unit in parse_payload(topic, _to_json(record), received_at=received_at):
            assert kind in ReadingKind
            if not isinstance(unit, Rejection) and unit.time_quality is not TimeQuality.DEVICE:
                assert unit.time == received_at
