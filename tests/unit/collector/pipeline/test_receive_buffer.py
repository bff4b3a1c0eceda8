import threading

from dosing_tui.collector.pipeline.receive_buffer import CHUNK_MESSAGES, ReceiveBuffer
from dosing_tui.mqtt.message import ReceivedMessage
from tests.support.collector.parsed_items import NOON
from tests.support.polling import wait_until


def make_delivery(number: int, size: int = 10) -> ReceivedMessage:
    return ReceivedMessage("t", b"x" * size, NOON, number, 1, False, 1)


def test_everything_that_has_arrived_is_taken_in_order() -> None:
    inbox = ReceiveBuffer()
    for number in range(5):
        inbox.put_message(make_delivery(number))
    assert [taken.packet_id for taken in inbox.take_chunk()] == [0, 1, 2, 3, 4]


def test_one_take_is_one_transaction_of_bearable_size() -> None:
    inbox = ReceiveBuffer()
    for number in range(CHUNK_MESSAGES + 1):
        inbox.put_message(make_delivery(number))
    assert [len(inbox.take_chunk()), len(inbox.take_chunk())] == [CHUNK_MESSAGES, 1]


def blocked_put(inbox: ReceiveBuffer, what: ReceivedMessage) -> threading.Thread:
    thread = threading.Thread(target=inbox.put_message, args=(what,), daemon=True)
    thread.start()
    thread.join(0.05)
    assert thread.is_alive()
    return thread


def test_a_full_inbox_makes_the_broker_wait() -> None:
    inbox = ReceiveBuffer(max_messages=2)
    inbox.put_message(make_delivery(1))
    inbox.put_message(make_delivery(2))
    waiting = blocked_put(inbox, make_delivery(3))
    inbox.take_chunk()
    wait_until(lambda: not waiting.is_alive())
    assert [taken.packet_id for taken in inbox.take_chunk()] == [3]


def test_an_inbox_full_of_large_messages_is_full_too() -> None:
    inbox = ReceiveBuffer(max_bytes=100)
    inbox.put_message(make_delivery(1, size=100))
    waiting = blocked_put(inbox, make_delivery(2))
    inbox.take_chunk()
    wait_until(lambda: not waiting.is_alive())


def test_closing_frees_everybody_and_keeps_nothing() -> None:
    inbox = ReceiveBuffer(max_messages=1)
    inbox.put_message(make_delivery(1))
    waiting = blocked_put(inbox, make_delivery(2))
    inbox.close()
    wait_until(lambda: not waiting.is_alive())
    inbox.put_message(make_delivery(3))
    assert inbox.take_chunk() == []
