"""Each fault is what it says, and nothing else happens."""

import json
import re
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dosing_tui.errors import ConfigError
from dosing_tui.simulator.fault_injection import (
    CARRIED_FAULTS,
    FAULT_INTERVALS,
    HOSTILE_TEXTS,
    ExpectedOutcome,
    Fault,
    parse_faults,
)
from tests.support.simulator.simulated_plants import (
    ALL,
    EVENTS,
    LEVELS,
    NOW,
    by_device,
    decode_fields,
    take_live,
)

CHOICES = st.frozensets(st.sampled_from(list(Fault)))


@given(CHOICES, st.integers(0, 1000))
@settings(max_examples=settings().max_examples // 4)
def test_only_the_faults_asked_for_happen_and_each_of_them_does(faults: frozenset[Fault], seed: int) -> None:
    found = {message.fault for message in take_live(1_500, faults=faults, seed=seed)}
    assert found == {"", *faults}


@given(st.integers(0, 1000))
@settings(max_examples=settings().max_examples // 4)
def test_the_message_after_a_lost_one_carries_that_fault_and_no_other(seed: int) -> None:
    after_a_loss = [each for each in take_live(1_000, faults=ALL, seed=seed) if each.lost_before]
    assert {message.fault for message in after_a_loss} == set(CARRIED_FAULTS)


@given(st.integers(0, 1000), st.integers(0, 999))
@settings(max_examples=settings().max_examples // 10)
def test_no_two_records_of_a_second_have_the_same_number(seed: int, milliseconds: int) -> None:
    start = NOW + timedelta(milliseconds=milliseconds)
    numbers: Counter[str] = Counter()
    records: Counter[tuple[object, ...]] = Counter()
    for message in take_live(1_200, faults=ALL, seed=seed, rate=2_000, start=start):
        if message.is_first_after_start:
            numbers[message.device_id] = 1
        numbers[message.device_id] += message.lost_before
        if message.outcome is not ExpectedOutcome.ACCEPT:
            continue
        numbers[message.device_id] += 1
        if b'"pump":' in message.payload and message.fault != Fault.NAN:
            fields = decode_fields(message)
            records[message.device_id, fields["timestamp"], fields["pump"], numbers[message.device_id]] += 1
    assert set(records.values()) == {1}


def test_without_faults_everything_is_to_be_accepted() -> None:
    assert {message.outcome for message in take_live(1_000)} == {ExpectedOutcome.ACCEPT}


@pytest.mark.parametrize("fault", sorted(set(FAULT_INTERVALS) - {Fault.REBOOT}))
def test_a_fault_comes_as_often_as_promised(fault: Fault) -> None:
    least, most = FAULT_INTERVALS[fault]
    messages = take_live(6_000, faults=[fault], devices=8)
    times = sum(message.fault == fault for message in messages)
    assert len(messages) / most * 0.7 < times < len(messages) / least


def test_a_nan_stands_bare_in_an_otherwise_good_message() -> None:
    for message in take_live(3_000, faults=[Fault.NAN]):
        if message.fault == Fault.NAN:
            bare = re.findall(rb'"(\w+)":(?:nan|inf)[,}]', message.payload)
            assert bare in ([b"actual_g", b"error_g"], [b"percent_full"])
            assert json.loads(re.sub(rb":(?:nan|inf)", b":0", message.payload))


@pytest.mark.parametrize("rate", [None, 50.0])
def test_a_duplicate_is_the_message_right_before_it(rate: float | None) -> None:
    messages = take_live(3_000, faults=ALL, rate=rate)
    pairs = [(a, b) for a, b in pairwise(messages) if b.outcome is ExpectedOutcome.DUPLICATE]
    assert len(pairs) > 50
    for original, copy in pairs:
        assert (copy.topic, copy.payload) == (original.topic, original.payload)
        assert copy.at - original.at == timedelta(seconds=1 / rate if rate else 0)
        assert original.outcome is ExpectedOutcome.ACCEPT
    assert {copy.topic for _, copy in pairs} >= {EVENTS, LEVELS}


def test_no_fault_changes_the_rate_by_a_single_message() -> None:
    messages = take_live(5_000, faults=ALL, rate=100)
    assert [message.at - NOW for message in messages] == [timedelta(seconds=n / 100) for n in range(5_000)]


@pytest.mark.parametrize("devices", [1, 5])
@pytest.mark.parametrize("rate", [2.0, 5_000.0])
def test_nothing_but_duplicates_is_said_twice(devices: int, rate: float) -> None:
    messages = take_live(12_000, faults=ALL, devices=devices, rate=rate)
    repeated = Counter((message.topic, message.payload) for message in messages)
    duplicates = sum(message.outcome is ExpectedOutcome.DUPLICATE for message in messages)
    assert repeated.total() - len(repeated) == duplicates


def test_one_station_without_a_clock_counts_milliseconds_since_its_boot() -> None:
    messages = take_live(3_000, faults=[Fault.UPTIME, Fault.REBOOT], rate=100)
    stations = by_device(messages)
    clockless = stations.pop("dosing_system_03")
    stamped = [message for message in clockless if "timestamp" in decode_fields(message)]
    assert all(message.fault == Fault.UPTIME for message in stamped)
    reboots = 0
    for before, after in pairwise(stamped):
        step = decode_fields(after)["timestamp"] - decode_fields(before)["timestamp"]
        passed = (after.at - before.at).total_seconds() * 1000
        reboots += step < 0
        assert step < 0 or abs(step - passed) <= 1
    assert reboots >= 1
    for message in (message for station in stations.values() for message in station):
        assert message.fault != Fault.UPTIME
        assert decode_fields(message).get("timestamp", 2e9) > 1e9


def test_a_reboot_in_the_middle_of_a_batch_fills_every_tank_on_paper() -> None:
    found = 0
    for station in by_device(take_live(4_000, faults=[Fault.REBOOT])).values():
        for n, message in enumerate(station):
            if message.fault == Fault.REBOOT and station[n - 1].fault != Fault.REBOOT:
                found += 1
                full = [decode_fields(each) for each in station[n : n + 4]]
                assert {level["chemical"] for level in full} == {"DMDEE", "T-12", "T-9", "L25B"}
                assert all(level["remaining_g"] == level["capacity_g"] for level in full)
                assert decode_fields(station[n - 1]).get("event") != "complete"
                if len(station) > n + 4:
                    assert decode_fields(station[n + 4])["event"] == "start"
    assert found >= 3


@pytest.mark.parametrize(("fault", "event"), [(Fault.LOST_START, "start"), (Fault.LOST_COMPLETE, "complete")])
def test_a_lost_event_reaches_nobody_and_leaves_the_rest_as_it_was(fault: Fault, event: str) -> None:
    whole = [message.payload for message in take_live(800, rate=None)]
    heard = take_live(700, rate=None, faults=[fault])
    lost = [
        decode_fields(each)
        for each in take_live(800, rate=None)
        if each.payload not in {m.payload for m in heard}
    ]
    marks = sum(message.fault == fault for message in heard)
    assert [message.payload for message in heard if message.payload in whole] == [m.payload for m in heard]
    assert marks >= 3
    assert [each["event"] for each in lost if "event" in each][:marks] == [event] * marks


def test_full_tanks_are_not_reported_twice_within_hours() -> None:
    reports = Counter(
        message.payload for message in take_live(20_000, faults=[Fault.REBOOT], devices=2, rate=10)
    )
    assert max(reports.values()) == 1


def test_garbage_is_either_hostile_text_or_unusable() -> None:
    garbage = [
        message for message in take_live(20_000, faults=[Fault.GARBAGE]) if message.fault == Fault.GARBAGE
    ]
    hostile = [message for message in garbage if message.outcome is ExpectedOutcome.ACCEPT]
    texts = {
        value for message in hostile for value in decode_fields(message).values() if value in HOSTILE_TEXTS
    }
    assert texts == set(HOSTILE_TEXTS)
    unusable = [message.payload for message in garbage if message.outcome is ExpectedOutcome.REJECT]
    assert 0.3 < len(unusable) / len(garbage) < 0.7
    assert any(payload.startswith(b"\xff\xfe") for payload in unusable)
    assert any(payload.startswith(b"[[[") for payload in unusable)
    readable = [payload for payload in unusable if payload.startswith(b"{") and payload.endswith(b"}")]
    assert any("pump" in json.loads(payload) for payload in readable)


def test_the_good_messages_are_whole_among_the_garbage() -> None:
    clean = [message.payload for message in take_live(500, rate=None)]
    amid = [message.payload for message in take_live(600, rate=None, faults=[Fault.GARBAGE])]
    hostile = sum(
        message.fault == Fault.GARBAGE and message.outcome is ExpectedOutcome.ACCEPT
        for message in take_live(600, rate=None, faults=[Fault.GARBAGE])
    )
    assert len(set(clean[:400]) - set(amid)) <= hostile


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("all", ALL),
        ("none", frozenset()),
        ("", frozenset()),
        (" nan ,Reboot", frozenset({Fault.NAN, Fault.REBOOT})),
        ("nan,all", ALL),
    ],
)
def test_faults_are_named_in_a_list(text: str, faults: frozenset[Fault]) -> None:
    assert parse_faults(text) == faults


def test_a_fault_nobody_knows_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match=r"'duplicate' is not a fault.* mean 'duplicates'"):
        parse_faults("nan,duplicate")
    with pytest.raises(
        ConfigError,
        match="Valid are nan, duplicates, uptime, reboot, lost-start, lost-complete, garbage, all",
    ):
        parse_faults("xyz")
