"""The demo without a screen: collect what the plant says for a while, then show that the books balance."""

import json
import math
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from dosing_tui.collector.collector import Collector
from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import open_connection
from dosing_tui.demo.simulator_thread import SimulatorThread
from dosing_tui.errors import DemoError
from dosing_tui.live_state import LinkStatus, LiveSnapshot, LiveState, MessageCounts, Role
from dosing_tui.simulator.publish_loop import PublishTally

READY_TIMEOUT_S = 30.0
DRAIN_TIMEOUT_S = 60.0
POLL_INTERVAL_S = 0.05
MAX_SLEEP_S = 0.2
COUNT_ROWS_SQL = """
SELECT (SELECT count(*) FROM dosing_consumption), (SELECT count(*) FROM batch_events),
       (SELECT count(*) FROM inventory_levels), (SELECT count(*) FROM rejected_messages)
"""
TABLES = ("dosing_consumption", "batch_events", "inventory_levels", "rejected_messages")


def collect_for(
    duration_s: float | None,
    settings: Settings,
    simulation: SimulatorThread,
    *,
    report: Callable[[str], None],
    run_info: dict[str, object],
) -> int:
    """Until the time is over or Ctrl+C; the plant stops first, and everything it published is waited for.

    Prints the books as one line of JSON, together with what is known ``run_info`` the run. 0 if they balance and
    nothing is missing, else 1.
    """
    live = LiveState()
    collector = Collector(settings, live, report=report)
    collector.start()
    try:
        before = _wait_until_ready(live).message_counts
        lasted_s = _run_plant(duration_s, simulation, report)
        tally = simulation.stop()
        _wait_for_drain(live, before, tally)
    finally:
        collector.stop()
    books = subtract_counts(before, _take_snapshot(live).message_counts)
    sys.stdout.write(
        json.dumps(run_info | build_summary(books, tally, count_rows(settings), lasted_s)) + "\n"
    )
    return 0 if books.is_reconciled and not books.spooled and books.received >= tally.published else 1


def subtract_counts(before: MessageCounts, after: MessageCounts) -> MessageCounts:
    """What moved between the two; a message left in the spool by an earlier run counts as received now."""
    return MessageCounts(
        received=after.received - before.received + before.spooled,
        stored=after.stored - before.stored,
        duplicates=after.duplicates - before.duplicates,
        spooled=after.spooled,
        rejected=after.rejected - before.rejected,
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
    """Rows of the plant's tables, history included."""
    with open_connection(settings, application="demo") as session:
        counted: tuple[Any, ...] = session.execute(COUNT_ROWS_SQL).fetchone() or ()
    return dict(zip(TABLES, counted, strict=True))


def _run_plant(duration_s: float | None, simulation: SimulatorThread, report: Callable[[str], None]) -> float:
    """For how many seconds the plant worked."""
    began = time.monotonic()
    with suppress(KeyboardInterrupt):
        simulation.start()
        report("The plant works" + (f" for {duration_s:g} s." if duration_s else ". Ctrl+C ends it."))
        _sleep_for(duration_s)
    report("The plant stops; waiting until everything it said is stored.")
    return time.monotonic() - began


def _sleep_for(duration_s: float | None) -> None:
    """In naps: a signal that comes just before a long wait would be heeded only after it."""
    until = time.monotonic() + (math.inf if duration_s is None else duration_s)
    while (remaining := until - time.monotonic()) > 0:
        time.sleep(min(remaining, MAX_SLEEP_S))


def _wait_until_ready(live: LiveState) -> LiveSnapshot:
    """Messages published before the collector has subscribed would be nobody's."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while True:
        picture = _take_snapshot(live)
        if (
            picture.role is Role.COLLECTOR
            and picture.broker.status is picture.database.status is LinkStatus.UP
        ):
            return picture
        if time.monotonic() > deadline:
            why = picture.database.reason or picture.broker.reason or picture.notice
            raise DemoError(f"The collector does not begin within {READY_TIMEOUT_S:.0f} s. {why}".strip())
        time.sleep(POLL_INTERVAL_S)


def _wait_for_drain(live: LiveState, before: MessageCounts, tally: PublishTally) -> None:
    deadline = time.monotonic() + DRAIN_TIMEOUT_S
    while time.monotonic() < deadline:
        books = _take_snapshot(live).message_counts
        if books.received - before.received >= tally.published and not books.spooled:
            return
        time.sleep(POLL_INTERVAL_S)


def _take_snapshot(live: LiveState) -> LiveSnapshot:
    return live.get_snapshot(datetime.now(UTC))
