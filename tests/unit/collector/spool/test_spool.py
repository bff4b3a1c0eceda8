import itertools
import os
import sqlite3
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dosing_tui.collector.spool import spool as spool_module
from dosing_tui.collector.spool.redelivery_filter import MessageFingerprint
from dosing_tui.collector.spool.spool import ParsedMessage, Spool
from dosing_tui.database.reading_writer import WriteProgress
from dosing_tui.domain.messages.models import ParsedItem
from dosing_tui.errors import SpoolError
from dosing_tui.live_snapshot import MessageCounts
from dosing_tui.mqtt.message import ReceivedMessage
from tests.support.collector.parsed_items import NOON, numbered_dose


def make_arrival(number: int, count: int = 1) -> ParsedMessage:
    units: tuple[ParsedItem, ...] = tuple(numbered_dose(number) for _ in range(count))
    return ParsedMessage(units, MessageFingerprint(number, b"%d" % number, NOON, 1))


def open_spool(folder: Path, max_mb: int = 10, books: list[MessageCounts] | None = None) -> Spool:
    return Spool(folder, max_mb=max_mb, publish_counts=(books if books is not None else []).append)


def count_rows(folder: Path) -> int:
    """In the file, seen by another program."""
    with closing(sqlite3.connect(folder / "spool.sqlite")) as file:
        return int(file.execute("SELECT count(*) FROM spool").fetchone()[0])


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = open_spool(tmp_path)
    yield spool
    spool.close()


def test_messages_come_out_as_they_went_in_oldest_first(spool: Spool) -> None:
    spool.append_messages([make_arrival(1), make_arrival(2, count=3)], expire_before=0)
    spool.append_messages([make_arrival(3)], expire_before=0)
    assert [units for _, units in spool.read_chunk(100)] == [
        make_arrival(n, c).items for n, c in [(1, 1), (2, 3), (3, 1)]
    ]


def test_a_batch_counts_units_and_never_splits_a_message(spool: Spool) -> None:
    spool.append_messages([make_arrival(1), make_arrival(2, count=3), make_arrival(3)], expire_before=0)
    assert [len(units) for _, units in spool.read_chunk(3)] == [1]
    assert [len(units) for _, units in spool.read_chunk(4)] == [1, 3]


def test_a_message_larger_than_a_batch_goes_alone(spool: Spool) -> None:
    spool.append_messages([make_arrival(1, count=50), make_arrival(2)], expire_before=0)
    assert [len(units) for _, units in spool.read_chunk(10)] == [50]


def test_what_is_settled_is_gone_and_what_is_not_stays(spool: Spool) -> None:
    spool.append_messages([make_arrival(1), make_arrival(2), make_arrival(3)], expire_before=0)
    seqs = [seq for seq, _ in spool.read_chunk(100)]
    spool.confirm_progress(WriteProgress(last_seq=seqs[1], stored=2))
    assert [seq for seq, _ in spool.read_chunk(100)] == seqs[2:]
    assert spool.counts == MessageCounts(received=3, stored=2, spooled=1)


def test_the_next_messages_take_the_stored_ones_out_of_the_file(spool: Spool, tmp_path: Path) -> None:
    spool.append_messages([make_arrival(1), make_arrival(2)], expire_before=0)
    spool.confirm_progress(WriteProgress(last_seq=spool.read_chunk(2)[-1][0], stored=2))
    assert (spool.has_unsaved_progress, count_rows(tmp_path)) == (True, 2)
    spool.append_messages([make_arrival(3)], expire_before=0)
    assert (spool.has_unsaved_progress, count_rows(tmp_path)) == (False, 1)


def test_many_stored_messages_leave_the_file_at_once(spool: Spool, tmp_path: Path) -> None:
    count = spool_module.MAX_UNSAVED_MESSAGES
    spool.append_messages([make_arrival(number) for number in range(count)], expire_before=0)
    spool.confirm_progress(WriteProgress(last_seq=spool.read_chunk(count)[-1][0], stored=count))
    assert (spool.has_unsaved_progress, count_rows(tmp_path)) == (False, 0)


def test_stored_messages_that_a_killed_process_left_in_the_file_are_not_written_again(tmp_path: Path) -> None:
    first = open_spool(tmp_path)
    first.append_messages([make_arrival(1), make_arrival(2)], expire_before=0)
    database = WriteProgress(last_seq=first.read_chunk(1)[0][0], stored=1)
    first.confirm_progress(database)
    with patch.object(first, "save_progress"):
        first.close()
    second = open_spool(tmp_path)
    second.confirm_progress(database)
    assert second.counts == MessageCounts(received=2, stored=1, spooled=1)
    assert [seq for seq, _ in second.read_chunk(10)] == [database.last_seq + 1]
    second.close()


def test_what_was_spooled_first_needs_no_decoding(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer reads it next: a backlog must not push it out of the cache."""
    monkeypatch.setattr(spool_module, "MAX_CACHE_MESSAGES", 2)
    arrivals = [make_arrival(number) for number in range(4)]
    for one in arrivals:
        spool.append_messages([one], expire_before=0)
    read = []
    while spool.counts.spooled:
        read += (chunk := spool.read_chunk(100))
        spool.confirm_progress(WriteProgress(last_seq=chunk[-1][0], stored=len(read)))
    are_kept = [items is one.items for (_, items), one in zip(read, arrivals, strict=True)]
    assert are_kept == [True, True, False, False]
    assert [items for _, items in read] == [one.items for one in arrivals]


def test_what_is_read_again_because_it_was_not_stored_is_the_same(spool: Spool) -> None:
    spool.append_messages([make_arrival(number, count=2) for number in range(4)], expire_before=0)
    first = spool.read_chunk(5)
    assert spool.read_chunk(5) == first
    spool.confirm_progress(WriteProgress(last_seq=first[0][0], stored=2))
    spool.append_messages([make_arrival(4)], expire_before=0)
    again = spool.read_chunk(100)
    assert [seq for seq, _ in again] == [2, 3, 4, 5]
    assert again[0] == first[1]


def test_what_earlier_processes_received_is_read_in_pages(tmp_path: Path) -> None:
    """A hundred thousand receipts and 65,535 packet IDs at once would take 85 MB at each start."""
    spool = open_spool(tmp_path)
    for begin in range(1, 10_000, 1_000):
        arrivals = [make_arrival(number) for number in range(begin, begin + 1_000)]
        with_ids = [
            one._replace(fingerprint=one.fingerprint._replace(packet_id=begin + place))
            for place, one in enumerate(arrivals)
        ]
        spool.append_messages(with_ids, expire_before=0)
    tracemalloc.start()
    try:
        spool.load_redelivery_filter()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    spool.close()
    assert peak < 4_000_000


def test_a_number_is_never_given_twice_even_after_the_spool_was_empty(tmp_path: Path) -> None:
    first = open_spool(tmp_path)
    first.append_messages([make_arrival(1)], expire_before=0)
    ((seq, _),) = first.read_chunk(1)
    first.confirm_progress(WriteProgress(last_seq=seq, stored=1))
    first.close()
    second = open_spool(tmp_path)
    second.append_messages([make_arrival(2)], expire_before=0)
    assert second.read_chunk(1)[0][0] > seq
    second.close()


def test_the_books_and_the_identity_outlast_the_process(tmp_path: Path) -> None:
    first = open_spool(tmp_path)
    first.append_messages([make_arrival(1), make_arrival(2, count=2), make_arrival(3)], expire_before=0)
    first.confirm_progress(
        WriteProgress(last_seq=first.read_chunk(3)[1][0], stored=1, duplicates=1, rejected=1)
    )
    first.close()
    second = open_spool(tmp_path)
    assert (
        second.counts
        == first.counts
        == MessageCounts(received=4, stored=1, duplicates=1, spooled=1, rejected=1)
    )
    assert second.spool_id == first.spool_id
    second.close()


def test_what_was_seen_of_late_outlasts_the_process(tmp_path: Path) -> None:
    first = open_spool(tmp_path)
    sightings = first.load_redelivery_filter()
    message = ReceivedMessage("t", b"level", NOON, 7, 1, False, 1, session=first.session)
    sighting = sightings.register_message(message, connection=1)
    first.append_messages(
        [ParsedMessage((numbered_dose(),), sighting)], expire_before=sightings.expire_old(NOON)
    )
    first.close()
    second = open_spool(tmp_path)
    assert second.session == first.session
    again = message._replace(received_at=NOON.replace(hour=13), is_resent=True)
    assert second.load_redelivery_filter().register_message(again, connection=2).received_at == NOON
    assert second.begin_session() != first.session
    second.close()
    third = open_spool(tmp_path)
    assert third.session == second.session
    anew = again._replace(session=third.session)
    assert third.load_redelivery_filter().register_message(anew, connection=3).received_at != NOON
    third.close()


@pytest.mark.parametrize(
    ("epochs", "is_kept"),
    [([5, 6], True), ([5, 5], True), ([5, 8], False), ([5, None], True), ([None, 3], True)],
)
def test_the_record_of_a_session_ends_when_another_machine_has_collected(
    spool: Spool, epochs: list[int | None], is_kept: bool
) -> None:
    for epoch in epochs:
        before = spool.session
        spool.join_election(epoch)
    assert (spool.session == before) is is_kept


def test_a_database_that_was_replaced_gets_new_books_that_begin_with_what_is_spooled(spool: Spool) -> None:
    spool.append_messages([make_arrival(1), make_arrival(2), make_arrival(3, count=2)], expire_before=0)
    spool.confirm_progress(WriteProgress(last_seq=spool.read_chunk(1)[0][0], stored=1))
    before = spool.spool_id
    spool.reset_counters()
    assert spool.spool_id != before
    assert spool.counts == MessageCounts(received=3, spooled=3)
    assert [len(units) for _, units in spool.read_chunk(100)] == [1, 2]


def test_the_spool_belongs_to_one_process_at_a_time(tmp_path: Path) -> None:
    first = open_spool(tmp_path)
    with pytest.raises(SpoolError, match=f"in use by process {os.getpid()}"):
        open_spool(tmp_path)
    first.close()
    open_spool(tmp_path).close()


def test_a_killed_owner_leaves_the_spool_free_with_everything_in_it(tmp_path: Path) -> None:
    program = (
        "import os, signal; from pathlib import Path;"
        "from tests.unit.collector.spool.test_spool import make_arrival, open_spool;"
        f"spool = open_spool(Path({str(tmp_path)!r}));"
        "spool.append_messages([make_arrival(1), make_arrival(2)], expire_before=0);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    spool = open_spool(tmp_path)
    assert spool.counts == MessageCounts(received=2, spooled=2)
    spool.close()


def fill_spool(spool: Spool) -> int:
    """Append until the spool takes no more; answers how many messages it took."""
    for number in range(1, 1_000_000):
        try:
            spool.append_messages([make_arrival(number, count=100)], expire_before=number)
        except SpoolError:
            return number - 1
    raise AssertionError("the spool has no end")


def test_a_full_spool_says_so_keeps_what_it_has_and_takes_more_when_there_is_room(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, max_mb=1)
    taken = fill_spool(spool)
    assert spool.counts.received == spool.counts.spooled == taken * 100
    assert not spool.has_room()
    spool.confirm_progress(WriteProgress(last_seq=spool.read_chunk(10**9)[-1][0], stored=taken * 100))
    assert spool.has_room()
    spool.append_messages([make_arrival(0)], expire_before=taken)
    assert spool.counts.spooled == 1
    spool.close()


def test_a_full_spool_is_full_in_plain_words(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, max_mb=1)
    fill_spool(spool)
    with pytest.raises(SpoolError, match=r"^The spool is full \(.*\)\.$"):
        spool.append_messages([make_arrival(0, count=1000)], expire_before=0)
    spool.close()


def test_a_spool_larger_than_the_limit_set_later_can_still_be_emptied(tmp_path: Path) -> None:
    big = open_spool(tmp_path, max_mb=10)
    big.append_messages([make_arrival(n, count=100) for n in range(100)], expire_before=100)
    big.close()
    small = open_spool(tmp_path, max_mb=1)
    small.confirm_progress(WriteProgress(last_seq=small.read_chunk(10**9)[-1][0], stored=10_000))
    assert small.counts == MessageCounts(received=10_000, stored=10_000)
    small.close()


def test_the_least_spool_is_not_filled_by_what_was_seen_of_late(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, max_mb=1)
    sightings = spool.load_redelivery_filter()
    for number in range(40):
        seen = [
            sightings.register_message(
                ReceivedMessage("t", b"%d %d" % (number, n), NOON, 500 * number + n + 1, 1, False, 1),
                connection=1,
            )
            for n in range(500)
        ]
        spool.append_messages(
            [ParsedMessage((), one) for one in seen], expire_before=sightings.expire_old(NOON)
        )
        spool.confirm_progress(WriteProgress(last_seq=500 * (number + 1)))
    assert spool.has_room()
    spool.close()


def test_a_spool_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    open_spool(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "spool.sqlite")) as file, file:
        file.execute("PRAGMA user_version = 99")
    with pytest.raises(SpoolError, match="newer version"):
        open_spool(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SpoolError, match=r"^The spool.s folder cannot be used: .*file/site\)\.$"):
        open_spool(tmp_path / "file" / "site")


def test_the_brokers_count_of_thrown_away_messages_outlasts_the_process(tmp_path: Path) -> None:
    first = open_spool(tmp_path)
    assert first.broker_drop_count is None
    first.save_drop_count(7)
    first.close()
    second = open_spool(tmp_path)
    assert second.broker_drop_count == 7
    second.close()


def test_company_is_waited_for_no_longer_than_allowed(spool: Spool) -> None:
    spool.append_messages([make_arrival(1)], expire_before=0)
    assert spool.wait_for_chunk(500, 0.01, idle_s=60)


def test_a_full_batch_is_not_kept_waiting(spool: Spool) -> None:
    spool.append_messages([make_arrival(1), make_arrival(2)], expire_before=0)
    assert spool.wait_for_chunk(2, 3600, idle_s=3600)


def test_an_empty_spool_has_no_company(spool: Spool) -> None:
    assert not spool.wait_for_chunk(500, 0.01, idle_s=0.01)


def test_in_a_hurry_nobody_waits(spool: Spool) -> None:
    spool.append_messages([make_arrival(1)], expire_before=0)
    spool.request_flush()
    assert spool.wait_for_chunk(500, 3600, idle_s=3600)


class AnySequenceOfEvents(RuleBasedStateMachine):
    """The spool against the simplest model of it: a list, and what a database would have counted."""

    def __init__(self) -> None:
        super().__init__()
        self.small_memory = patch.object(spool_module, "MAX_CACHE_MESSAGES", 3)
        self.small_memory.start()
        self.folder = tempfile.TemporaryDirectory()
        self.published: list[MessageCounts] = []
        self.spool = open_spool(Path(self.folder.name), books=self.published)
        self.kept: list[ParsedMessage] = []
        self.received = 0
        self.numbers = itertools.count(1)
        self.database = WriteProgress()

    @rule(counts=st.lists(st.integers(0, 3), max_size=4))
    def take_in(self, counts: list[int]) -> None:
        arrivals = [make_arrival(next(self.numbers), count) for count in counts]
        self.spool.append_messages(arrivals, expire_before=0)
        self.kept += arrivals
        self.received += sum(counts)

    @rule(most=st.integers(1, 5), told=st.booleans())
    def write(self, most: int, told: bool) -> None:
        """``told``: the collector learns of the commit; else it dies in between."""
        rows = self.spool.read_chunk(most)
        if not rows:
            return
        new = [(seq, units) for seq, units in rows if seq > self.database.last_seq]
        if new:
            count = sum(len(units) for _, units in new)
            assert [units for _, units in new] == [each.items for each in self.kept[: len(new)]]
            del self.kept[: len(new)]
            self.database = WriteProgress(new[-1][0], self.database.stored + count)
        if told:
            self.spool.confirm_progress(self.database)
        else:
            self.restart()

    @rule(most=st.integers(1, 5))
    def fail_to_write(self, most: int) -> None:
        read = [items for _, items in self.spool.read_chunk(most)]
        assert read == [each.items for each in self.kept[: len(read)]]

    @rule()
    def restore_an_empty_database(self) -> None:
        self.spool.reset_counters()
        self.received = sum(len(each.items) for each in self.kept)
        self.database = WriteProgress()

    @rule()
    def restart(self) -> None:
        self.spool.close()
        self.spool = open_spool(Path(self.folder.name), books=self.published)
        self.spool.confirm_progress(self.database)

    @rule()
    def die(self) -> None:
        """Before the file is told what the database has."""
        with patch.object(self.spool, "save_progress"):
            self.restart()

    @rule()
    def save(self) -> None:
        self.spool.save_progress()
        assert count_rows(Path(self.folder.name)) == len(self.kept)

    @invariant()
    def books_balance(self) -> None:
        assert all(books.is_reconciled and books.spooled >= 0 for books in self.published)
        spooled = sum(len(each.items) for each in self.kept)
        assert self.spool.counts == MessageCounts(
            received=self.received, stored=self.database.stored, spooled=spooled
        )

    def teardown(self) -> None:
        self.small_memory.stop()
        self.spool.close()
        self.folder.cleanup()


TestAnySequenceOfEvents = AnySequenceOfEvents.TestCase
TestAnySequenceOfEvents.settings = settings(max_examples=settings().max_examples // 2, stateful_step_count=15)


def test_what_is_acknowledged_to_the_broker_was_synced_to_disk(spool: Spool) -> None:
    """Without FULL, SQLite's write-ahead log is not synced at a commit: a power cut loses the message."""
    statements: list[str] = []
    spool._file._connection.set_trace_callback(statements.append)
    spool.append_messages([make_arrival(1)], expire_before=0)
    spool._file._connection.set_trace_callback(None)
    inserted = next(n for n, text in enumerate(statements) if text.startswith("INSERT INTO spool"))
    levels = [text for text in statements[:inserted] if text.startswith("PRAGMA synchronous")]
    assert levels[-1] == "PRAGMA synchronous = FULL"
    committed = next(n for n, text in enumerate(statements) if n > inserted and text == "COMMIT")
    assert not any(text.startswith("PRAGMA") for text in statements[inserted:committed])
