"""History of the demo plant: its messages, parsed and stored as by the collector."""

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
"""Shifts and breaks start and end on multiples of this, in any zone."""
MAX_RATE = 0.2
"""Maximum of messages a second of plant time: three days must be written within seconds."""
RATE_FACTORS = (0.6, 1.2)
"""Least and greatest factor of an hour's message rate."""
CHUNK_SIZE = 4_000
NEWEST_TIME_SQL = """
SELECT greatest((SELECT max(time) FROM dosing_consumption),
                (SELECT max(time) FROM batch_events),
                (SELECT max(time) FROM inventory_levels))
"""


def find_gap_start(settings: Settings, now: datetime) -> datetime:
    """The start of the missing readings: three days ago, or the newest stored reading.

    Raises: DatabaseError.
    """
    with open_connection(settings, application="demo") as session:
        row = session.execute(NEWEST_TIME_SQL).fetchone()
    newest: datetime | None = row[0] if row else None
    return max(now - HISTORY_SPAN, newest) if newest else now - HISTORY_SPAN


def generate_messages(
    plant: SimulatedPlant, *, seed: int, since: datetime, until: datetime, zone: tzinfo, rate: float
) -> Iterator[PlantMessage]:
    """Messages between the two times, at about ``rate`` a second of working hours."""
    step = SLICE_SPAN.total_seconds()
    for number in range(int(since.timestamp() // step) + 1, int(until.timestamp() // step)):
        start_s = number * step
        if find_next_working_time(start_s, zone) > start_s:
            continue
        pace = min(rate, MAX_RATE) * Random(f"{seed}/{int(start_s // 3600)}").uniform(*RATE_FACTORS)
        yield from islice(
            plant.generate_live(datetime.fromtimestamp(start_s, UTC), rate=pace), round(pace * step)
        )


def store_messages(settings: Settings, messages: Iterator[PlantMessage]) -> int:
    """Write the messages in a few large transactions. Returns their number.

    Raises: DatabaseError.
    """
    spool_id, count = uuid4(), 0
    writer = ReadingWriter(settings)
    write_job: Future[WriteReceipt] | None = None
    with ThreadPoolExecutor(1, "history") as one_thread:
        try:
            for rows in _iterate_chunks(settings, messages):
                count += len(rows)
                if write_job:
                    write_job.result()
                write_job = one_thread.submit(writer.write, spool_id, rows)
            if write_job:
                write_job.result()
        finally:
            one_thread.submit(writer.close).result()
    return count


def _iterate_chunks(settings: Settings, messages: Iterator[PlantMessage]) -> Iterator[list[SpoolRow]]:
    parser = build_parser(settings)
    numbered = enumerate(messages, start=1)
    while chunk := list(islice(numbered, CHUNK_SIZE)):
        yield [
            (seq, parser.parse_message(each.topic, each.payload, received_at=each.at)) for seq, each in chunk
        ]
