"""What makes two messages the same reading: the rules of docs/reading-identity.md."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.messages.message_parser import MessageParser
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading, Rejection
from tests.support.domain.payload_samples import (
    DOSE,
    DOSES,
    EVENT,
    EVENTS,
    LEVEL,
    LEVELS,
    MADE,
    RECEIVED,
    STAMP,
    change_fields,
    make_parser,
    remove_fields,
)

Identity = tuple[object, ...]


def identify(reading: Reading) -> Identity:
    """The unique key of the reading's table."""
    match reading:
        case Dose():
            return (reading.device_id, reading.time, reading.pump, reading.dedup)
        case BatchEvent():
            return (reading.device_id, reading.time, reading.event, reading.recipe, reading.dedup)
        case InventoryLevel():
            return (reading.device_id, reading.time, reading.chemical, reading.dedup)


def receive(
    payload: bytes, *, topic: str = DOSES, at: datetime = RECEIVED, parser: MessageParser | None = None
) -> Reading:
    (reading,) = (parser or make_parser()).parse_message(topic, payload, received_at=at)
    assert not isinstance(reading, Rejection)
    return reading


def as_text(value: object) -> object:
    return f" {value} " if isinstance(value, (int, float)) else value


def as_float(value: object) -> object:
    return float(value) if isinstance(value, (int, float)) else value


SPELLINGS: tuple[Callable[[object], object], ...] = (lambda value: value, as_text, as_float)
NUMBERS = ("pump", "pumps", "target_g", "actual_g", "error_g", "duration_ms", "remaining_g", "capacity_g")
STAMPS = [STAMP, STAMP * 1000, STAMP * 1_000_000, str(STAMP), float(STAMP), MADE.isoformat()]


@st.composite
def rewrite(draw: st.DrawFn, payload: bytes) -> bytes:
    """The same record as a gateway may pass it on."""
    record: dict[str, Any] = json.loads(payload)
    for name in NUMBERS:
        if name in record:
            record[name] = draw(st.sampled_from(SPELLINGS))(record[name])
    if "timestamp" in record:
        record["timestamp"] = draw(st.sampled_from(STAMPS))
    if "chemical" in record:
        record["chemical"] = draw(st.sampled_from(["T-12", " T-12", "t-12", "T\u201112"]))
    if "mode" in record:
        record["mode"] = draw(st.sampled_from(["CATALYST", "catalyst", " Catalyst "]))
    record |= draw(st.dictionaries(st.sampled_from(["gateway", "hop", "rssi"]), st.integers(0, 9)))
    names = draw(st.permutations(sorted(record)))
    text = json.dumps({name: record[name] for name in names}, indent=draw(st.sampled_from([None, 1, 4])))
    if draw(st.booleans()):
        text = f"[{text}]"
    return text.encode()


@given(st.data(), st.sampled_from([(DOSES, DOSE), (EVENTS, EVENT), (LEVELS, LEVEL)]))
def test_a_reading_in_other_words_is_the_same(data: st.DataObject, kind: tuple[str, bytes]) -> None:
    topic, payload = kind
    parser = make_parser()
    first = receive(payload, topic=topic, parser=parser)
    again = receive(data.draw(rewrite(payload)), topic=topic, parser=parser)
    assert identify(again) == identify(first)


CHANGES: list[tuple[str, bytes, dict[str, object]]] = [
    (DOSES, DOSE, {"pump": 3}),
    (DOSES, DOSE, {"chemical": "T-9"}),
    (DOSES, DOSE, {"target_g": 40.01}),
    (DOSES, DOSE, {"actual_g": 40.16}),
    (DOSES, DOSE, {"recipe": "FG-85"}),
    (DOSES, DOSE, {"mode": "BDO"}),
    (DOSES, DOSE, {"duration_ms": 58_433}),
    (DOSES, DOSE, {"timestamp": STAMP + 1}),
    (DOSES, DOSE, {"device_id": "north"}),
    (EVENTS, EVENT, {"event": "complete"}),
    (EVENTS, EVENT, {"pumps": 3}),
    (LEVELS, LEVEL, {"remaining_g": 12_345.66}),
    (LEVELS, LEVEL, {"capacity_g": 15_001.0}),
]


@pytest.mark.parametrize(("topic", "payload", "change"), CHANGES, ids=[str(c[2]) for c in CHANGES])
def test_a_reading_with_another_value_is_another(
    topic: str, payload: bytes, change: dict[str, object]
) -> None:
    one, other = receive(payload, topic=topic), receive(change_fields(payload, **change), topic=topic)
    assert identify(one) != identify(other)


def receive_stamped(parser: MessageParser, stamp: float, after_s: float, **changes: object) -> Reading:
    payload = change_fields(DOSE, timestamp=stamp, **changes)
    return receive(payload, at=RECEIVED + timedelta(seconds=after_s), parser=parser)


@given(st.integers(1, 10**8), st.lists(st.floats(0, 7_200), min_size=1, max_size=5))
def test_the_same_counter_and_values_are_one_dose_hours_later(counter: int, delays: list[float]) -> None:
    parser = make_parser()
    first = receive_stamped(parser, counter, 0)
    for after_s in delays:
        assert identify(receive_stamped(parser, counter, after_s)) == identify(first)


@given(st.lists(st.integers(1, 10**8), min_size=2, max_size=8, unique=True))
def test_repeats_of_earlier_doses_are_known_while_the_counter_goes_on(counters: list[int]) -> None:
    parser = make_parser()
    first = [identify(receive_stamped(parser, each, index)) for index, each in enumerate(sorted(counters))]
    again = [identify(receive_stamped(parser, each, 600)) for each in sorted(counters, reverse=True)]
    assert again == first[::-1]


def test_a_counter_identifies_only_until_it_falls_back() -> None:
    parser = make_parser()
    first = receive_stamped(parser, 123_456, 0)
    receive_stamped(parser, 1_000, 60, actual_g=39.9)  # the station restarted
    assert identify(receive_stamped(parser, 123_456, 182)) != identify(first)


def test_the_same_counter_with_other_values_is_another_dose() -> None:
    parser = make_parser()
    first = receive_stamped(parser, 123_456, 0)
    assert identify(receive_stamped(parser, 123_456, 4, actual_g=40.2)) != identify(first)


def test_a_wrong_clock_identifies_like_a_counter() -> None:
    parser = make_parser()
    years_ago = STAMP - 3 * 365 * 86_400
    first = receive_stamped(parser, years_ago, 0)
    assert identify(receive_stamped(parser, years_ago, 600)) == identify(first)


def test_stations_do_not_share_a_counter() -> None:
    parser = make_parser()
    one = receive_stamped(parser, 123_456, 0)
    other = receive_stamped(parser, 123_456, 4, device_id="north")
    assert (one.time, other.time) == (RECEIVED, RECEIVED + timedelta(seconds=4))


@pytest.mark.parametrize("stamp", [0, None])
def test_doses_of_a_station_without_a_counter_are_all_different(stamp: object) -> None:
    parser = make_parser()
    payload = change_fields(DOSE, timestamp=stamp)
    doses = [receive(payload, at=RECEIVED + timedelta(minutes=each), parser=parser) for each in range(5)]
    assert len({identify(dose) for dose in doses}) == 5


def test_a_counter_that_stands_still_identifies_nothing() -> None:
    parser = make_parser()
    receive_stamped(parser, 42, 0)
    receive_stamped(parser, 42, 300, actual_g=39.9)
    doses = [receive_stamped(parser, 42, 600 + 300 * each) for each in range(4)]
    assert len({identify(dose) for dose in doses[1:]}) == 3


def test_a_sequence_number_tells_doses_of_one_counter_apart() -> None:
    parser = make_parser()
    first = receive_stamped(parser, 42, 0, seq=7)
    assert identify(receive_stamped(parser, 42, 10, seq=7)) == identify(first)
    assert identify(receive_stamped(parser, 42, 20, seq=8)) != identify(first)


def test_stored_readings_are_known_after_a_restart() -> None:
    before, after = make_parser(), make_parser()
    first = receive_stamped(before, 123_456, 0)
    after.load_history([first])
    assert identify(receive_stamped(after, 123_456, 600)) == identify(first)


def test_the_hash_of_earlier_versions_goes_along() -> None:
    """They hashed the bytes of the record."""
    assert receive(DOSE).legacy_dedup == 1_332_821_686
    assert receive(remove_fields(DOSE, "mode")).legacy_dedup != receive(DOSE).legacy_dedup
    assert receive(change_fields(DOSE, seq=7)).legacy_dedup is None
