"""A repeat is what the protocol says is one. Everything else is new, and flagged where nobody can tell."""

import tracemalloc
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.collector.spool.redelivery_filter import (
    NO_HISTORY,
    POSSIBLE_REPEAT,
    RESTORE_WINDOW,
    MessageFingerprint,
    ReceiptHistory,
    RedeliveryFilter,
    SessionMessage,
    flag_possible_repeat,
)
from dosing_tui.domain.messages.models import TimeQuality
from dosing_tui.mqtt.message import ReceivedMessage
from tests.support.collector.parsed_items import NOON, numbered_dose

TOPIC = "factory/inventory/levels"
SECOND = timedelta(seconds=1)
LATER = NOON + timedelta(minutes=10)


class ResendingPlant:
    """Hands messages to a filter, one after the other."""

    def __init__(self, history: ReceiptHistory = NO_HISTORY, limit: int = 1000) -> None:
        self.filter = RedeliveryFilter(history, limit=limit)
        self.connection = self.session = 1
        self.received: list[MessageFingerprint] = []

    def receive(
        self, packet_id: int, words: bytes = b"level", *, at: datetime, dup: bool = False, topic: str = TOPIC
    ) -> MessageFingerprint:
        qos = 1 if packet_id else 0
        message = ReceivedMessage(
            topic, words, at, packet_id, qos, False, self.connection, is_resent=dup, session=self.session
        )
        fingerprint = self.filter.register_message(message, connection=self.connection)
        self.received.append(fingerprint)
        return fingerprint

    def reconnect(self, *, anew: bool = False) -> None:
        self.connection += 1
        self.session += anew

    def restart(self) -> "ResendingPlant":
        """The next process, with what this one has stored."""
        record = {
            one.packet_id: SessionMessage(one.session, one.identity, one.received_at)
            for one in self.received
            if one.packet_id
        }
        after = ResendingPlant(ReceiptHistory(self.received, self.session, record.items()))
        after.connection, after.session = self.connection + 1, self.session
        return after


def is_same(one: MessageFingerprint, other: MessageFingerprint) -> bool:
    return one.received_at == other.received_at and not other.is_possible_repeat


def is_new(one: MessageFingerprint, at: datetime, *, flagged: bool) -> bool:
    return (one.received_at, one.is_possible_repeat) == (at, flagged)


def test_a_message_whose_acknowledgement_was_lost_is_the_same() -> None:
    plant = ResendingPlant()
    first = plant.receive(7, at=NOON)
    plant.reconnect()
    assert is_same(first, plant.receive(7, at=LATER, dup=True))
    plant.reconnect()
    assert is_same(first, plant.receive(7, at=LATER + SECOND, dup=True))


def test_a_message_that_a_killed_process_had_not_acknowledged_is_the_same() -> None:
    plant = ResendingPlant()
    first = plant.receive(7, at=NOON)
    assert is_same(first, plant.restart().receive(7, at=LATER, dup=True))


@pytest.mark.parametrize("dup", [False, True])
def test_equal_words_under_another_packet_id_are_new(dup: bool) -> None:
    """Real readings: four doses without a time, with the same values, around a reconnect."""
    plant = ResendingPlant()
    plant.receive(7, at=NOON)
    plant.receive(8, b"another", at=NOON)
    plant.reconnect()
    after = NOON + timedelta(seconds=8)
    assert is_new(plant.receive(9, at=after, dup=dup), after, flagged=True)
    after += RESTORE_WINDOW + SECOND
    assert is_new(plant.receive(10, at=after), after, flagged=False)


def test_equal_words_without_dup_under_the_same_packet_id_are_new() -> None:
    plant = ResendingPlant()
    plant.receive(7, at=NOON)
    assert is_new(plant.receive(7, at=LATER), LATER, flagged=False)
    plant.reconnect()
    assert plant.receive(7, at=LATER + SECOND, dup=True).received_at == LATER


def test_a_redelivery_of_what_never_arrived_is_new_and_not_doubted() -> None:
    plant = ResendingPlant()
    plant.receive(7, at=NOON)
    plant.reconnect()
    assert is_new(plant.receive(8, b"lost on the way", at=LATER, dup=True), LATER, flagged=False)


def test_a_redelivery_of_what_another_machine_may_have_received_is_new_and_flagged() -> None:
    plant = ResendingPlant(ReceiptHistory(session=1))
    assert is_new(plant.receive(8, at=NOON, dup=True), NOON, flagged=True)
    assert is_new(plant.receive(9, b"one more", at=NOON, dup=True), NOON, flagged=True)
    plant.receive(10, b"new", at=NOON)
    plant.reconnect()
    assert is_new(plant.receive(11, b"lost on the way", at=LATER, dup=True), LATER, flagged=False)


def test_a_packet_id_that_wraps_around_belongs_to_its_last_message() -> None:
    plant = ResendingPlant()
    for number in range(3):
        for packet_id in (1, 2, 65_535):
            plant.receive(packet_id, b"%d" % number, at=NOON + number * SECOND)
    plant.reconnect()
    assert is_new(plant.receive(1, b"0", at=LATER, dup=True), LATER, flagged=True)
    assert plant.receive(65_535, b"2", at=LATER, dup=True).received_at == NOON + 2 * SECOND


def test_a_new_session_begins_a_new_record() -> None:
    plant = ResendingPlant()
    plant.receive(1, at=NOON)
    plant.reconnect(anew=True)
    assert is_new(plant.receive(1, at=LATER, dup=True), LATER, flagged=False)


def test_what_an_old_session_left_behind_does_not_count_in_the_next_process() -> None:
    plant = ResendingPlant()
    plant.receive(1, at=NOON)
    plant.session = 2  # begun, and nothing came
    after = plant.restart()
    assert is_new(after.receive(1, at=LATER, dup=True), LATER, flagged=True)


def test_topic_and_payload_both_tell_messages_apart() -> None:
    plant = ResendingPlant()
    plant.receive(1, at=NOON)
    plant.reconnect()
    assert is_new(plant.receive(1, b"Level", at=LATER, dup=True), LATER, flagged=False)
    plant.receive(1, at=LATER)
    plant.reconnect()
    assert is_new(plant.receive(1, at=LATER, dup=True, topic=f"{TOPIC}x"), LATER, flagged=False)


def test_a_station_that_sends_again_within_two_seconds_is_flagged_not_swallowed() -> None:
    plant = ResendingPlant()
    plant.receive(1, at=NOON)
    assert is_new(plant.receive(2, at=NOON + 2 * SECOND), NOON + 2 * SECOND, flagged=True)
    assert is_new(plant.receive(3, at=NOON + 5 * SECOND), NOON + 5 * SECOND, flagged=False)


def test_at_qos_0_nobody_sends_again() -> None:
    plant = ResendingPlant()
    plant.receive(0, at=NOON)
    assert is_new(plant.receive(0, at=NOON + SECOND, dup=True), NOON + SECOND, flagged=False)


def test_what_a_restored_broker_sends_again_is_flagged() -> None:
    plant = ResendingPlant()
    for number in range(3):
        plant.receive(number + 1, b"%d" % number, at=NOON)
    plant.reconnect()
    hours_later = NOON + timedelta(hours=9)
    again = [plant.receive(number + 1, b"%d" % number, at=hours_later) for number in (1, 2)]
    assert all(is_new(one, hours_later, flagged=True) for one in again)


def test_a_message_in_flight_while_the_program_was_updated_is_the_same() -> None:
    """The version before kept no packet IDs."""
    plant = ResendingPlant()
    first = plant.receive(7, at=NOON)
    record = [(-1, SessionMessage(0, first.identity, NOON))]
    after = ResendingPlant(ReceiptHistory([first._replace(packet_id=0)], 0, record))
    after.connection, after.session = 2, 0
    assert is_same(first, after.receive(7, at=LATER, dup=True))
    after.receive(8, b"new", at=LATER)
    after.reconnect()
    assert not is_same(first, after.receive(9, at=LATER + timedelta(minutes=1), dup=True))


def test_an_hour_into_a_connection_what_was_before_is_forgotten_but_not_the_record() -> None:
    plant = ResendingPlant()
    first = plant.receive(1, at=NOON)
    plant.reconnect()
    plant.receive(2, b"another", at=NOON + SECOND)
    later = NOON + timedelta(hours=1, seconds=2)
    latest = plant.receive(3, b"a third", at=later)
    assert plant.filter.expire_old(later) == latest.number
    plant.reconnect()
    assert is_same(first, plant.receive(1, at=later, dup=True))


@pytest.mark.parametrize(
    ("quality", "age", "flags"),
    [
        (TimeQuality.RECEIVE, 0, (POSSIBLE_REPEAT,)),
        (TimeQuality.UPTIME, 0, (POSSIBLE_REPEAT,)),
        (TimeQuality.UPTIME, 600, ()),  # its counter was received before: it is a repeat
        (TimeQuality.DEVICE, 0, ()),
    ],
)
def test_a_reading_with_a_time_of_its_own_is_not_flagged(
    quality: TimeQuality, age: int, flags: tuple[str, ...]
) -> None:
    dose = replace(numbered_dose(), time_quality=quality, time=NOON - age * SECOND)
    assert flag_possible_repeat(dose) == replace(dose, flags=flags)


@given(st.lists(st.integers(0, 8), max_size=60))
def test_never_more_are_kept_than_allowed_and_the_number_can_be_lowered(words: list[int]) -> None:
    plant, journal = ResendingPlant(limit=4), {}
    for second, word in enumerate(words):
        plant.connection = second // 7
        kept = plant.receive(0, b"%d" % word, at=NOON + second * SECOND)
        journal[kept.number] = kept
        keep_from = plant.filter.expire_old(kept.received_at)
        journal = {number: kept for number, kept in journal.items() if number >= keep_from}
    assert len(journal) <= 4


class Broker:
    """A model of MQTT: one session, packet IDs that wrap around, acknowledgements that may be lost."""

    def __init__(self, ids: int) -> None:
        self.ids, self.next_id = ids, 0
        self.in_flight: dict[int, tuple[int, bytes]] = {}

    def send_new(self, number: int, words: bytes) -> int | None:
        for _ in range(self.ids):
            self.next_id = self.next_id % self.ids + 1
            if self.next_id not in self.in_flight:
                self.in_flight[self.next_id] = number, words
                return self.next_id
        return None


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.sampled_from(["ok", "ack lost", "lost", "reconnect", "restart"])),
        max_size=80,
    )
)
def test_whatever_is_lost_every_message_has_one_time_and_no_two_have_the_same(
    steps: list[tuple[int, str]],
) -> None:
    """Only two different texts: nothing tells messages apart but the protocol."""
    plant, broker, at = ResendingPlant(), Broker(100), NOON
    times: dict[int, set[datetime]] = {}

    def deliver(number: int, packet_id: int, words: bytes, *, dup: bool) -> None:
        times.setdefault(number, set()).add(plant.receive(packet_id, words, at=at, dup=dup).received_at)

    for number, (word, fate) in enumerate(steps):
        at += SECOND
        words = b"%d" % word
        packet_id = broker.send_new(number, words)
        if packet_id and fate in ("ok", "ack lost"):
            deliver(number, packet_id, words, dup=False)
            if fate == "ok":
                del broker.in_flight[packet_id]
        if fate in ("lost", "reconnect", "restart", "ack lost"):  # the connection is gone
            if fate == "restart":
                plant = plant.restart()
            else:
                plant.reconnect()
            for one, (old, text) in list(broker.in_flight.items()):
                at += SECOND
                deliver(old, one, text, dup=True)
                if fate != "ack lost":
                    del broker.in_flight[one]
    assert all(len(found) == 1 for found in times.values())
    assert len({next(iter(found)) for found in times.values()}) == len(times)


def test_a_hundred_thousand_receipts_take_a_hundred_bytes_each() -> None:
    """They are the collector's largest store: at a flood it is full after some minutes."""
    count = 6_000
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        plant = ResendingPlant(limit=count)
        for number in range(count):
            plant.receive(1 + number, b"%d" % number, at=NOON)
            plant.received.clear()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after - before) / count < 100
