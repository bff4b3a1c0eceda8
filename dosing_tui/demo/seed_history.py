"""The days before the demo: what its plant said then, read and stored the way the collector does it."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from random import Random
from uuid import uuid4

from dosing_tui.collector.dependencies import build_parser
from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import open_connection
from dosing_tui.database.reading_writer import ReadingWriter, SpoolRow, WriteReceipt
from dosing_tui.simulator.plant import PlantMessage, SimulatedPlant
from dosing_tui.simulator.shift_pattern import find_next_working_time

HISTORY_SPAN = timedelta(days=3)
SLICE_SPAN = timedelta(minutes=5)
"""Shifts and breaks begin and end on multiples of this, in any zone."""
MAX_RATE = 0.2
"""Most messages a second, whatever the live plant's pace: three days must be written in seconds."""
RATE_FACTORS = (0.6, 1.2)
"""Least and most that an hour's pace is of the usual one."""
CHUNK_SIZE = 4_000
NEWEST_TIME_SQL = """
SELECT greatest((SELECT max(time) FROM dosing_consumption),
                (SELECT max(time) FROM batch_events),
                (SELECT max(time) FROM inventory_levels))
"""


def find_gap_start(settings: Settings, now: datetime) -> datetime:
    """From when on the database has no readings: three days ago, or the newest reading it has.

    Raises: DatabaseError.
    """
    with open_connection(settings, application="demo") as session:
        row = session.execute(NEWEST_TIME_SQL).fetchone()
    newest: datetime | None = row[0] if row else None
    return max(now - HISTORY_SPAN, newest) if newest else now - HISTORY_SPAN


def generate_messages(
    plant: SimulatedPlant, *, seed: int, since: datetime, until: datetime, zone: tzinfo, rate: float
) -> Iterator[PlantMessage]:
    """What the plant said between the two moments, at about ``rate`` messages a second of work."""
    step = SLICE_SPAN.total_seconds()
    for number in range(int(since.timestamp() // step) + 1, int(until.timestamp() // step)):
        begins = number * step
        if find_next_working_time(begins, zone) > begins:
            continue
        pace = min(rate, MAX_RATE) * Random(f"{seed}/{int(begins // 3600)}").uniform(*RATE_FACTORS)
        yield from islice(
            plant.generate_live(datetime.fromtimestamp(begins, UTC), rate=pace), round(pace * step)
        )


def store_messages(settings: Settings, messages: Iterator[PlantMessage]) -> int:
    """Write the messages in a few large transactions; answers how many there were.

    Raises: DatabaseError.
    """
    spool_id, count = uuid4(), 0
    writer = ReadingWriter(settings)
    under_way: Future[WriteReceipt] | None = None
    with ThreadPoolExecutor(1, "history") as one_thread:
        try:
            for rows in _iterate_chunks(settings, messages):
                count += len(rows)
                if under_way:
                    under_way.result()
                under_way = one_thread.submit(writer.write, spool_id, rows)
            if under_way:
                under_way.result()
        finally:
            one_thread.submit(writer.close).result()
    return count


def _iterate_chunks(settings: Settings, messages: Iterator[PlantMessage]) -> Iterator[list[SpoolRow]]:
    parser = build_parser(settings)
    numbered = enumerate(messages, start=1)
    while batch := list(islice(numbered, CHUNK_SIZE)):
        yield [
            (seq, parser.parse_message(each.topic, each.payload, received_at=each.at)) for seq, each in batch
        ]
