from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.pipeline.receive_buffer import ReceiveBuffer
from dosing_tui.collector.pipeline.receiver import MessageReceiver
from dosing_tui.collector.spool.redelivery_filter import is_possible_repeat
from dosing_tui.collector.spool.spool import Spool
from dosing_tui.domain.messages.models import Dose, ParsedItem, TimeQuality
from dosing_tui.live_snapshot import MessageCounts
from dosing_tui.mqtt.optional_topics import DROP_COUNT_TOPIC
from tests.support.collector.parsed_items import numbered_dose
from tests.support.collector.protocol_fakes import (
    FakeBroker,
    FakeServer,
    NoAlarms,
    make_context,
    make_delivery,
    open_counted_spool,
    take_snapshot,
)
from tests.support.polling import wait_until


class InletBench:
    """A receiving end with its spool, and a broker that only remembers."""

    def __init__(self, spool: Spool, around: CollectorContext) -> None:
        self.spool, self.around = spool, around
        self.inbox = ReceiveBuffer()
        self.broker = FakeBroker(spool)
        self.receiving = MessageReceiver(self.inbox, spool, self.broker, around, alarms=NoAlarms())


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[InletBench]:
    around = make_context(tmp_path, FakeServer())
    with open_counted_spool(tmp_path, around, max_mb=1) as spool:
        bench = InletBench(spool, around)
        yield bench
        bench.inbox.close()


def test_nothing_is_acknowledged_before_it_is_in_the_spool(bench: InletBench) -> None:
    for number in range(5):
        bench.inbox.put_messages([make_delivery(number)])
    bench.receiving.start()
    wait_until(lambda: len(bench.broker.acknowledged) == 5)
    assert bench.broker.acknowledged == [0, 1, 2, 3, 4]
    assert min(bench.broker.spooled_before) == 5


def test_what_was_taken_is_finished_before_the_end(bench: InletBench) -> None:
    bench.inbox.put_messages([make_delivery(1)])
    bench.receiving.start()
    bench.broker.any.wait(60)
    bench.receiving.stop()
    assert bench.spool.counts == MessageCounts(received=1, spooled=1)
    assert bench.receiving.stop_reason == ""


def test_every_message_moves_the_picture(bench: InletBench) -> None:
    bench.inbox.put_messages([make_delivery(1)])
    bench.receiving.start()
    wait_until(lambda: take_snapshot(bench.around).last_message_at)
    wait_until(lambda: [dose.dedup for dose in take_snapshot(bench.around).doses] == [1])
    wait_until(lambda: take_snapshot(bench.around).message_counts == MessageCounts(received=1, spooled=1))


def test_a_retained_message_is_shown_and_not_stored_again(bench: InletBench) -> None:
    bench.inbox.put_messages([make_delivery(1, retained=True)])
    bench.receiving.start()
    wait_until(lambda: take_snapshot(bench.around).doses)
    wait_until(lambda: bench.broker.acknowledged == [1])
    assert bench.spool.counts == MessageCounts()


def test_a_full_spool_ends_receiving_with_its_reason_and_without_acknowledgement(
    bench: InletBench,
) -> None:
    bench.inbox.put_messages([make_delivery(number) for number in range(30_000)])
    bench.receiving.start()
    wait_until(lambda: bench.receiving.stop_reason)
    bench.receiving.stop()
    assert "is full" in bench.receiving.stop_reason
    assert len(bench.broker.acknowledged) == bench.spool.counts.received


class BrokenParser:
    def parse_message(self, topic: str, payload: bytes, *, received_at: object) -> tuple[Dose, ...]:
        raise RuntimeError("out of order")


@pytest.mark.usefixtures("caplog")
def test_a_fault_of_the_program_stops_receiving_and_loses_nothing(tmp_path: Path) -> None:
    around = make_context(tmp_path, FakeServer(), parser=BrokenParser)
    with open_counted_spool(tmp_path, around) as spool:
        bench = InletBench(spool, around)
        bench.inbox.put_messages([make_delivery(1)])
        bench.receiving.start()
        wait_until(lambda: bench.receiving.stop_reason)
        assert "out of order" in bench.receiving.stop_reason
        assert bench.broker.acknowledged == []


def test_a_message_that_comes_again_on_the_next_connection_has_the_time_of_its_first_coming(
    bench: InletBench,
) -> None:
    first = make_delivery(7)
    later = first.received_at.replace(hour=13)
    again = first._replace(connection_number=3, received_at=later, is_resent=True)
    bench.inbox.put_messages([first])
    bench.inbox.put_messages([again])
    bench.receiving.start()
    wait_until(lambda: bench.spool.counts.received == 2)
    ((_, one), (_, two)) = bench.spool.read_chunk(10)
    assert one == two
    assert bench.spool.counts.possible_repeats == 0


class TimelessParser:
    """Every message is the same dose, without a time."""

    def parse_message(self, topic: str, payload: bytes, *, received_at: datetime) -> tuple[ParsedItem, ...]:
        dose = numbered_dose(at=received_at)
        return (replace(dose, time_quality=TimeQuality.RECEIVE),)


def test_a_message_that_may_be_a_repeat_is_stored_as_new_flagged_and_counted(tmp_path: Path) -> None:
    around = make_context(tmp_path, FakeServer(), parser=TimelessParser)
    with open_counted_spool(tmp_path, around) as spool:
        bench = InletBench(spool, around)
        first = make_delivery(7)
        bench.inbox.put_messages([first])
        a_second_later = first.received_at + timedelta(seconds=1)
        bench.inbox.put_messages([first._replace(packet_id=8, received_at=a_second_later)])
        bench.receiving.start()
        wait_until(lambda: spool.counts == MessageCounts(received=2, spooled=2, possible_repeats=1))
        (one,), (two,) = (items for _, items in spool.read_chunk(10))
        assert (is_possible_repeat(one), is_possible_repeat(two)) == (False, True)
        bench.receiving.stop()


def test_a_rise_of_the_brokers_dropped_messages_is_noticed_and_its_first_word_is_not(
    bench: InletBench,
) -> None:
    bench.receiving.start()
    bench.inbox.put_messages([make_delivery(4000, topic=DROP_COUNT_TOPIC, retained=True)])
    wait_until(lambda: bench.spool.broker_drop_count == 4000)
    assert take_snapshot(bench.around).notice == ""
    bench.inbox.put_messages([make_delivery(4012, topic=DROP_COUNT_TOPIC)])
    wait_until(lambda: "dropped 12 messages" in take_snapshot(bench.around).notice)
    assert take_snapshot(bench.around).doses == ()
    assert bench.spool.counts == MessageCounts()
