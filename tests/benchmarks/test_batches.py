"""Seconds to rebuild 100,000 batches from their messages: figures only, shown with -s."""

import os
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from dosing_tui.plant.batches.canonical import digest, record
from dosing_tui.plant.batches.findings import judge
from dosing_tui.plant.batches.reconstruction import reconstruct
from dosing_tui.plant.readings import Reading
from tests.plant.batches.days import MUCH_LATER, level, normal

BATCHES = int(os.environ.get("BENCHMARK_BATCHES", "2000"))
STATIONS = 10

pytestmark = pytest.mark.benchmark


def readings(batches: int) -> Iterator[Reading]:
    for number in range(batches):
        device, begins = f"dosing_system_{number % STATIONS:02}", -400.0 * (number // STATIONS)
        yield from normal(begins, device=device)
        yield level(begins + 61.1, "T-9", 9000 - number % 500, device=device)
        yield level(begins + 122.1, "T-12", 9000 - number % 500, device=device)


def test_batches_from_messages(capsys: pytest.CaptureFixture[str]) -> None:
    messages = list(readings(BATCHES))
    begun = time.perf_counter()
    found = reconstruct(messages, now=MUCH_LATER + timedelta(days=1))
    rebuilt = time.perf_counter()
    hashes = {digest(record(batch)) for batch in found if judge(batch) is not None}
    done = time.perf_counter()
    assert len(found) == len(hashes) == BATCHES
    spent = (rebuilt - begun, done - rebuilt)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{BATCHES:,} batches: rebuilt {spent[0]:.1f} s, judged, hashed {spent[1]:.1f} s\n"
        )
