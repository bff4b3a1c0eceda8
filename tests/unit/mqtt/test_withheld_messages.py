"""Packet IDs that a broker leaves out."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.mqtt.publish_frames import PublishFrame
from dosing_tui.mqtt.withheld_messages import LAST_PACKET_ID, MAX_FRUITLESS, STUCK_AFTER, WithheldMessages

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
LATER = NOON + STUCK_AFTER


def receive(withheld: WithheldMessages, ids: Iterable[int], at: datetime = NOON) -> None:
    withheld.add_frames([PublishFrame("t", b"", packet_id, False, False) for packet_id in ids], at)


def number(first: int, count: int) -> list[int]:
    """Packet IDs as a broker gives them: after the last one comes 1."""
    return [(first - 1 + step) % LAST_PACKET_ID + 1 for step in range(count)]


starts = st.sampled_from([1, 2, LAST_PACKET_ID - 3, LAST_PACKET_ID]) | st.integers(1, LAST_PACKET_ID)


@given(starts, st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_numbers_in_their_order_are_complete(first: int, chunks: list[int]) -> None:
    withheld, ids = WithheldMessages(), iter(number(first, 1_000))
    for size in chunks:
        receive(withheld, [0, *(next(ids) for _ in range(size))])
    assert len(withheld) == 0
    assert withheld.take_stuck(LATER) == 0


@given(starts, st.integers(1, 50), st.integers(1, 500), st.integers(1, 50))
def test_what_is_left_out_is_asked_for_once_and_found_at_the_next_connection(
    first: int, before: int, left_out: int, after: int
) -> None:
    withheld, ids = WithheldMessages(), number(first, before + left_out + after)
    withheld.on_connect(NOON, is_session_resumed=True)
    receive(withheld, ids[:before])
    receive(withheld, ids[before + left_out :])
    assert len(withheld) == left_out
    assert withheld.take_stuck(LATER - timedelta(seconds=1)) == 0
    assert withheld.take_stuck(LATER) == left_out
    assert withheld.take_stuck(LATER) == 0
    withheld.on_connect(LATER, is_session_resumed=True)
    receive(withheld, ids[before : before + left_out], LATER)
    assert len(withheld) == 0


@given(starts, st.lists(st.integers(0, 99), max_size=50))
def test_repeated_messages_are_not_left_out(first: int, again: list[int]) -> None:
    withheld, ids = WithheldMessages(), number(first, 100)
    receive(withheld, ids)
    receive(withheld, (ids[place] for place in again))
    receive(withheld, number(first, 101)[-1:])
    assert len(withheld) == 0


def test_what_another_program_has_received_is_not_left_out() -> None:
    withheld = WithheldMessages()
    receive(withheld, range(1, 10))
    withheld.on_connect(NOON, is_session_resumed=True)
    receive(withheld, range(200, 210))
    assert len(withheld) == 0


def test_a_new_session_has_lost_what_was_left_out() -> None:
    withheld = WithheldMessages()
    receive(withheld, [1, 2, 9])
    withheld.on_connect(NOON, is_session_resumed=False)
    assert len(withheld) == 0


def test_a_broker_that_leaves_ids_out_for_good_is_not_asked_again() -> None:
    withheld, at = WithheldMessages(), NOON
    asked = []
    for first in range(1, 3_000, 2):
        receive(withheld, [first], at)
        at += STUCK_AFTER
        asked.append(withheld.take_stuck(at) > 0)
    assert asked.count(True) == MAX_FRUITLESS
    assert len(withheld) == 0
