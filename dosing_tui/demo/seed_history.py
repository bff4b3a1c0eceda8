"""History of the demo plant: its messages, parsed and stored as by the collector."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta, tzinfo
from itertools import islice
from uuid import uuid4

from dosing_tui.collector.dependencies import build_parser
from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import open_connection
from dosing_tui.database.reading_writer import ReadingWriter, SpoolRow, WriteReceipt
from dosing_tui.simulator.plant import PlantMessage, SimulatedPlant

HISTORY_SPAN = timedelta(days=3)
HISTORY_GAP_S = (60.0, 290.0)
"""Between two batches in the past: about 1,100 messages a station and day, written within seconds."""
LIVE_GAP_S = (5.0, 20.0)
"""Between two batches of a running demo: nine stations finish a dose every eight seconds or so."""
FIRST_START_S = 140.0
"""About the time from batch to batch of a running demo: its stations are spread over it."""
WARM_UP = timedelta(minutes=6)
"""The plant works so long before the demo begins, at any hour: its stations are in the middle of batches."""
CHUNK_SIZE = 4_000
NEWEST_TIME_SQL = """
SELECT greatest((SELECT max(time) FROM dosing_consumption),
                (SELECT max(time) FROM batch_events),
                (SELECT max(time) FROM inventory_levels))
"""
LEVELS_SQL = "SELECT device_id, chemical, remaining_g FROM inventory_latest WHERE remaining_g IS NOT NULL"


def find_gap_start(settings: Settings, now: datetime) -> datetime:
    """The start of the missing readings: three days ago, or the newest stored reading.

    Raises: DatabaseError.
    """
    with open_connection(settings, application="demo") as session:
        row = session.execute(NEWEST_TIME_SQL).fetchone()
    newest: datetime | None = row[0] if row else None
    return max(now - HISTORY_SPAN, newest) if newest else now - HISTORY_SPAN


def read_levels(settings: Settings) -> dict[tuple[str, str], float]:
    """The newest level of each tank, in g, by station and chemical. Raises: DatabaseError."""
    with open_connection(settings, application="demo") as session:
        rows = session.execute(LEVELS_SQL).fetchall()
    return {(device, chemical): mass for device, chemical, mass in rows}


def generate_messages(
    plant: SimulatedPlant, *, since: datetime, until: datetime, zone: tzinfo
) -> Iterator[PlantMessage]:
    """Messages between the two times: in working hours, then as the live plant, which goes on from there."""
    warm_up_start = max(since, until - WARM_UP)
    plant.batch_gap_s = HISTORY_GAP_S
    yield from plant.generate_history(warm_up_start, zone)
    plant.batch_gap_s, plant.first_start_s = LIVE_GAP_S, FIRST_START_S
    yield from plant.generate_live(warm_up_start, until=until)


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
