import threading

from dosing_tui.collector.context.non_blocking_log import MAX_QUEUE_LINES, NonBlockingLog


def test_sentences_are_said_in_order_and_all_of_them_at_the_end() -> None:
    said: list[str] = []
    announcer = NonBlockingLog(said.append)
    for number in range(100):
        announcer.write_line(f"{number}")
    announcer.close(20)
    assert said == [f"{number}" for number in range(100)]


def test_a_stuck_log_stops_nobody() -> None:
    stuck = threading.Event()

    def wait(_sentence: str) -> None:
        stuck.wait(60)

    announcer = NonBlockingLog(wait)
    for number in range(3 * MAX_QUEUE_LINES):
        announcer.write_line(f"{number}")
    announcer.close(0.01)
    stuck.set()


def test_a_closed_log_stops_nobody() -> None:
    def closed(_sentence: str) -> None:
        raise BrokenPipeError

    announcer = NonBlockingLog(closed)
    for number in range(3 * MAX_QUEUE_LINES):
        announcer.write_line(f"{number}")
    announcer.close(20)
