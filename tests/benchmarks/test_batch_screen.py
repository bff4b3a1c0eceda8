"""What a reviewer waits for with many batches: list, filter and batch on the real screen. Shown with -s.

BENCHMARK_BATCHES (default 2,000) are stored. The screen is looked at every 20 ms, which is in the figures.
"""

import os
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from dosing_tui.database.batches.incremental_rebuild import rebuild_batches
from dosing_tui.demo.servers.mqtt_broker import find_free_port
from dosing_tui.domain.messages.models import Reading
from dosing_tui.tui.rendering import number_format
from tests.benchmarks.test_batches import BATCHES, write_all
from tests.support.database.reading_samples import settings_for
from tests.support.domain.batch_messages import MUCH_LATER, NOON, make_dose, make_event, normal_batch
from tests.support.tmux_terminal import FOUND, Terminal, run_program

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(FOUND is None, reason="tmux is not installed"),
]

ONES = 500
"""Batches that are made of readings; the others are copies of them, of other days."""
TIMES = 7 if BATCHES > 2_000 else 2
COPIES: LiteralString = """
INSERT INTO batches (batch_key, batch_id, device_id, recipe, mode, status, reason, begins_at, ends_at,
                     last_at, anchored_at, anchor, pumps, doses, target_g, actual_g, findings,
                     finding_kinds, record_hash, judgement_hash)
SELECT md5(batch_key || day),
       format('%%s-%%s-%%s', device_id, to_char(begins_at - before.by, 'YYYYMMDD'), right(batch_id, 3)),
       device_id, recipe, mode, status, reason, begins_at - before.by, ends_at - before.by,
       last_at - before.by, anchored_at - before.by, anchor, pumps, doses, target_g, actual_g, findings,
       finding_kinds, record_hash, judgement_hash
  FROM batches
 CROSS JOIN generate_series(1, %(days)s) AS day
 CROSS JOIN LATERAL (SELECT day * INTERVAL '1 day' AS by) AS before
"""
RECORDS: LiteralString = """
INSERT INTO batch_records (batch_key, record, judgement)
SELECT md5(batch_key || day), record, judgement FROM batch_records, generate_series(1, %(days)s) AS day
"""


def test_list_filter_and_batch_on_the_screen(
    migrated: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill_database(migrated)
    env = {
        "DOSING_DATABASE_DSN": migrated,
        "DOSING_MQTT_HOST": "127.0.0.1",
        "DOSING_MQTT_PORT": str(find_free_port()),
        "DOSING_COLLECTOR_MODE": "never",
        "XDG_STATE_HOME": str(tmp_path),
    }
    spent: dict[str, list[float]] = {}
    with run_program(tmp_path, env=env) as terminal:
        terminal.wait_for_text("Overview")
        terminal.wait_for_text("● DB")
        for _ in range(TIMES):
            measure_screens(terminal, spent)
    with capsys.disabled():
        sys.stdout.write(f"\n{BATCHES:,} batches, load {os.getloadavg()[0]:.1f}\n")
        for name, taken in spent.items():
            first, median, longest = (1000 * one for one in (taken[0], statistics.median(taken), max(taken)))
            sys.stdout.write(
                f"  {name:<32} first {first:4.0f} ms, median {median:4.0f} ms, longest {longest:4.0f} ms\n"
            )


def measure_screens(terminal: Terminal, spent: dict[str, list[float]]) -> None:
    """From the list and back."""

    def timed(name: str, key: str, seen: Callable[[str], bool]) -> None:
        terminal.send_keys(key)
        spent.setdefault(name, []).append(terminal.seconds_until(seen))

    timed("b: the list", "b", lambda screen: screen.count("CU-85") > 20)
    terminal.wait_for_text(f"All {number_format.format_count(BATCHES)}")
    timed("w: those with exceptions", "w", lambda screen: screen.count("▲") > 20)
    timed("enter: a batch", "Enter", lambda screen: "Ingredients" in screen)
    before = find_batch_number(terminal.read_screen())
    timed(
        "right: the next batch",
        "Right",
        lambda screen: "Ingredients" in screen and find_batch_number(screen) != before,
    )
    terminal.send_keys("Escape")
    terminal.wait_for_text("o to review")
    timed("w: all again", "w", lambda screen: 0 < screen.count("▲") < 20 < screen.count("●"))
    for _ in range(3):
        terminal.send_keys("Right")
    timed("right: those aborted", "Right", lambda screen: screen.count("■ aborted") > 20)
    terminal.send_keys("Escape")
    terminal.wait_for_text("Overview")


def find_batch_number(screen: str) -> str:
    """The number of the batch that is shown whole."""
    return next((word for word in screen.split() if word.startswith("dosing_system_")), "")


def fill_database(dsn: str) -> None:
    write_all(dsn, generate_readings())
    rebuild_batches(
        settings_for(dsn),
        since=NOON.replace(day=1),
        until=MUCH_LATER,
        now=MUCH_LATER,
        report=lambda line: None,
    )
    with psycopg.connect(dsn, autocommit=True) as session:
        days = {"days": BATCHES // ONES - 1}
        session.execute(COPIES, days)
        session.execute(RECORDS, days)
        session.execute("VACUUM ANALYZE batches")
        session.execute("VACUUM ANALYZE batch_records")


def generate_readings() -> Iterator[Reading]:
    """Of ten stations; every eighth batch is out of tolerance, every tenth is aborted."""
    for number in range(ONES):
        device, begins = f"dosing_system_{number % 10:02}", -600.0 * (number // 10)
        start, first, second, complete = normal_batch(begins, device=device)
        if number // 10 % 8 == 0:
            second = make_dose(begins + 122, "T-12", target_g=5.0, actual_g=6.4, device=device)
        yield from (start, first, second)
        yield make_event(begins + 125, "abort", device=device) if number // 10 % 10 == 9 else complete
