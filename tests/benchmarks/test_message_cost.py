"""Processor time of a message in the collector, by stage, without broker and database. Shown with -s.

The time of one thread, the least of many rounds: another program's load makes it a little longer, not twice.
"""

import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from dosing_tui.collector.alarms.alarm_service import AlarmService
from dosing_tui.collector.alarms.journal_outbox import JournalOutbox
from dosing_tui.collector.pipeline.receive_buffer import ReceiveBuffer
from dosing_tui.collector.pipeline.receiver import MessageReceiver
from dosing_tui.collector.spool.spool import ParsedMessage, Spool
from dosing_tui.config.settings import MqttSettings
from dosing_tui.database.chunk_statement import ChunkStatement
from dosing_tui.database.reading_writer import WriteProgress
from dosing_tui.domain.messages.message_parser import MessageParser
from dosing_tui.domain.messages.models import ParsedItem, ReadingKind, Rejection
from dosing_tui.domain.presence.models import StationNews
from dosing_tui.ipc.cycle_search import search_cycles_rarely
from dosing_tui.mqtt.message import ReceivedMessage
from dosing_tui.mqtt.publish_frames import read_frames
from tests.benchmarks.load import BATCH_MESSAGES, Station, encode_publish
from tests.support.collector.protocol_fakes import FakeServer, make_context, open_counted_spool
from tests.support.domain.payload_samples import RULES
from tests.support.sizes import choose_size

pytestmark = pytest.mark.benchmark
STATIONS = 50
ROUNDS = int(choose_size("ROUNDS", small=12, full=60))
ROUND_CHUNKS, MAX_ROUND_MESSAGES = 150, 3_000
PER_S = 1_000
TOPICS = MqttSettings().topics


class Stopwatch:
    """Seconds of the calling thread's processor time, by name; ``end_round`` keeps the least of each."""

    def __init__(self) -> None:
        self.least_s: dict[str, float] = {}
        self._round_s: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        began = time.thread_time()
        yield
        self._round_s[name] += time.thread_time() - began

    def end_round(self) -> None:
        for name, seconds in self._round_s.items():
            self.least_s[name] = min(seconds, self.least_s.get(name, seconds))
        self._round_s.clear()


class TimedSpool:
    """The receiver's end of a spool."""

    def __init__(self, spool: Spool, stopwatch: Stopwatch) -> None:
        self._spool, self._stopwatch = spool, stopwatch
        self.load_redelivery_filter = spool.load_redelivery_filter
        self.wake_reader = spool.wake_reader

    def append_messages(self, messages: Sequence[ParsedMessage], *, expire_before: int) -> None:
        with self._stopwatch.measure("spool: append"):
            self._spool.append_messages(messages, expire_before=expire_before)


class TimedAlarms:
    def __init__(self, alarms: AlarmService, stopwatch: Stopwatch) -> None:
        self._alarms, self._stopwatch = alarms, stopwatch
        self.on_retained = alarms.on_retained

    def on_readings(self, items: Iterable[ParsedItem | StationNews]) -> None:
        with self._stopwatch.measure("alarm rules"):
            self._alarms.on_readings(items)


class SilentBroker:
    def ack_messages(self, messages: Iterable[ReceivedMessage]) -> None: ...


class PreparedBuffer(ReceiveBuffer):
    """Gives one chunk after the other."""

    def __init__(self, chunks: Iterator[list[ReceivedMessage]]) -> None:
        super().__init__()
        self._chunks = chunks

    def take_chunk(self) -> list[ReceivedMessage]:
        return next(self._chunks, [])


class MeasuredPlant:
    """Firmware messages of many stations, a thousand a second by their times."""

    def __init__(self) -> None:
        self._stations = [Station(number) for number in range(1, STATIONS + 1)]
        self._count, self._began = 0, datetime.now(UTC)

    def next_messages(self, count: int, stopwatch: Stopwatch) -> list[ReceivedMessage]:
        numbers = range(self._count, self._count + count)
        self._count += count
        data = b"".join(self._encode(number) for number in numbers)
        topics = {topic.encode(): topic for topic in TOPICS}
        with stopwatch.measure("frames"):
            frames, _ = read_frames(data, 0, topics, has_properties=False)
        return [
            ReceivedMessage(frame.topic, frame.payload, self._time_of(number), frame.packet_id, 1, False, 1)
            for number, frame in zip(numbers, frames, strict=True)
        ]

    def _encode(self, number: int) -> bytes:
        station = self._stations[number // BATCH_MESSAGES % STATIONS]
        return encode_publish(station.next_line(self._time_of(number).timestamp()), number)

    def _time_of(self, number: int) -> datetime:
        return self._began + timedelta(seconds=number / PER_S)


@pytest.mark.parametrize("chunk_size", [1, 20, 500])
def test_what_a_message_costs(tmp_path: Path, capsys: pytest.CaptureFixture[str], chunk_size: int) -> None:
    search_cycles_rarely()
    chunks = min(ROUND_CHUNKS, MAX_ROUND_MESSAGES // chunk_size)
    stopwatch, plant, has_ended = Stopwatch(), MeasuredPlant(), threading.Event()
    context = make_context(tmp_path, FakeServer(), parser=_create_parser)
    outbox = JournalOutbox(tmp_path)
    alarms = AlarmService(context, outbox=outbox)
    with open_counted_spool(tmp_path, context, max_mb=200) as spool:

        def generate_chunks() -> Iterator[list[ReceivedMessage]]:
            for _ in range(ROUNDS):
                for _ in range(chunks):
                    messages = plant.next_messages(chunk_size, stopwatch)
                    with stopwatch.measure("receiver, with spool and alarm rules"):
                        yield messages
                    _write_chunk(spool, chunk_size, stopwatch)
                stopwatch.end_round()
            has_ended.set()

        receiver = MessageReceiver(
            PreparedBuffer(generate_chunks()),
            TimedSpool(spool, stopwatch),  # type: ignore[arg-type]  # the part that the receiver uses
            SilentBroker(),
            context,
            alarms=TimedAlarms(alarms, stopwatch),
        )
        receiver.start()
        has_ended.wait()
        receiver.stop()
        assert spool.counts.stored == ROUNDS * chunks * chunk_size
    outbox.close()
    lines = [f"{name:40}{1e6 * s / chunks / chunk_size:8.1f}" for name, s in stopwatch.least_s.items()]
    with capsys.disabled():
        sys.stdout.write("\n  ".join([f"\n  µs a message, chunks of {chunk_size}", *lines]) + "\n")


def _write_chunk(spool: Spool, max_items: int, stopwatch: Stopwatch) -> None:
    """What the database's writer does with a chunk, but for the database."""
    with stopwatch.measure("writer: read the spool"):
        rows = spool.read_chunk(max_items)
    with stopwatch.measure("writer: build the statement"):
        readings = [item for _, items in rows for item in items if not isinstance(item, Rejection)]
        chunk = ChunkStatement(readings)
        chunk.build_parameters(uuid4(), "site", before=0, last_seq=rows[-1][0])
    with stopwatch.measure("writer: confirm to the spool"):
        spool.confirm_progress(WriteProgress(rows[-1][0], spool.counts.stored + len(readings)))


def _create_parser() -> MessageParser:
    return MessageParser(dict(zip(TOPICS, ReadingKind, strict=True)), RULES)
