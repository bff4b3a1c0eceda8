"""What it costs the console that handlers fail one by one: processor time of one message. Shown with -s.

A widget of Textual and one that is contained take the same messages, each with one handler that does nothing.
"""

import sys
import time

import pytest
from textual.app import App, ComposeResult
from textual.message import Message
from textual.widget import Widget

from dosing_tui.tui.containment.contained_pump import ContainedPump
from dosing_tui.tui.containment.part_guard import PartGuard
from tests.support.sizes import choose_size

MESSAGES = int(choose_size("MESSAGES", small=2_000, full=20_000))
ROUNDS = 8

pytestmark = pytest.mark.benchmark


class Probe(Message):
    pass


class Plain(Widget):
    def on_probe(self) -> None:
        pass


class Contained(ContainedPump, Plain):
    pass


class GuardedProbeApp(App[None]):
    guard = PartGuard()

    def compose(self) -> ComposeResult:
        yield Plain()
        yield Contained()


async def test_processor_time_of_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    app = GuardedProbeApp()
    async with app.run_test():
        plain, contained = app.query_one(Plain), app.query_one(Contained)
        rounds = [(await _measure_dispatch(plain), await _measure_dispatch(contained)) for _ in range(ROUNDS)]
    least, most = (min(each) for each in zip(*rounds, strict=True))
    with capsys.disabled():
        sys.stdout.write(
            f"\na message: {least:.1f} us, contained {most:.1f} us, for it {most - least:.1f} us\n"
        )


async def _measure_dispatch(widget: Widget) -> float:
    """Processor time of the thread in µs a message."""
    began = time.thread_time()
    for _ in range(MESSAGES):
        await widget._dispatch_message(Probe())
    return 1e6 * (time.thread_time() - began) / MESSAGES
