import threading

from dosing_tui.collector.context.non_blocking_log import WAITING, Announcer


def test_sentences_are_said_in_order_and_all_of_them_at_the_end() -> None:
    said: list[str] = []
    announcer = Announcer(said.append)
    for number in range(100):
        announcer.say(f"{number}")
    announcer.close(20)
    assert said == [f"{number}" for number in range(100)]


def test_a_stuck_log_stops_nobody() -> None:
    stuck = threading.Event()

    def wait(_sentence: str) -> None:
        stuck.wait(60)

    announcer = Announcer(wait)
    for number in range(3 * WAITING):
        announcer.say(f"{number}")
    announcer.close(0.01)
    stuck.set()


def test_a_closed_log_stops_nobody() -> None:
    def closed(_sentence: str) -> None:
        raise BrokenPipeError

    announcer = Announcer(closed)
    for number in range(3 * WAITING):
        announcer.say(f"{number}")
    announcer.close(20)
