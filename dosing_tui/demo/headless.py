"""The demo without a screen: collect for a while, then print the reconciled message counts."""

import json
import math
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import asdict

from dosing_tui.collector.collector import Collector
from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import open_connection
from dosing_tui.demo.simulator_thread import SimulatorThread
from dosing_tui.domain.messages.models import READING_TABLES
from dosing_tui.errors import DemoError
from dosing_tui.live_snapshot import LinkStatus, LiveSnapshot, MessageCounts, Role
from dosing_tui.live_state import LiveState
from dosing_tui.simulator.publish_loop import PublishTally

READY_TIMEOUT_S = 30.0
DRAIN_TIMEOUT_S = 60.0
POLL_INTERVAL_S = 0.05
MAX_SLEEP_S = 0.2
COUNT_ROWS_SQL = """
SELECT (SELECT count(*) FROM dosing_consumption), (SELECT count(*) FROM batch_events),
       (SELECT count(*) FROM inventory_levels), (SELECT count(*) FROM rejected_messages)
"""
TABLES = (*READING_TABLES, "rejected_messages")


def collect_for(
    duration_s: float | None,
    settings: Settings,
    simulation: SimulatorThread,
    *,
    report: Callable[[str], None],
    run_info: dict[str, object],
) -> int:
    """Collect for ``duration_s`` or until Ctrl+C; then stop the plant and wait until all messages are stored.

    Prints the counts and ``run_info`` as one line of JSON. 0 if they are reconciled and complete, else 1.
    """
    live = LiveState()
    collector = Collector(settings, live, report=report)
    collector.start()
    try:
        before = _wait_until_ready(live).message_counts
        elapsed_s = _run_plant(duration_s, simulation, report)
        tally = simulation.stop()
        _wait_for_drain(live, before, tally)
    finally:
        collector.stop()
    counts = subtract_counts(before, _take_snapshot(live).message_counts)
    sys.stdout.write(
        json.dumps(run_info | build_summary(counts, tally, count_rows(settings), elapsed_s)) + "\n"
    )
    return 0 if counts.is_reconciled and not counts.spooled and counts.received >= tally.published else 1


def subtract_counts(before: MessageCounts, after: MessageCounts) -> MessageCounts:
    """The difference; messages that an earlier run left in the spool count as received now."""
    return MessageCounts(
        received=after.received - before.received + before.spooled,
        stored=after.stored - before.stored,
        duplicates=after.duplicates - before.duplicates,
        spooled=after.spooled,
        rejected=after.rejected - before.rejected,
        possible_repeats=after.possible_repeats - before.possible_repeats,
    )


def build_summary(
    counts: MessageCounts, tally: PublishTally, stored_rows: dict[str, int], elapsed_s: float
) -> dict[str, object]:
    return {
        **asdict(counts),
        "balanced": counts.is_reconciled,
        "published": tally.published,
        "faults": tally.faults,
        "expected": {"rejected": tally.rejects_expected, "duplicates": tally.duplicates_expected},
        "resent": tally.resent,
        "rows": stored_rows,
        "duration_s": round(elapsed_s, 1),
    }


def count_rows(settings: Settings) -> dict[str, int]:
    """Rows of the plant's tables, with the history."""
    with open_connection(settings, application="demo") as session:
        counts: tuple[Any, ...] = session.execute(COUNT_ROWS_SQL).fetchone() or ()
    return dict(zip(TABLES, counts, strict=True))


def _run_plant(duration_s: float | None, simulation: SimulatorThread, report: Callable[[str], None]) -> float:
    """Returns the plant's running time in seconds."""
    began = time.monotonic()
    with suppress(KeyboardInterrupt):
        simulation.start()
        report("Plant running" + (f" for {duration_s:g} s." if duration_s else ". Ctrl+C stops it."))
        _sleep_for(duration_s)
    report("Plant stopped; waiting until all its messages are stored.")
    return time.monotonic() - began


def _sleep_for(duration_s: float | None) -> None:
    """In short sleeps: a signal just before a long one would be handled only after it."""
    until = time.monotonic() + (math.inf if duration_s is None else duration_s)
    while (remaining := until - time.monotonic()) > 0:
        time.sleep(min(remaining, MAX_SLEEP_S))


def _wait_until_ready(live: LiveState) -> LiveSnapshot:
    """Messages published before the collector subscribes would be lost."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while True:
        snapshot = _take_snapshot(live)
        if (
            snapshot.role is Role.COLLECTOR
            and snapshot.broker.status is snapshot.database.status is LinkStatus.UP
        ):
            return snapshot
        if time.monotonic() > deadline:
            why = snapshot.database.reason or snapshot.broker.reason or snapshot.notice
            raise DemoError(f"The collector does not start within {READY_TIMEOUT_S:.0f} s. {why}".strip())
        time.sleep(POLL_INTERVAL_S)


def _wait_for_drain(live: LiveState, before: MessageCounts, tally: PublishTally) -> None:
    deadline = time.monotonic() + DRAIN_TIMEOUT_S
    while time.monotonic() < deadline:
        counts = _take_snapshot(live).message_counts
        if counts.received - before.received >= tally.published and not counts.spooled:
            return
        time.sleep(POLL_INTERVAL_S)


def _take_snapshot(live: LiveState) -> LiveSnapshot:
    return live.get_snapshot(datetime.now(UTC))
