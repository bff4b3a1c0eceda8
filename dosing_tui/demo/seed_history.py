"""The days before the demo: what its plant said then, read and stored the way the collector does it."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from random import Random
from uuid import uuid4

from dosing_tui.collector.dependencies import plant_parser
from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import connect
from dosing_tui.database.reading_writer import SpoolRow, Writer, Written
from dosing_tui.simulator.plant import Message, Plant
from dosing_tui.simulator.shift_pattern import next_working_moment

SPAN = timedelta(days=3)
SLICE = timedelta(minutes=5)
"""Shifts and breaks begin and end on multiples of this, in any zone."""
DENSEST = 0.2
"""Most messages a second, whatever the live plant's pace: three days must be written in seconds."""
BUSY = (0.6, 1.2)
"""Least and most that an hour's pace is of the usual one."""
BATCH = 4_000
NEWEST = """
SELECT greatest((SELECT max(time) FROM dosing_consumption),
                (SELECT max(time) FROM batch_events),
                (SELECT max(time) FROM inventory_levels))
"""


def missing_since(settings: Settings, now: datetime) -> datetime:
    """From when on the database has no readings: three days ago, or the newest reading it has.

    Raises: DatabaseError.
    """
    with connect(settings, application="demo") as session:
        row = session.execute(NEWEST).fetchone()
    newest: datetime | None = row[0] if row else None
    return max(now - SPAN, newest) if newest else now - SPAN


def messages(
    plant: Plant, *, seed: int, since: datetime, until: datetime, zone: tzinfo, rate: float
) -> Iterator[Message]:
    """What the plant said between the two moments, at about ``rate`` messages a second of work."""
    step = SLICE.total_seconds()
    for number in range(int(since.timestamp() // step) + 1, int(until.timestamp() // step)):
        begins = number * step
        if next_working_moment(begins, zone) > begins:
            continue
        pace = min(rate, DENSEST) * Random(f"{seed}/{int(begins // 3600)}").uniform(*BUSY)
        yield from islice(plant.live(datetime.fromtimestamp(begins, UTC), rate=pace), round(pace * step))


def store(settings: Settings, said: Iterator[Message]) -> int:
    """Write the messages in a few large transactions; answers how many there were.

    Raises: DatabaseError.
    """
    spool_id, count = uuid4(), 0
    writer = Writer(settings)
    under_way: Future[Written] | None = None
    with ThreadPoolExecutor(1, "history") as one_thread:
        try:
            for rows in _batches(settings, said):
                count += len(rows)
                if under_way:
                    under_way.result()
                under_way = one_thread.submit(writer.write, spool_id, rows)
            if under_way:
                under_way.result()
        finally:
            one_thread.submit(writer.close).result()
    return count


def _batches(settings: Settings, said: Iterator[Message]) -> Iterator[list[SpoolRow]]:
    parser = plant_parser(settings)
    numbered = enumerate(said, start=1)
    while batch := list(islice(numbered, BATCH)):
        yield [(seq, parser.read(each.topic, each.payload, received_at=each.at)) for seq, each in batch]
