import threading

from dosing_tui.collector.pipeline.receive_buffer import AT_ONCE, Inbox
from dosing_tui.mqtt.message import Delivery
from tests.support.collector.parsed_items import NOON
from tests.support.polling import until


def delivery(number: int, size: int = 10) -> Delivery:
    return Delivery("t", b"x" * size, NOON, number, 1, False, 1)


def test_everything_that_has_arrived_is_taken_in_order() -> None:
    inbox = Inbox()
    for number in range(5):
        inbox.put(delivery(number))
    assert [taken.mid for taken in inbox.take()] == [0, 1, 2, 3, 4]


def test_one_take_is_one_transaction_of_bearable_size() -> None:
    inbox = Inbox()
    for number in range(AT_ONCE + 1):
        inbox.put(delivery(number))
    assert [len(inbox.take()), len(inbox.take())] == [AT_ONCE, 1]


def blocked_put(inbox: Inbox, what: Delivery) -> threading.Thread:
    thread = threading.Thread(target=inbox.put, args=(what,), daemon=True)
    thread.start()
    thread.join(0.05)
    assert thread.is_alive()
    return thread


def test_a_full_inbox_makes_the_broker_wait() -> None:
    inbox = Inbox(most_messages=2)
    inbox.put(delivery(1))
    inbox.put(delivery(2))
    waiting = blocked_put(inbox, delivery(3))
    inbox.take()
    until(lambda: not waiting.is_alive())
    assert [taken.mid for taken in inbox.take()] == [3]


def test_an_inbox_full_of_large_messages_is_full_too() -> None:
    inbox = Inbox(most_bytes=100)
    inbox.put(delivery(1, size=100))
    waiting = blocked_put(inbox, delivery(2))
    inbox.take()
    until(lambda: not waiting.is_alive())


def test_closing_frees_everybody_and_keeps_nothing() -> None:
    inbox = Inbox(most_messages=1)
    inbox.put(delivery(1))
    waiting = blocked_put(inbox, delivery(2))
    inbox.close()
    until(lambda: not waiting.is_alive())
    inbox.put(delivery(3))
    assert inbox.take() == []
