"""Rows per second that one writer commits, by size of batch; figures only, shown with -s."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from msgspec.structs import replace

from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.domain.messages.models import Dose
from tests.support.database.reading_samples import DOSE, NOW, settings_for

ROUNDS = {1: 200, 10: 100, 100: 50, 500: 20}
"""How many batches of each size."""

pytestmark = pytest.mark.benchmark


def a_dose(number: int) -> Dose:
    return replace(
        DOSE,
        time=NOW + timedelta(milliseconds=137 * number),
        device_id=f"station-{number % 20}",
        pump=number % 4,
        chemical=f"chemical-{number % 8}",
        dedup=number,
    )


def test_rows_per_second(
    migrated: str, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    writer, spool, number = ReadingWriter(settings_for(migrated)), uuid4(), 0
    for size, rounds in ROUNDS.items():
        spent: list[float] = []
        for _ in range(rounds):
            rows = [(number + k + 1, (a_dose(number + k),)) for k in range(size)]
            spent.append(_measure_time(partial(writer.write, spool, rows)))
            number += size
        with capsys.disabled():
            request.config.get_terminal_writer().line(
                f"\nbatches of {size}: {size * rounds / sum(spent):.0f} rows/s,"
                f" median {1000 * sorted(spent)[rounds // 2]:.1f} ms, worst {1000 * max(spent):.1f} ms"
            )
    assert writer.read_progress(spool).stored == number
    writer.close()


def _measure_time(action: Callable[[], object]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin
