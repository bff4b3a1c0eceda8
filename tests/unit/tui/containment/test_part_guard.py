"""How long a part of the console is named as out of order."""

from dosing_tui.tui.containment.part_guard import SINGLE_SHOWN_S, PartGuard


class SecondsClock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_is_done_again_and_again_is_out_of_order_until_it_works() -> None:
    clock = SecondsClock()
    guard = PartGuard(clock=clock)
    guard.note_failure("tanks", ValueError("no"))
    clock.now += 10 * SINGLE_SHOWN_S
    assert guard.failures == {"tanks": "ValueError('no')"}
    guard.note_success("tanks")
    assert guard.failures == {}


def test_what_was_to_be_done_once_is_out_of_order_for_a_minute_after_its_last_failure() -> None:
    clock = SecondsClock()
    guard = PartGuard(clock=clock)
    guard.note_failure("redraw", ValueError("no"), is_single=True)
    clock.now += SINGLE_SHOWN_S / 2
    guard.note_failure("redraw", ValueError("again"), is_single=True)
    clock.now += SINGLE_SHOWN_S - 1
    assert guard.failures == {"redraw": "ValueError('again')"}
    clock.now += 1
    assert guard.failures == {}


def test_a_part_that_also_fails_when_it_is_done_regularly_stays_out_of_order() -> None:
    clock = SecondsClock()
    guard = PartGuard(clock=clock)
    guard.note_failure("redraw", ValueError("once"), is_single=True)
    guard.note_failure("redraw", ValueError("each tick"))
    clock.now += 2 * SINGLE_SHOWN_S
    assert guard.failures == {"redraw": "ValueError('each tick')"}
