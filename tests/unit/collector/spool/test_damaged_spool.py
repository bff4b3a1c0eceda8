"""A damaged spool costs what is damaged, and nothing else; no wrong value is ever stored."""

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dosing_tui.collector.spool.redelivery_filter import MessageFingerprint
from dosing_tui.collector.spool.spool import ParsedMessage, Spool
from dosing_tui.collector.spool.spool_codec import encode_items
from dosing_tui.database.reading_writer import WriteProgress
from dosing_tui.domain.messages.models import ParsedItem, Rejection
from dosing_tui.errors import DamagedSpoolError, SpoolError
from dosing_tui.live_snapshot import MessageCounts
from dosing_tui.mqtt.message import ReceivedMessage
from tests.support.collector.parsed_items import NOON, numbered_dose
from tests.support.sizes import choose_size

COUNT = 300
FLIPS = int(choose_size("FLIPS", small=150, full=3_000))


def make_message(number: int) -> ParsedMessage:
    return ParsedMessage(
        (numbered_dose(number),), MessageFingerprint(number, b"%d" % number, NOON, 1, packet_id=number)
    )


def open_spool(folder: Path, said: list[str]) -> Spool:
    return Spool(folder, max_mb=10, publish_counts=lambda _counts: None, report=said.append)


def fill_spool(folder: Path, count: int = COUNT) -> None:
    spool = open_spool(folder, [])
    spool.append_messages([make_message(number) for number in range(1, count + 1)], expire_before=0)
    spool.close()


def drain_spool(spool: Spool) -> list[ParsedItem]:
    """As the database writer does, with a database that takes everything."""
    items: list[ParsedItem] = []
    rejected = 0
    while spool.counts.spooled:
        rows = spool.read_chunk(100)
        if not rows:
            continue
        found = [item for _, part in rows for item in part]
        rejected += sum(isinstance(item, Rejection) for item in found)
        items += found
        spool.confirm_progress(WriteProgress(rows[-1][0], stored=len(items) - rejected, rejected=rejected))
        assert spool.counts.is_reconciled
    return items


def change_rows(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "spool.sqlite")) as sql, sql:
        sql.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE spool SET units = CAST(replace(CAST(units AS TEXT), '40.15', '90.15') AS BLOB) WHERE seq = 7",
        "UPDATE spool SET units = CAST(CAST(units AS TEXT) AS TEXT) || 'x' WHERE seq = 7",
        "UPDATE spool SET units = x'ff00fe' WHERE seq = 7",
        "UPDATE spool SET checksum = checksum + 1 WHERE seq = 7",
        "UPDATE spool SET checksum = NULL WHERE seq = 7",
        "UPDATE spool SET count = 1000000000 WHERE seq = 7",
        "UPDATE spool SET count = 3 WHERE seq = 7",
        "UPDATE spool SET count = 'x' WHERE seq = 7",
        "UPDATE spool SET units = 3.5 WHERE seq = 7",
    ],
)
def test_a_damaged_row_is_rejected_with_its_bytes_and_the_others_are_stored(
    tmp_path: Path, statement: str
) -> None:
    fill_spool(tmp_path, 20)
    change_rows(tmp_path, statement)
    with closing(sqlite3.connect(tmp_path / "spool.sqlite")) as sql:
        (content,) = sql.execute("SELECT CAST(units AS BLOB) FROM spool WHERE seq = 7").fetchone()
    said: list[str] = []
    with closing(open_spool(tmp_path, said)) as spool:
        items = drain_spool(spool)
    good = [item for item in items if not isinstance(item, Rejection)]
    assert good == [numbered_dose(number) for number in range(1, 21) if number != 7]
    assert {item.record for item in items if isinstance(item, Rejection)} == {content}
    assert spool.counts.spooled == 0
    assert spool.counts.is_reconciled
    assert any("Message 7 of the spool is damaged" in sentence for sentence in said)


def test_rows_that_vanished_are_said_and_do_not_stop_the_writer(tmp_path: Path) -> None:
    fill_spool(tmp_path, 20)
    change_rows(tmp_path, "DELETE FROM spool WHERE seq > 15")
    said: list[str] = []
    with closing(open_spool(tmp_path, said)) as spool:
        assert len(drain_spool(spool)) == 15
        assert spool.counts == MessageCounts(received=15, stored=15)
    assert said == ["The spool has lost 5 readings: its file was damaged."]


def test_a_damaged_packet_id_does_not_keep_the_messages_from_being_taken_over(tmp_path: Path) -> None:
    fill_spool(tmp_path, 20)
    change_rows(
        tmp_path, "CREATE TABLE other AS SELECT packet_id, NULL, identity, received_at FROM session_messages"
    )
    change_rows(tmp_path, "DROP TABLE session_messages")
    change_rows(tmp_path, "ALTER TABLE other RENAME TO session_messages")
    change_rows(tmp_path, "UPDATE books SET received = 'x'")
    said: list[str] = []
    with closing(open_spool(tmp_path, said)) as spool:
        assert len(drain_spool(spool)) == 20
    assert "20 of its messages were taken over" in said[0]


@pytest.mark.parametrize("content", [b"no database at all, but long enough to look at" * 100, bytes(8192)])
def test_a_file_that_is_no_spool_is_set_aside_and_a_new_one_begun(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "spool.sqlite").write_bytes(content)
    said: list[str] = []
    with closing(open_spool(tmp_path, said)) as spool:
        spool.append_messages([make_message(1)], expire_before=0)
        assert drain_spool(spool) == [numbered_dose(1)]
    (aside,) = tmp_path.glob("spool.sqlite.damaged-*")
    assert aside.read_bytes() == content
    assert "damaged" in said[0]
    assert aside.name in said[0]


def test_a_bad_disk_is_not_filled_with_damaged_files(tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / "spool.sqlite").write_bytes(b"no database, number %d" % number * 100)
        open_spool(tmp_path, []).close()
    kept = sorted(tmp_path.glob("spool.sqlite.damaged-*"))
    assert [one.read_bytes()[20:21] for one in kept] == [b"3", b"4", b"5", b"6", b"7"]


def test_an_empty_file_becomes_a_spool(tmp_path: Path) -> None:
    (tmp_path / "spool.sqlite").touch()
    said: list[str] = []
    open_spool(tmp_path, said).close()
    assert said == []


def test_a_page_that_is_unreadable_costs_its_messages_only(tmp_path: Path) -> None:
    fill_spool(tmp_path)
    overwrite_page(tmp_path, find_middle_page(tmp_path))
    said: list[str] = []
    with closing(open_spool(tmp_path, said)) as spool:
        items = drain_spool(spool)
    assert COUNT - 40 < len(items) < COUNT
    assert set(items) < {numbered_dose(number) for number in range(1, COUNT + 1)}
    assert "cannot be read" in said[0]


def test_a_spool_damaged_while_it_is_in_use_says_so_and_opens_again(tmp_path: Path) -> None:
    fill_spool(tmp_path)
    said: list[str] = []
    with closing(open_spool(tmp_path, said)) as spool:
        overwrite_page(tmp_path, find_middle_page(tmp_path))
        spool._file._connection.execute("PRAGMA shrink_memory")  # what SQLite has read before
        with pytest.raises(DamagedSpoolError):
            drain_spool(spool)
        assert spool.is_damaged
    with closing(open_spool(tmp_path, said)) as spool:
        assert len(drain_spool(spool)) > 0
    assert len(said) == 1


def find_middle_page(folder: Path) -> int:
    """A page with rows of messages, from 1."""
    with closing(sqlite3.connect(folder / "spool.sqlite")) as sql:
        return int(sql.execute("PRAGMA page_count").fetchone()[0]) // 2


def overwrite_page(folder: Path, number: int) -> None:
    with (folder / "spool.sqlite").open("r+b") as file:
        file.seek(4096 * (number - 1))
        file.write(b"\xa5" * 4096)


def test_whatever_byte_is_flipped_no_wrong_value_comes_out_and_the_spool_works(tmp_path: Path) -> None:
    chance = random.Random(7)
    good, broken = tmp_path / "good", tmp_path / "broken"
    fill_spool(good)
    right = {numbered_dose(number) for number in range(1, COUNT + 1)}
    size = (good / "spool.sqlite").stat().st_size
    whole, refused = 0, list[str]()
    for _ in range(FLIPS):
        shutil.rmtree(broken, ignore_errors=True)
        shutil.copytree(good, broken)
        place = chance.randrange(size)
        with (broken / "spool.sqlite").open("r+b") as file:
            file.seek(place)
            before = file.read(1)[0]
            file.seek(place)
            file.write(bytes([before ^ (1 << chance.randrange(8))]))
        said: list[str] = []
        try:
            spool = open_spool(broken, said)
        except SpoolError as error:
            refused.append(str(error))
            continue
        with closing(spool):
            try:
                items = drain_spool(spool)
            except DamagedSpoolError:
                spool.close()
                spool = open_spool(broken, said)
                items = drain_spool(spool)
            stored = {item for item in items if not isinstance(item, Rejection)}
            assert stored <= right, f"byte {place}"
            assert stored == right or said, (
                f"byte {place}: {len(right - stored)} are missing, and nothing is said"
            )
            spool.append_messages([make_message(COUNT + 1)], expire_before=0)
            assert spool.counts.is_reconciled
            spool.close()
        whole += stored == right
    assert whole > FLIPS // 4
    # the version's own bytes: a file of a newer version must not be touched
    assert [sentence for sentence in refused if "was made by a" not in sentence] == []


VERSION_1 = """
CREATE TABLE spool (seq INTEGER PRIMARY KEY AUTOINCREMENT, units TEXT NOT NULL, count INTEGER NOT NULL);
CREATE TABLE recent (
    number INTEGER PRIMARY KEY, identity BLOB NOT NULL, received_at TEXT NOT NULL, connection INTEGER NOT NULL
);
CREATE TABLE books (
    spool_id TEXT NOT NULL, received INTEGER NOT NULL,
    last_seq INTEGER NOT NULL, stored INTEGER NOT NULL, duplicates INTEGER NOT NULL,
    rejected INTEGER NOT NULL, broker_dropped INTEGER
);
CREATE TABLE probe (bytes BLOB);
INSERT INTO books VALUES ('6a1bd0f2-7c5e-4f0e-9d55-0a3f9f6d3a11', 5, 2, 1, 1, 0, 7);
PRAGMA user_version = 1;
"""


def test_a_spool_of_the_version_before_is_read_and_goes_on(tmp_path: Path) -> None:
    message = ReceivedMessage("t", b"level", NOON.replace(hour=14), 7, 1, False, 1, is_resent=True)
    identity = MessageFingerprint(1, b"", NOON, 1)
    with closing(sqlite3.connect(tmp_path / "spool.sqlite")) as sql:
        sql.executescript(VERSION_1)
        for number in (3, 4, 5):
            sql.execute(
                "INSERT INTO spool VALUES (?, ?, 1)", (number, encode_items((numbered_dose(number),)))
            )
        known = open_spool(tmp_path / "other", [])
        identity = known.load_redelivery_filter().register_message(message, connection=1)
        known.close()
        sql.execute("INSERT INTO recent VALUES (9, ?, ?, 1)", (identity.identity, NOON.isoformat()))
        sql.commit()
    said: list[str] = []
    with closing(open_spool(tmp_path, said)) as spool:
        assert str(spool.spool_id) == "6a1bd0f2-7c5e-4f0e-9d55-0a3f9f6d3a11"
        assert spool.counts == MessageCounts(received=5, stored=1, duplicates=1, spooled=3)
        assert spool.broker_drop_count == 7
        assert [item for _, (item,) in spool.read_chunk(10)] == [numbered_dose(n) for n in (3, 4, 5)]
        # in flight while the program was updated: it comes again, and the old version kept no packet IDs
        resent = spool.load_redelivery_filter().register_message(message, connection=2)
        assert resent.received_at == NOON
        spool.append_messages([make_message(6)], expire_before=0)
    assert said == []
    with closing(open_spool(tmp_path, said)) as again:
        assert again.counts.spooled == 4
