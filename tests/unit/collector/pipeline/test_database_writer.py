from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs
from msgspec.structs import replace

from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.pipeline import database_writer
from dosing_tui.collector.pipeline.database_writer import DatabaseWriter
from dosing_tui.collector.spool.redelivery_filter import MessageFingerprint
from dosing_tui.collector.spool.spool import ParsedMessage, Spool
from dosing_tui.config.settings import CollectorSettings
from dosing_tui.database.reading_writer import WriteProgress
from dosing_tui.domain.messages.models import Dose, ReadingKind
from dosing_tui.errors import DatabaseAccessError, DatabaseUnavailableError
from dosing_tui.live_snapshot import LinkStatus, MessageCounts
from tests.support.collector.parsed_items import NOON, numbered_dose
from tests.support.collector.protocol_fakes import FakeServer, make_context, open_counted_spool, take_snapshot
from tests.support.polling import wait_until


class WriterBench:
    def __init__(self, server: FakeServer, spool: Spool, around: CollectorContext, said: list[str]) -> None:
        self.server, self.spool, self.around, self.said = server, spool, around, said
        self.writing = DatabaseWriter(spool, around)
        self.number = 0

    def put_messages(self, count: int) -> None:
        arrivals = []
        for _ in range(count):
            self.number += 1
            seen = MessageFingerprint(self.number, b"%d" % self.number, NOON, 1)
            arrivals.append(ParsedMessage((numbered_dose(self.number),), seen))
        self.spool.append_messages(arrivals, expire_before=0)
        self.spool.wake_reader()

    def list_stored(self) -> list[int]:
        return [unit.dedup for unit in self.server.stored if isinstance(unit, Dose)]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[WriterBench]:
    server, said = FakeServer(), list[str]()
    around = make_context(tmp_path, server, said=said)
    with open_counted_spool(tmp_path, around) as spool:
        bench = WriterBench(server, spool, around, said)
        yield bench
        bench.writing.stop(drain_timeout_s=0)


def test_what_is_spooled_reaches_the_database_in_order_and_leaves_the_spool(bench: WriterBench) -> None:
    bench.put_messages(1200)
    bench.writing.start()
    wait_until(lambda: bench.spool.counts == MessageCounts(received=1200, stored=1200))
    assert bench.list_stored() == list(range(1, 1201))
    assert bench.spool.read_chunk(10) == []
    wait_until(lambda: take_snapshot(bench.around).database.status is LinkStatus.UP)


def test_an_idle_writer_takes_stored_messages_out_of_the_file(
    bench: WriterBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_writer, "SAVE_AFTER_S", 0.05)
    bench.writing.start()
    bench.put_messages(1)
    wait_until(lambda: bench.spool.counts.stored == 1 and not bench.spool.has_unsaved_progress)
    assert not bench.spool.find_oldest_time()


def test_the_panels_drawn_from_what_was_stored_become_due(bench: WriterBench) -> None:
    bench.put_messages(1)
    bench.writing.start()
    wait_until(lambda: dict(take_snapshot(bench.around).stored_counts)[ReadingKind.DOSE] == 1)


def test_a_reading_is_written_at_once_while_there_are_few(bench: WriterBench) -> None:
    settings = replace(bench.around.settings, collector=CollectorSettings(batch_ms=3_600_000))
    bench.writing = DatabaseWriter(bench.spool, structs.replace(bench.around, settings=settings))
    bench.writing.start()
    bench.put_messages(1)
    wait_until(lambda: bench.spool.counts.stored == 1)


def test_an_absent_database_is_named_waited_for_and_then_given_everything(bench: WriterBench) -> None:
    bench.server.down = DatabaseUnavailableError("The database plant is not there.")
    bench.writing.start()
    bench.put_messages(3)
    wait_until(lambda: bench.server.request_count >= 3)
    database = take_snapshot(bench.around).database
    assert (database.status, database.reason) == (LinkStatus.DOWN, "The database plant is not there.")
    assert bench.spool.counts == MessageCounts(received=3, spooled=3)
    bench.server.down = None
    wait_until(lambda: bench.spool.counts == MessageCounts(received=3, stored=3))
    wait_until(lambda: take_snapshot(bench.around).database.status is LinkStatus.UP)


def test_an_outage_is_said_once_and_so_is_its_end(bench: WriterBench) -> None:
    bench.server.down = DatabaseUnavailableError("Away.")
    bench.writing.start()
    wait_until(lambda: bench.server.request_count >= 4)
    bench.server.down = None
    wait_until(lambda: take_snapshot(bench.around).database.status is LinkStatus.UP)
    wait_until(lambda: bench.said == ["Away.", "The database is connected."])


def test_a_refusal_is_shown_and_tried_again_all_the_same(bench: WriterBench) -> None:
    bench.server.down = DatabaseAccessError("The password is wrong.")
    bench.put_messages(1)
    bench.writing.start()
    wait_until(lambda: take_snapshot(bench.around).database.reason == "The password is wrong.")
    bench.server.down = None
    wait_until(lambda: bench.spool.counts.stored == 1)


def test_an_idle_collector_notices_that_the_database_has_gone(bench: WriterBench) -> None:
    bench.writing.start()
    wait_until(lambda: take_snapshot(bench.around).database.status is LinkStatus.UP)
    bench.server.down = DatabaseUnavailableError("Away.")
    wait_until(lambda: take_snapshot(bench.around).database.status is LinkStatus.DOWN)


def test_a_commit_whose_answer_was_lost_is_counted_once(bench: WriterBench) -> None:
    bench.server.forgets_to_answer = True
    bench.server.lost = DatabaseUnavailableError("Lost.")
    bench.put_messages(5)
    bench.writing.start()
    wait_until(lambda: bench.spool.counts == MessageCounts(received=5, stored=5))
    assert bench.list_stored() == [1, 2, 3, 4, 5]


def test_a_restored_database_is_reported_and_gets_what_is_still_there(bench: WriterBench) -> None:
    bench.put_messages(2)
    bench.spool.confirm_progress(WriteProgress(last_seq=1, stored=1))
    bench.writing.start()
    wait_until(lambda: bench.spool.counts == MessageCounts(received=1, stored=1))
    wait_until(lambda: any("replaced or restored" in sentence for sentence in bench.said))


def test_at_the_end_everything_is_written_if_the_database_takes_it(bench: WriterBench) -> None:
    bench.put_messages(2000)
    bench.writing.start()
    assert bench.writing.stop(drain_timeout_s=20)
    assert bench.spool.counts == MessageCounts(received=2000, stored=2000)


def test_at_the_end_an_absent_database_keeps_nobody_waiting_and_the_rest_stays(bench: WriterBench) -> None:
    bench.server.down = DatabaseUnavailableError("Away.")
    bench.put_messages(2)
    bench.writing.start()
    wait_until(lambda: bench.said)
    assert bench.writing.stop(drain_timeout_s=3600)
    assert bench.spool.counts == MessageCounts(received=2, spooled=2)


@pytest.mark.usefixtures("caplog")
def test_a_fault_of_the_program_is_shown_and_does_not_end_writing(bench: WriterBench) -> None:
    bench.server.down = RuntimeError("out of order")  # type: ignore[assignment]
    bench.put_messages(1)
    bench.writing.start()
    wait_until(lambda: "out of order" in take_snapshot(bench.around).database.reason)
    bench.server.down = None
    wait_until(lambda: bench.spool.counts.stored == 1)
