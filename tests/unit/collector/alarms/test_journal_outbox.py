"""Alarm entries on the disk: exactly as they were, in order, until the journal has them."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.collector.alarms.journal_outbox import (
    SCHEMA,
    JournalOutbox,
    decode_entry,
    encode_entry,
    open_outbox,
)
from dosing_tui.collector.alarms.outbox_fence import fence_leader, fence_standby, join_election
from dosing_tui.collector.alarms.outbox_sender import OutboxSender
from dosing_tui.domain.alarms.models import Actor, AlarmEvent, AlarmKey, JournalEntry, Priority
from dosing_tui.errors import DatabaseUnavailableError, InvalidRowError, SpoolError
from tests.support.collector.protocol_fakes import FakeServer, make_context, take_snapshot
from tests.support.domain.alarm_entries import NOW
from tests.support.polling import wait_until

TEXTS = st.text(max_size=20)
TIMES = st.integers(-(10**12), 10**12).map(lambda us: NOW + timedelta(microseconds=us))
NUMBERS = st.none() | st.floats(allow_nan=False)
ENTRIES = st.builds(
    JournalEntry,
    uuid=st.uuids(),
    key=st.builds(AlarmKey, TEXTS, TEXTS, TEXTS),
    event=st.sampled_from(AlarmEvent),
    at=TIMES,
    received_at=TIMES,
    priority=st.sampled_from(Priority),
    rule_version=st.integers(0, 9),
    message=TEXTS,
    value=NUMBERS,
    limit=NUMBERS,
    latching=st.booleans(),
    active=st.booleans(),
    occurrence=st.none() | st.uuids(),
    until=st.none() | TIMES,
    who=st.builds(Actor, TEXTS, TEXTS),
    comment=TEXTS,
)


def make_entry(number: int) -> JournalEntry:
    key = AlarmKey("STOCK_LOW", "dosing_system_01", str(number))
    return JournalEntry(uuid4(), key, AlarmEvent.RAISE, NOW, NOW, Priority.MEDIUM, 1)


@given(ENTRIES)
def test_an_entry_comes_back_exactly(one: JournalEntry) -> None:
    assert decode_entry(encode_entry(one)) == one


def test_entries_stay_in_order_when_the_file_is_opened_again(tmp_path: Path) -> None:
    entries = [make_entry(number) for number in range(5)]
    outbox = JournalOutbox(tmp_path)
    outbox.put_entries(entries)
    outbox.drop_through(2)
    outbox.close()
    outbox = JournalOutbox(tmp_path)
    assert [one for _, one in outbox.list_pending()] == entries[2:]
    outbox.close()


def test_a_file_that_is_none_says_so(tmp_path: Path) -> None:
    (tmp_path / "alarms.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(SpoolError, match=r"alarms\.sqlite"):
        JournalOutbox(tmp_path)


def test_a_file_that_cannot_be_used_is_set_aside(tmp_path: Path) -> None:
    """It must not keep the readings from being collected."""
    (tmp_path / "alarms.sqlite").write_bytes(b"not a database" * 100)
    said: list[str] = []
    outbox = open_outbox(tmp_path, said.append)
    outbox.put_entries([make_entry(1)])
    outbox.close()
    assert "is renamed to alarms.sqlite.unusable" in said[0]
    assert (tmp_path / "alarms.sqlite.unusable").read_bytes().startswith(b"not a database")


def test_entries_reach_the_journal_in_order_once_it_answers(tmp_path: Path) -> None:
    server = FakeServer()
    server.down = DatabaseUnavailableError("gone")
    outbox = JournalOutbox(tmp_path)
    sending = OutboxSender(outbox, make_context(tmp_path, server), lambda: True)
    sending.start()
    entries = [make_entry(number) for number in range(700)]
    outbox.put_entries(entries[:300])
    asked = server.request_count
    wait_until(lambda: server.request_count > asked + 1)
    outbox.put_entries(entries[300:])
    assert server.journal == []
    server.down = None
    wait_until(lambda: not outbox.list_pending(1))
    assert [one.uuid for one in server.journal] == [one.uuid for one in entries]
    assert sending.stop()
    outbox.close()


class BrokenStore(FakeServer):
    """Raises what nobody foresaw while ``is_broken`` is set."""

    is_broken = True

    def append(self, entries: object) -> None:
        assert isinstance(entries, list)
        if self.is_broken:
            raise TypeError("a mistake in this program")
        super().append(entries)


def test_an_unforeseen_exception_does_not_end_the_sender_and_is_shown(tmp_path: Path) -> None:
    server = BrokenStore()
    outbox = JournalOutbox(tmp_path)
    context = make_context(tmp_path, server)
    sender = OutboxSender(outbox, context, lambda: True)
    sender.start()
    outbox.put_entries([make_entry(1)])
    wait_until(lambda: "TypeError" in take_snapshot(context).notice)
    wait_until(lambda: "alarm-sender" in take_snapshot(context).notice)
    server.is_broken = False
    wait_until(lambda: not outbox.list_pending(1))
    wait_until(lambda: take_snapshot(context).notice == "")
    assert sender.stop()
    outbox.close()


class Choosy(FakeServer):
    """Never takes entry 1."""

    def append(self, entries: object) -> None:
        assert isinstance(entries, list)
        if any(one.key.item == "1" for one in entries):
            raise InvalidRowError("item: too long")
        super().append(entries)


def test_an_entry_that_is_refused_does_not_keep_others_waiting(tmp_path: Path) -> None:
    said: list[str] = []
    server = Choosy()
    outbox = JournalOutbox(tmp_path)
    outbox.put_entries([make_entry(0), make_entry(1), make_entry(2)])
    sending = OutboxSender(outbox, make_context(tmp_path, server, said=said), lambda: True)
    sending.start()
    wait_until(lambda: not outbox.list_pending(1))
    assert [one.key.item for one in server.journal] == ["0", "2"]
    assert sending.stop()
    assert said == ["An alarm entry of STOCK_LOW/dosing_system_01/1 cannot be stored: item: too long"]
    outbox.close()


class RefusingJournal(FakeServer):
    """A trigger of the journal refuses everything while ``refuses`` is set."""

    refuses = True

    def append(self, entries: object) -> None:
        assert isinstance(entries, list)
        if self.refuses:
            raise InvalidRowError("a trigger fails")
        super().append(entries)


def test_a_journal_that_refuses_every_entry_loses_none(tmp_path: Path) -> None:
    server, outbox = RefusingJournal(), JournalOutbox(tmp_path)
    context = make_context(tmp_path, server)
    context.status.set_database_link(True, "")
    sender = OutboxSender(outbox, context, lambda: True)
    sender.start()
    outbox.put_entries([make_entry(0), make_entry(1)])
    wait_until(lambda: take_snapshot(context).database_faults)
    assert len(outbox.list_pending()) == 2
    server.refuses = False
    wait_until(lambda: not outbox.list_pending(1))
    wait_until(lambda: not take_snapshot(context).database_faults)
    assert [one.key.item for one in server.journal] == ["0", "1"]
    assert sender.stop()
    outbox.close()


def test_what_a_console_left_waits_behind_what_was_there_and_survives_who_took_it(tmp_path: Path) -> None:
    own, left = make_entry(1), make_entry(2)
    owner, console = JournalOutbox(tmp_path), JournalOutbox(tmp_path)
    owner.put_entries([own])
    console.add_operator_commands([left])
    console.close()
    assert owner.take_operator_commands() == [left]
    assert owner.take_operator_commands() == []
    owner.close()
    again = open_outbox(tmp_path, print)
    assert [one for _, one in again.list_pending()] == [own, left]
    again.close()


def test_what_was_left_while_nobody_owned_the_outbox_is_sent_by_the_next_one(tmp_path: Path) -> None:
    left = make_entry(1)
    console = JournalOutbox(tmp_path)
    console.add_operator_commands([left])
    console.close()
    outbox = open_outbox(tmp_path, print)
    assert [one for _, one in outbox.list_pending()] == [left]
    outbox.close()


def test_an_entry_of_an_earlier_release_is_read(tmp_path: Path) -> None:
    written = make_entry(1)
    old = encode_entry(written).replace('"offline":false,', "")
    assert '"offline"' not in old
    assert decode_entry(old) == written


def test_an_outbox_of_an_earlier_release_can_be_left_at(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "alarms.sqlite")) as old, old:
        old.execute(SCHEMA[0])
        old.execute("INSERT INTO entries (entry) VALUES (?)", (encode_entry(make_entry(1)),))
    old.close()
    outbox = JournalOutbox(tmp_path)
    outbox.add_operator_commands([make_entry(2)])
    outbox.take_operator_commands()
    assert [one.key.item for _, one in outbox.list_pending()] == ["1", "2"]
    outbox.close()


def acknowledge(entry: JournalEntry) -> JournalEntry:
    return replace(entry, uuid=uuid4(), event=AlarmEvent.ACKNOWLEDGE, occurrence=entry.uuid, offline=True)


def test_a_leader_journals_only_what_was_decided_since_the_last_other_was_elected(tmp_path: Path) -> None:
    """The same machine may lead twice in a row; what a person did is journaled whoever led meanwhile."""
    server, said = FakeServer(), list[str]()
    context = make_context(tmp_path, server, said=said)
    with closing(JournalOutbox(tmp_path)) as outbox:
        raised, again = make_entry(1), make_entry(2)
        acked = acknowledge(raised)
        join_election(outbox, 5, context.status)
        outbox.put_entries([raised])
        outbox.add_operator_commands([acked])
        outbox.take_operator_commands()
        may_send = fence_leader(outbox, context)
        server.epoch = 6  # elected anew, without anybody in between
        assert not may_send()
        join_election(outbox, 6, context.status)
        assert may_send()
        assert [entry for _, entry in outbox.list_pending()] == [raised, acked]
        outbox.put_entries([again])
        urgent = replace(make_entry(3), priority=Priority.HIGH)
        outbox.put_entries([urgent])
        outbox.drop_through(outbox.list_pending()[-1][0])  # journaled, all of it
        outbox.put_entries([again])
        outbox.add_operator_commands([acked])
        outbox.take_operator_commands()
        assert outbox.find_urgent([urgent.uuid]) == [urgent]
        join_election(outbox, 8, context.status)
        assert outbox.find_urgent([urgent.uuid]) == []
        assert [entry for _, entry in outbox.list_pending()] == [acked]
        assert outbox.epoch == 8
    assert said == [
        "1 alarm entry of this machine not journaled: another process has collected since then."
        " The log names each."
    ]


def test_a_standby_waits_until_it_knows_that_another_was_elected(tmp_path: Path) -> None:
    server = FakeServer()
    with closing(JournalOutbox(tmp_path)) as outbox:
        raised = make_entry(1)
        acked = acknowledge(raised)
        outbox.save_epoch(5)
        outbox.put_entries([raised, acked])
        may_send = fence_standby(outbox, make_context(tmp_path, server))
        server.epoch = 5  # that of the ended process, whose successor may be elected here
        assert not may_send()
        assert len(outbox.list_pending()) == 2
        server.epoch = 6
        assert may_send()
        assert [entry for _, entry in outbox.list_pending()] == [acked]


@given(
    st.lists(st.sampled_from(["here", "there"]), max_size=12),
    st.lists(st.booleans(), min_size=12, max_size=12),
)
def test_whoever_is_elected_an_entry_is_journaled_once_or_superseded(
    holders: list[str], drains: list[bool]
) -> None:
    """What is journaled was decided under an election since which only this machine led."""
    with TemporaryDirectory() as folder, closing(JournalOutbox(Path(folder))) as outbox:
        status = make_context(Path(folder), FakeServer()).status
        made: dict[UUID, int] = {}
        acks, journaled = set[UUID](), list[tuple[UUID, int]]()
        for epoch, (holder, drain) in enumerate(zip(holders, drains, strict=False), 1):
            if holder == "there":
                continue
            join_election(outbox, epoch, status)
            entry = make_entry(epoch)
            made[entry.uuid] = epoch
            outbox.put_entries([entry, ack := acknowledge(entry)])
            acks.add(ack.uuid)
            if drain:
                rows = outbox.list_pending()
                journaled += [(one.uuid, epoch) for _, one in rows]
                outbox.drop_through(rows[-1][0])
        waiting = {entry.uuid for _, entry in outbox.list_pending()}
        assert len({uuid for uuid, _ in journaled}) == len(journaled)
        assert acks == {uuid for uuid, _ in journaled if uuid in acks} | waiting & acks
        for uuid, epoch in journaled:
            if uuid in made:
                assert "there" not in holders[made[uuid] - 1 : epoch]
