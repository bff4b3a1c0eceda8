import threading

import pytest

from dosing_tui.collector.pipeline.adaptive_window import AdaptiveWindow
from dosing_tui.collector.pipeline.receive_buffer import CHUNK_MESSAGES, MIN_IN_FLIGHT, ReceiveBuffer
from dosing_tui.mqtt.message import ReceivedMessage
from tests.support.collector.parsed_items import NOON
from tests.support.polling import wait_until


def make_delivery(number: int, size: int = 10) -> ReceivedMessage:
    return ReceivedMessage("t", b"x" * size, NOON, number, 1, False, 1)


def test_everything_that_has_arrived_is_taken_in_order() -> None:
    inbox = ReceiveBuffer()
    for number in range(5):
        inbox.put_messages([make_delivery(number)])
    assert [taken.packet_id for taken in inbox.take_chunk()] == [0, 1, 2, 3, 4]


def test_one_take_is_one_transaction_of_bearable_size() -> None:
    inbox = ReceiveBuffer()
    for number in range(CHUNK_MESSAGES + 1):
        inbox.put_messages([make_delivery(number)])
    assert [len(inbox.take_chunk()), len(inbox.take_chunk())] == [CHUNK_MESSAGES, 1]


def blocked_put(inbox: ReceiveBuffer, what: ReceivedMessage) -> threading.Thread:
    thread = threading.Thread(target=inbox.put_messages, args=([what],), daemon=True)
    thread.start()
    thread.join(0.05)
    assert thread.is_alive()
    return thread


def test_a_full_inbox_makes_the_broker_wait() -> None:
    inbox = ReceiveBuffer(max_messages=2)
    inbox.put_messages([make_delivery(1)])
    inbox.put_messages([make_delivery(2)])
    waiting = blocked_put(inbox, make_delivery(3))
    inbox.take_chunk()
    wait_until(lambda: not waiting.is_alive())
    assert [taken.packet_id for taken in inbox.take_chunk()] == [3]


def test_an_inbox_full_of_large_messages_is_full_too() -> None:
    inbox = ReceiveBuffer(max_bytes=100)
    inbox.put_messages([make_delivery(1, size=100)])
    waiting = blocked_put(inbox, make_delivery(2))
    inbox.take_chunk()
    wait_until(lambda: not waiting.is_alive())


def test_rare_messages_do_not_wait_for_company() -> None:
    window = AdaptiveWindow(3600, monotonic=iter([0.0, 1.0, 2.0, 3.0]).__next__)
    for _ in range(3):
        window.count_messages(200)
        assert window.window_s == 0


def test_dense_messages_wait_and_a_pause_ends_it() -> None:
    window = AdaptiveWindow(5, monotonic=iter([0.0, 0.1, 0.2, 0.3, 9.0]).__next__)
    for _ in range(3):
        window.count_messages(200)
    assert window.window_s == 5
    window.count_messages(4)
    assert window.window_s == 0


@pytest.fixture
def dense_inbox(monkeypatch: pytest.MonkeyPatch) -> ReceiveBuffer:
    """Messages are dense, and would be waited for an hour."""
    monkeypatch.setattr(AdaptiveWindow, "window_s", 3600)
    return ReceiveBuffer()


def test_a_topic_takes_room_as_a_payload_does() -> None:
    """It is up to 64 KB long."""
    inbox = ReceiveBuffer(max_bytes=1_000)
    inbox.put_messages([make_delivery(1, size=0)._replace(topic="t" * 1_000)])
    waiting = blocked_put(inbox, make_delivery(2))
    assert [taken.packet_id for taken in inbox.take_chunk()] == [1]
    wait_until(lambda: not waiting.is_alive())
    assert [taken.packet_id for taken in inbox.take_chunk()] == [2]


def test_nobody_waits_when_the_broker_does(dense_inbox: ReceiveBuffer) -> None:
    for number in range(MIN_IN_FLIGHT):
        dense_inbox.put_messages([make_delivery(number)])
    assert len(dense_inbox.take_chunk()) == MIN_IN_FLIGHT


def test_only_messages_that_the_broker_waits_for_use_up_the_quota(dense_inbox: ReceiveBuffer) -> None:
    """Readings without acknowledgement, or of a connection before, raised the number that is waited for."""
    unacknowledged = [make_delivery(number)._replace(qos=0) for number in range(5)]
    quota = [make_delivery(number) for number in range(MIN_IN_FLIGHT)]
    dense_inbox.put_messages([*unacknowledged, *quota])
    assert len(dense_inbox.take_chunk()) == 5 + MIN_IN_FLIGHT
    dense_inbox.put_messages([*quota, *quota])
    assert len(dense_inbox.take_chunk()) == 2 * MIN_IN_FLIGHT
    reconnected = [message._replace(connection_number=2) for message in quota]
    dense_inbox.put_messages(quota)
    dense_inbox.put_messages(reconnected)
    assert len(dense_inbox.take_chunk()) == 2 * MIN_IN_FLIGHT
    dense_inbox.put_messages(reconnected)
    assert len(dense_inbox.take_chunk()) == MIN_IN_FLIGHT


def test_the_message_that_uses_up_the_quota_ends_the_wait(dense_inbox: ReceiveBuffer) -> None:
    dense_inbox.put_messages([make_delivery(0)])
    taken: list[int] = []
    thread = threading.Thread(target=lambda: taken.append(len(dense_inbox.take_chunk())), daemon=True)
    thread.start()
    for number in range(1, MIN_IN_FLIGHT):
        assert not taken
        dense_inbox.put_messages([make_delivery(number)])
    wait_until(lambda: taken == [MIN_IN_FLIGHT])


def test_closing_ends_the_wait_for_company(dense_inbox: ReceiveBuffer) -> None:
    dense_inbox.put_messages([make_delivery(0)])
    thread = threading.Thread(target=dense_inbox.take_chunk, daemon=True)
    thread.start()
    dense_inbox.close()
    wait_until(lambda: not thread.is_alive())


def make_unrepeated(number: int) -> ReceivedMessage:
    return ReceivedMessage("t", b"%d" % number, NOON, 0, 0, False, 1)


def test_closing_keeps_what_the_broker_never_sends_again() -> None:
    inbox = ReceiveBuffer(max_messages=4)
    inbox.put_messages([make_unrepeated(1), make_delivery(1)])
    taken = inbox.take_chunk()
    inbox.put_messages([make_delivery(2), make_unrepeated(2)])
    inbox.close(taken)
    inbox.put_messages([make_delivery(3), *map(make_unrepeated, range(3, 9))])
    assert [message.payload for message in inbox.take_unrepeated()] == [b"1", b"2", b"3", b"4"]
    assert inbox.take_unrepeated() == []


def test_what_is_kept_of_large_messages_is_bounded_too() -> None:
    inbox = ReceiveBuffer(max_bytes=100)
    inbox.close()
    inbox.put_messages([make_unrepeated(1)._replace(payload=bytes(60))] * 5)
    assert len(inbox.take_unrepeated()) == 2


def test_closing_frees_everybody_and_keeps_nothing() -> None:
    inbox = ReceiveBuffer(max_messages=1)
    inbox.put_messages([make_delivery(1)])
    waiting = blocked_put(inbox, make_delivery(2))
    inbox.close()
    wait_until(lambda: not waiting.is_alive())
    inbox.put_messages([make_delivery(3)])
    assert inbox.take_chunk() == []
