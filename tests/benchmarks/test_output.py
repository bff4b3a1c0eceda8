"""How much the console writes to its terminal: what a slow line has to carry. Shown with -s.

BENCHMARK_SECONDS (full size: 15) is how long each is measured. ``most`` is the aim, in bytes a second.
"""

import os
import sys

import pytest

from screenshots.recorder import Recorder, Size
from tests.support.sizes import choose_size

SECONDS = choose_size("SECONDS", small=4, full=15)
SETTLE_S = choose_size("SETTLE", small=3, full=10)
"""Start-up and the first answers are not counted."""
SIZE = Size(120, 40)

pytestmark = pytest.mark.benchmark


@pytest.mark.parametrize(
    ("doses_per_second", "most"), [(0.0, 700), (0.2, 1_000), (1.0, 2_500)], ids=["idle", "calm", "busy"]
)
def test_bytes_a_second(doses_per_second: float, most: int, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "tests.support.tui.sample_console", str(doses_per_second)]
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    with Recorder(command, SIZE, environment) as console:
        console.watch(SETTLE_S)
        start = len(console.recorded)
        console.watch(SECONDS)
        rate = (len(console.recorded) - start) / SECONDS
    with capsys.disabled():
        sys.stdout.write(
            f"\n{doses_per_second:g} doses/s, 120x40: {rate:,.0f} bytes/s, start {start:,} bytes\n"
        )
    # a busy machine paints late, and then more at once; without cell diffing it is ten times as much
    assert 0 < rate <= 4 * most
