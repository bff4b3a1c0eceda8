"""What stations tell of themselves becomes rows: what is not said stays, and the history is bounded."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from msgspec.structs import replace
from psycopg.rows import dict_row

from dosing_tui.database.diagnosis.fact_reader import read_database_facts
from dosing_tui.database.diagnosis.facts import StationLoss
from dosing_tui.database.presence import station_status_writer
from dosing_tui.database.presence.station_status_writer import StationStatusWriter
from dosing_tui.domain.messages.models import Rejection
from dosing_tui.domain.presence.models import ConnectionReport, MessageLoss, StationReport
from dosing_tui.domain.presence.status_payload import parse_status
from tests.support.database.reading_samples import settings_for
from tests.support.database_servers import Server

NOW = datetime.now(UTC).replace(microsecond=0)
FULL = StationReport(
    "s1", NOW, False, ConnectionReport.ONLINE, "b1", 7, -61, "1.4.2", 181_240, 86_400_000
)  # fmt: skip


@pytest.fixture
def writer(flavour: Server, migrated: str) -> Iterator[StationStatusWriter]:
    writer = StationStatusWriter(settings_for(migrated))
    yield writer
    writer.close()


def read_row(dsn: str) -> dict[str, object]:
    with psycopg.connect(dsn, row_factory=dict_row) as session:
        row = session.execute("SELECT * FROM station_status WHERE device_id = 's1'").fetchone()
    assert row is not None
    return row


def list_changes(dsn: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn) as session:
        found = (
            "SELECT kind, detail, lost, is_time_known FROM station_changes WHERE device_id = 's1' ORDER BY id"
        )
        return session.execute(found).fetchall()


def read_report(payload: bytes, at: datetime, *, is_retained: bool = False) -> StationReport:
    report = parse_status("t", "s1", payload, received_at=at, is_retained=is_retained)
    assert not isinstance(report, Rejection)
    return report


def test_what_a_report_leaves_out_stays_and_what_is_unusable_is_null(
    writer: StationStatusWriter, migrated: str
) -> None:
    later = NOW + timedelta(seconds=5)
    writer.write_news([FULL, read_report(b'{"rssi_dbm":"weak","firmware":[],"uptime_ms":5}', later)])
    row = read_row(migrated)
    assert (row["status"], row["status_since"], row["reported_at"]) == ("online", NOW, later)
    assert (row["rssi_dbm"], row["firmware"], row["uptime_ms"], row["heap_free_bytes"]) == (
        None,
        None,
        5,
        181_240,
    )
    assert row["flags"] == ["rssi_dbm: 'weak' is not a number", "firmware: a list is not a text"]
    assert row["messages_lost"] is None


def test_a_last_will_keeps_the_last_figures_and_the_history_has_every_change(
    writer: StationStatusWriter, migrated: str
) -> None:
    at = NOW + timedelta(seconds=9)
    writer.write_news([
        FULL, FULL, read_report(b"offline", at),
        read_report(b"offline", at + timedelta(minutes=1), is_retained=True),
    ])  # fmt: skip
    row = read_row(migrated)
    assert (row["status"], row["status_since"], row["reported_at"], row["rssi_dbm"]) == (
        "offline",
        at,
        at,
        -61,
    )
    writer.write_news([
        replace(FULL, boot_id="b2", firmware="1.5", is_retained=True), MessageLoss("s1", at, 0, 1, 1),
        MessageLoss("s1", at, 3, 4, 6), MessageLoss("s1", at, -1, 5, 5),
    ])  # fmt: skip
    row = read_row(migrated)
    assert (row["status"], row["status_since"], row["is_retained"]) == ("online", None, True)
    assert (row["messages_lost"], row["last_lost_at"]) == (2, at)
    assert list_changes(migrated) == [
        ("online", "", 0, True), ("offline", "", 0, True), ("online", "", 0, False),
        ("restart", "b2", 0, False),
        ("firmware", "1.5", 0, False), ("lost", "4-6", 3, True), ("lost", "5", -1, True),
    ]  # fmt: skip
    facts = read_database_facts(settings_for(migrated))
    assert facts.station_losses == (StationLoss("s1", 2),)


def test_a_report_without_a_word_ends_an_offline(writer: StationStatusWriter, migrated: str) -> None:
    at = NOW + timedelta(seconds=9)
    writer.write_news(
        [FULL, read_report(b"offline", NOW), read_report(b'{"rssi_dbm":-62}', at, is_retained=True)]
    )
    assert read_row(migrated)["status"] == "offline"
    writer.write_news([read_report(b'{"rssi_dbm":-63}', at)])
    row = read_row(migrated)
    assert (row["status"], row["status_since"], row["rssi_dbm"]) == ("online", at, -63)
    assert [kind for kind, *_ in list_changes(migrated)] == ["online", "offline", "online"]


def test_an_empty_message_takes_the_state_back(writer: StationStatusWriter, migrated: str) -> None:
    writer.write_news([FULL, read_report(b"", NOW)])
    row = read_row(migrated)
    assert (row["status"], row["status_since"], row["firmware"]) == (None, None, "1.4.2")


def test_of_each_station_the_newest_changes_are_kept(
    writer: StationStatusWriter, migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station_status_writer, "MAX_CHANGES", 5)
    monkeypatch.setattr(station_status_writer, "MAX_LOSSES", 5)
    writer.write_news([MessageLoss("s2", NOW, 1, 1, 1)])
    writer.write_news([MessageLoss("s1", NOW, 1, number, number) for number in range(20)])
    assert [detail for _, detail, _, _ in list_changes(migrated)] == ["15", "16", "17", "18", "19"]
    with psycopg.connect(migrated) as session:
        assert session.execute("SELECT count(*) FROM station_changes").fetchone() == (6,)
