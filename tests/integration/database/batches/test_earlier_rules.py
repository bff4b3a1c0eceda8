"""Batches that were reviewed under earlier rules keep their record, their judgement and their approval."""

from datetime import timedelta

import psycopg
import pytest
from msgspec import structs
from msgspec.structs import replace

from dosing_tui.config.settings import AlarmLimitSettings
from dosing_tui.database.batches import rebuild_span
from dosing_tui.database.batches.audit_verify import verify_audit_trail
from dosing_tui.database.batches.incremental_rebuild import rebuild_batches, rebuild_changed_days
from dosing_tui.database.batches.queries import count_batches, list_batches, read_batch
from dosing_tui.database.batches.review_writer import enter_review
from dosing_tui.database.reports.batch_record import read_batch_record
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.database.schema.tolerance_rules import set_tolerance_rules
from dosing_tui.database.sql_files import find_sql_folder
from dosing_tui.domain.batch_review.changes_since_review import describe_changes
from dosing_tui.domain.batch_review.finding_weight import Edition, RulesVersion
from dosing_tui.domain.batch_review.query_models import BatchDetail, BatchFilter, create_review_draft
from dosing_tui.domain.batch_review.review_rules import Decision
from dosing_tui.export.batch_record_files import render_record
from dosing_tui.export.documents.file_format import FileFormat
from tests.support.database.earlier_reviews import JUDGED_AT, store_earlier_reviews
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import fetch_rows
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.domain.batch_messages import NOON, make_dose, make_level, normal_batch

COLUMNS = "batch_key, record_hash, judgement_hash, findings, review_state"
STATES = ["approved", "confirmed with deviation", "rejected", "needs information", "unreviewed", "unreviewed"]


def fetch_batches(dsn: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in fetch_rows(dsn, f"SELECT {COLUMNS} FROM batches ORDER BY begins_at")]


def test_reviewed_batches_stay_approved_under_the_rules_they_were_reviewed_by(migrated: str) -> None:
    settings = store_earlier_reviews(migrated)
    before = fetch_batches(migrated)
    assert [(row[3], row[4]) for row in before] == list(zip([0, 3, 2, 1, 1, 1], STATES, strict=True))
    assert verify_audit_trail(settings).faults == ()

    rebuild_changed_days(settings, now=JUDGED_AT)
    after = fetch_batches(migrated)
    assert after[:4] == before[:4]
    assert [(row[3], row[4]) for row in after[4:]] == [(0, "unreviewed")] * 2
    rebuilt = rebuild_batches(settings, since=NOON, until=JUDGED_AT, now=JUDGED_AT, report=lambda _: None)
    assert (rebuilt.batch_count, rebuilt.stored_count) == (6, 0)
    report = verify_audit_trail(settings)
    assert (report.reviews, report.records, report.faults) == (6, 6, ())
    details = [read_batch(settings, str(row[0])) for row in after]
    versions = [detail.assessment.rules for detail in details if detail]
    assert versions == [RulesVersion.ALL_COUNT] * 4 + [RulesVersion.TANK_LIMITS] * 2
    assert count_batches(settings, BatchFilter(with_findings=True)).batches == 3

    # what its exceptions were about is in the record still, and can be approved now
    newest = list_batches(settings, BatchFilter())[0]
    detail = read_batch(settings, newest.batch_key)
    assert detail is not None
    assert [one.sentence for one in detail.assessment.remarks] == ["the alarm 'ERR_RATE_1H' was active"]
    record = read_batch_record(settings, newest.batch_key)
    assert record is not None
    for form in (FileFormat.TEXT, FileFormat.HTML, FileFormat.JSON):
        printed = str(render_record(record, form, settings, now=JUDGED_AT))
        assert "ERR_RATE_1H" in printed
        assert "remarks" in printed.lower()
    draft = create_review_draft(newest, Decision.APPROVED, who="Anna")
    assert enter_review(settings, draft, os_user="tester").meaning == "approved"
    assert verify_audit_trail(settings).faults == ()


def test_once_its_messages_change_a_reviewed_batch_is_judged_by_the_rules_of_today(migrated: str) -> None:
    settings = store_earlier_reviews(migrated)
    store_and_rebuild(migrated, make_dose(500, "L25B", dedup=2), now=JUDGED_AT)
    detail: BatchDetail | None = read_batch(settings, list_batches(settings, BatchFilter())[4].batch_key)
    assert detail is not None
    assert (detail.row.review_state, detail.assessment.rules) == ("outdated", RulesVersion.TANK_LIMITS)
    changes = describe_changes(detail, NOON.tzinfo or JUDGED_AT.tzinfo)  # type: ignore[arg-type]  # UTC
    assert "It is judged by version 5 of the rules now; by version 1 then." in changes
    assert "Only a remark now: T-9 was down to 17.0 %." in changes
    assert verify_audit_trail(settings).faults == ()


def test_a_batch_reviewed_under_version_2_keeps_the_sum_of_a_chemical_that_came_twice(
    migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(migrated)
    pumps = replace(settings.alarms, pump_chemicals=("DMDEE", "T-9"))
    settings = replace(settings, alarms=pumps)
    with psycopg.connect(migrated) as session:
        set_tolerance_rules(session, settings)
        session.execute("ALTER TABLE tolerance_rules DISABLE TRIGGER append_only")
        session.execute("UPDATE tolerance_rules SET valid_from = '2000-01-01' WHERE version = 2")
    twice = [*normal_batch(), make_dose(90, "T-9", target_g=20.0, actual_g=20.1, dedup=2)]
    second = [structs.replace(each, time=each.time + timedelta(minutes=10)) for each in twice]
    with monkeypatch.context() as patched:
        patched.setattr(rebuild_span, "CURRENT_EDITION", Edition(2, RulesVersion.REMARKS))
        store_and_rebuild(migrated, *twice, *second, now=JUDGED_AT)
        newest, reviewed = list_batches(settings, BatchFilter())
        draft = create_review_draft(reviewed, Decision.REJECTED, who="Anna", comment="poured away")
        enter_review(settings, draft, os_user="tester")
    rebuild_batches(settings, since=NOON, until=JUDGED_AT, now=JUDGED_AT, report=lambda _: None)
    kept = read_batch(settings, reviewed.batch_key)
    judged_again = read_batch(settings, newest.batch_key)
    assert kept is not None
    assert judged_again is not None
    assert (kept.row.review_state, kept.assessment.rules) == ("rejected", RulesVersion.REMARKS)
    assert [(each.chemical, each.doses) for each in kept.batch.ingredients] == [("T-9", 2), ("T-12", 1)]
    assert judged_again.assessment.rules is RulesVersion.TANK_LIMITS
    parts = [(each.chemical, each.target_g) for each in judged_again.batch.ingredients]
    assert parts == [("T-9", 40.0), ("T-9", 20.0), ("T-12", 5.0)]
    assert [each.sentence for each in judged_again.assessment.exceptions] == [
        "T-9 was dosed 2 times", "pump 2 dosed T-12 instead of T-9",
    ]  # fmt: skip
    assert verify_audit_trail(settings).faults == ()


def test_a_batch_reviewed_under_version_4_keeps_its_remark_of_low_stock(
    migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = (AlarmLimitSettings(chemical="t-9", stock_low_percent=40.0),)
    settings = replace(settings_for(migrated), alarm_limits=own)
    migrate_schema(settings, report=print)
    first = [*normal_batch(), make_level(61.1, "T-9", 3000.0)]
    second = [structs.replace(each, time=each.time + timedelta(minutes=10)) for each in normal_batch()]
    second.append(make_level(661.1, "T-9", 3000.0))
    with monkeypatch.context() as patched:
        patched.setattr(rebuild_span, "CURRENT_EDITION", Edition(2, RulesVersion.MISSING_NUMBERS))
        store_and_rebuild(migrated, *first, *second, now=JUDGED_AT)
        reviewed = list_batches(settings, BatchFilter())[1]
        draft = create_review_draft(reviewed, Decision.REJECTED, who="Anna", comment="poured away")
        enter_review(settings, draft, os_user="tester")
    rebuild_batches(settings, since=NOON, until=JUDGED_AT, now=JUDGED_AT, report=lambda _: None)
    details = [read_batch(settings, each.batch_key) for each in list_batches(settings, BatchFilter())]
    assert [
        (each.row.review_state, each.assessment.rules, [one.sentence for one in each.assessment.remarks])
        for each in details
        if each
    ] == [
        ("unreviewed", RulesVersion.TANK_LIMITS, ["T-9 was down to 30.0 %"]),
        ("rejected", RulesVersion.MISSING_NUMBERS, []),
    ]
    assert verify_audit_trail(settings).faults == ()


@pytest.mark.parametrize("name", ["0045_judge_each_dose", "0120_judge_tank_limits"])
def test_the_migration_queues_the_unreviewed_batches_and_no_others(migrated: str, name: str) -> None:
    store_earlier_reviews(migrated)
    statement = find_sql_folder() / "schema" / "any" / f"{name}.sql"
    with psycopg.connect(migrated) as session:
        session.execute("DELETE FROM batch_rebuild_queue")
        session.execute(
            "UPDATE batches SET anchored_at = now() - (INTERVAL '1 hour') * right(batch_id, 1)::int"
        )
        session.execute(statement.read_text().encode())
        queued = session.execute("SELECT min(since), max(until) FROM batch_rebuild_queue").fetchone()
        unreviewed = session.execute(
            "SELECT min(anchored_at), max(anchored_at) FROM batches WHERE review_state = 'unreviewed'"
        ).fetchone()
    assert queued == unreviewed != (None, None)
