"""Lots of stored batches: across a drum change and a top-up, in any order of entry, and held by the audit."""

import json
from datetime import datetime

import psycopg
import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.database.batches.audit_verify import verify_audit_trail
from dosing_tui.database.batches.incremental_rebuild import rebuild_batches, rebuild_changed_days
from dosing_tui.database.batches.queries import list_batches, read_batch
from dosing_tui.database.batches.review_writer import enter_review
from dosing_tui.domain.batch_review.query_models import BatchFilter, create_review_draft
from dosing_tui.domain.batch_review.review_rules import Decision
from dosing_tui.domain.messages.models import BatchEvent, Dose, Reading, TimeQuality
from tests.support.database.ledger_entries import enter_material
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import fetch_rows
from tests.support.database.stored_batches import store_and_rebuild, write_readings
from tests.support.database_servers import Server
from tests.support.domain.batch_messages import STATION, make_dose, make_event, seconds_after

HOUR = 3_600.0
LATER = seconds_after(12 * HOUR)


def batch_at(hour: int) -> list[Reading]:
    """40 g of T-12 at a minute past the hour."""
    begin = hour * HOUR
    return [
        make_event(begin, "start", pumps=1),
        make_dose(begin + 61, "T-12", target_g=40.0, actual_g=40.0),
        make_event(begin + 65, "complete", pumps=1),
    ]


def at(hour: float) -> datetime:
    return seconds_after(hour * HOUR)


def fetch_lots(dsn: str) -> list[tuple[object, ...]]:
    """Hour of the batch, number of the lot, share and mass."""
    rows = fetch_rows(
        dsn,
        "SELECT extract(hour FROM begins_at AT TIME ZONE 'UTC')::int - 12, lot_number,"
        " round(share::numeric, 4)::float8, mass_g"
        " FROM batch_lots JOIN batches USING (batch_key) ORDER BY begins_at, lot_number",
    )
    return [tuple(row) for row in rows]


# after the batches of hours 1 and 2, 100 g - 80 g = 20 g of A are left; 60 g of B go on top: 25 % A
EXPECTED = [
    (1, "A", 1.0, 40.0),
    (2, "A", 1.0, 40.0),
    (3, "A", 0.25, 10.0),
    (3, "B", 0.75, 30.0),
    (5, "B", 1.0, 40.0),
]
ENTRIES = ((0.5, "drum_change", 100.0, "A"), (2.5, "delivery", 60.0, "B"), (4.5, "drum_change", 500.0, "B"))
HOURS = (0, 1, 2, 3, 5)


def test_five_batches_across_a_drum_change_and_a_top_up(flavour: Server, migrated: str) -> None:
    for hour, kind, grams, lot in ENTRIES:
        enter_material(migrated, at(hour), kind, grams, lot)
    store_and_rebuild(migrated, *[each for hour in HOURS for each in batch_at(hour)], now=LATER)
    assert fetch_lots(migrated) == EXPECTED  # the batch of hour 0 was before lots were kept
    settings = settings_for(migrated)
    assert verify_audit_trail(settings).faults == ()
    details = [read_batch(settings, row.batch_key) for row in list_batches(settings, BatchFilter())]
    assert [detail.assessment.exceptions for detail in details if detail] == [()] * 5
    # nothing is judged anew when it is judged again
    rebuilt = rebuild_batches(settings, since=at(-1), until=LATER, now=LATER, report=lambda _: None)
    assert (rebuilt.batch_count, rebuilt.stored_count) == (5, 0)


@pytest.mark.parametrize("order", [(2, 0, 1), (1, 2, 0)])
def test_late_entries_and_late_doses_give_the_same(migrated: str, order: tuple[int, ...]) -> None:
    settings = settings_for(migrated)
    write_readings(migrated, [each for hour in (0, 2, 3, 5) for each in batch_at(hour)])
    rebuild_changed_days(settings, now=LATER)
    for place in order:
        hour, kind, grams, lot = ENTRIES[place]
        enter_material(migrated, at(hour), kind, grams, lot)
        rebuild_changed_days(settings, now=LATER)
    store_and_rebuild(migrated, *batch_at(1), now=LATER)  # leaves less of A
    rebuild_changed_days(settings, now=LATER)
    assert fetch_lots(migrated) == EXPECTED
    assert verify_audit_trail(settings).faults == ()


def test_batches_of_later_days_follow_a_late_entry(migrated: str) -> None:
    settings = settings_for(migrated)
    now = at(80)
    store_and_rebuild(migrated, *batch_at(1), *batch_at(3), *batch_at(51), now=now)
    enter_material(migrated, at(2), "delivery", 60.0, "B")
    enter_material(migrated, at(0.5), "drum_change", 100.0, "A")
    for _ in range(2):  # the first queues the third day
        rebuild_changed_days(settings, now=now)
    assert fetch_lots(migrated) == [
        (1, "A", 1.0, 40.0),
        *[(3, "A", 0.5, 20.0), (3, "B", 0.5, 20.0)] * 2,
    ]


@pytest.fixture
def traced(migrated: str) -> Settings:
    for hour, kind, grams, lot in ENTRIES:
        expires_on = "2026-11-22" if lot == "A" else None
        enter_material(migrated, at(hour), kind, grams, lot, expires_on=expires_on)
    store_and_rebuild(migrated, *[each for hour in HOURS for each in batch_at(hour)], now=LATER)
    return settings_for(migrated)


def test_an_expired_lot_and_an_unknown_one_are_exceptions(traced: Settings) -> None:
    dsn = traced.database.dsn
    enter_material(dsn, at(5.5), "refill", 500.0)
    store_and_rebuild(dsn, *batch_at(6), now=LATER)
    details = [read_batch(traced, row.batch_key) for row in reversed(list_batches(traced, BatchFilter()))]
    sentences = [[each.sentence for each in detail.assessment.exceptions] for detail in details if detail]
    # 500 g of B without 40 g, and 500 g of nobody knows what
    assert sentences == [
        [],
        ["100.0 % of T-12 is of lot A, which expired on 2026-11-22"],
        ["100.0 % of T-12 is of lot A, which expired on 2026-11-22"],
        ["25.0 % of T-12 is of lot A, which expired on 2026-11-22"],
        [],
        ["52.1 % of T-12 is of an unknown lot"],
    ]


def test_a_late_lot_makes_an_approval_outdated_as_a_late_alarm_does(migrated: str) -> None:
    settings = settings_for(migrated)
    store_and_rebuild(migrated, *batch_at(1), now=LATER)
    (row,) = list_batches(settings, BatchFilter())
    enter_review(settings, create_review_draft(row, Decision.APPROVED, who="Anna"), os_user="tester")
    rebuild_changed_days(settings, now=LATER)
    enter_material(migrated, at(2), "drum_change", 100.0, "B")  # after it
    rebuild_changed_days(settings, now=LATER)
    assert [each.review_state for each in list_batches(settings, BatchFilter())] == ["approved"]
    enter_material(migrated, at(0.5), "drum_change", 100.0, "A")
    rebuild_changed_days(settings, now=LATER)
    assert [each.review_state for each in list_batches(settings, BatchFilter())] == ["outdated"]
    assert verify_audit_trail(settings).faults == ()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE batch_records SET judgement = replace(judgement, '\"A\"', '\"B\"')", "findings of"),
        ("UPDATE batch_lots SET share = share * (1 + 3e-16) WHERE lot_number = 'A'", "its record: lots"),
        ("DELETE FROM batch_lots WHERE lot_number = 'A'", "its record: lots"),
    ],
)
def test_one_changed_byte_of_a_lot_is_found(traced: Settings, change: str, fault: str) -> None:
    with psycopg.connect(traced.database.dsn) as session:
        session.execute(change.encode())
    faults = verify_audit_trail(traced).faults
    assert len(faults) == 3
    assert all(fault in each for each in faults)


def test_what_a_station_sends_is_stored_wins_and_is_in_the_record(traced: Settings) -> None:
    dsn = traced.database.dsn
    sent = [
        replace(each, batch_id="W-9", lot="B", operator="Cem") if isinstance(each, Dose) else each
        for each in batch_at(7)
    ]
    store_and_rebuild(dsn, *sent, now=LATER)
    foreign = [replace(each, lot="Z") if isinstance(each, Dose) else each for each in batch_at(8)]
    store_and_rebuild(dsn, *foreign, now=LATER)
    stored = "SELECT batch_id, lot, operator FROM dosing_consumption WHERE lot IS NOT NULL ORDER BY lot"
    assert fetch_rows(dsn, stored) == [
        ("W-9", "B", "Cem"), (None, "Z", None),
    ]  # fmt: skip
    newest, named = [read_batch(traced, row.batch_key) for row in list_batches(traced, BatchFilter())[:2]]
    assert newest is not None
    assert named is not None
    assert [(each.lot.number, each.is_sent) for each in named.assessment.lots] == [("B", True)]
    assert named.assessment.exceptions == ()
    assert '"batch_id":"W-9"' in named.record_text
    assert (named.batch.station_names, named.batch.operators) == ("W-9", "Cem")
    assert [each.sentence for each in newest.assessment.exceptions] == [
        "100.0 % of T-12 is of lot Z, which is not in the material ledger"
    ]
    assert verify_audit_trail(traced).faults == ()
    # the others have the bytes that they had before stations could send it
    old = read_batch(traced, list_batches(traced, BatchFilter())[2].batch_key)
    assert old is not None
    assert not {"batch_id", "lot", "operator"} & set(json.loads(old.record_text)["doses"][0])


def test_a_stations_drum_change_with_its_lot_needs_nobody(migrated: str) -> None:
    moment = at(0.5)
    change = BatchEvent(
        moment, STATION, "drum_change", "", None, 1, moment, TimeQuality.DEVICE,
        pump=2, chemical="T-12", mass_g=100.0, lot="A", operator="Cem",
    )  # fmt: skip
    store_and_rebuild(migrated, change, *batch_at(1), now=LATER)
    rebuild_changed_days(settings_for(migrated), now=LATER)
    assert fetch_lots(migrated) == [(1, "A", 1.0, 40.0)]
    assert fetch_rows(migrated, "SELECT lot_number, operator, source FROM material_entries") == [
        ("A", "Cem", "station")
    ]
    assert verify_audit_trail(settings_for(migrated)).faults == ()


def test_a_lot_whose_name_no_one_could_read_is_refused(migrated: str) -> None:
    (_, dose, _) = batch_at(1)
    assert isinstance(dose, Dose)
    write_readings(migrated, [replace(dose, lot="x" * 513), replace(dose, lot="x" * 512, dedup=2)])
    assert fetch_rows(migrated, "SELECT length(lot) FROM dosing_consumption") == [(512,)]
    ((reason,),) = fetch_rows(migrated, "SELECT reason FROM rejected_messages")
    assert "too long" in str(reason) or "sent_names_short" in str(reason)
