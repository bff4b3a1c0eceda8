"""What people say about batches is entered once, by whoever saw the batch as it is, and stays."""

import threading
from datetime import UTC, timedelta
from typing import LiteralString

import psycopg
import pytest
from msgspec import structs
from msgspec.structs import replace
from psycopg import sql

from dosing_tui.config.settings import ReviewSettings, Settings
from dosing_tui.database.audit.pins import set_pin
from dosing_tui.database.batches.audit_verify import verify_audit_trail, verify_in_session
from dosing_tui.database.batches.incremental_rebuild import rebuild_batches, rebuild_changed_days
from dosing_tui.database.batches.master_recipes import import_recipes, list_recipe_versions
from dosing_tui.database.batches.queries import count_batches, list_batches, read_batch
from dosing_tui.database.batches.review_writer import enter_review, enter_reviews
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.batch_review.changes_since_review import (
    BATCH_MERGED,
    describe_changes,
    describe_merged_reviews,
)
from dosing_tui.domain.batch_review.query_models import BatchDetail, BatchFilter, create_review_draft
from dosing_tui.domain.batch_review.review_rules import Decision, Review
from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterRecipe
from dosing_tui.errors import DatabaseAccessError, ReviewError
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.database_servers import Server
from tests.support.domain.batch_messages import NOON, make_dose, make_event, normal_batch

LATER = NOON + timedelta(hours=1)
GROSS = [*normal_batch(), make_dose(70, "T-9", actual_g=3.0, dedup=2)]


def read_newest_batch(settings: Settings) -> BatchDetail:
    found = read_batch(settings, list_batches(settings, BatchFilter())[0].batch_key)
    assert found is not None
    return found


def review_batch(
    settings: Settings,
    meaning: Decision = Decision.APPROVED,
    comment: str = "",
    *,
    who: str = "Anna",
    at: BatchDetail | None = None,
    pin: str = "",
) -> Review:
    draft = create_review_draft(
        (at or read_newest_batch(settings)).row, meaning, who=who, comment=comment, pin=pin
    )
    return enter_review(settings, draft, os_user="tester")


@pytest.fixture
def plant(migrated: str) -> Settings:
    store_and_rebuild(migrated, *normal_batch(), now=LATER)
    return settings_for(migrated)


def test_a_review_is_shown_with_who_when_and_what(plant: Settings) -> None:
    said = review_batch(plant)
    after = read_newest_batch(plant)
    assert (after.row.review_state, after.row.disposed_by) == ("approved", "Anna")
    assert after.reviews == (said,)
    assert (said.who, said.os_user, said.signature) == ("Anna", "tester", "not an e-signature")
    assert said.record_hash == after.row.record_hash


def test_two_reviewers_at_once_the_second_is_told(plant: Settings) -> None:
    before = read_newest_batch(plant)
    told: list[str] = []
    barrier = threading.Barrier(4)

    def reviewer(who: str) -> None:
        barrier.wait()
        try:
            told.append(review_batch(plant, who=who, at=before).who)
        except ReviewError as error:
            told.append(str(error))

    threads = [threading.Thread(target=reviewer, args=(f"P{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted("(approved). Reload" in each for each in told) == [False, True, True, True]
    assert fetch_value(plant.database.dsn, "SELECT count(*) FROM batch_reviews") == 1
    assert verify_audit_trail(plant).faults == ()


def test_what_has_changed_since_it_was_seen_is_not_reviewed(plant: Settings) -> None:
    before = read_newest_batch(plant)
    store_and_rebuild(plant.database.dsn, make_dose(90, "L25B"), now=LATER)
    with pytest.raises(ReviewError, match="has changed since it was displayed"):
        review_batch(plant, at=before)


def test_a_record_that_was_exchanged_below_its_hash_is_not_signed(plant: Settings) -> None:
    """By a role that stores batches: the reviewer would sign what the hash does not cover."""
    execute_statements(
        plant.database.dsn, "UPDATE batch_records SET record = replace(record, '40.1', '40.0')"
    )
    with pytest.raises(ReviewError, match=r"its stored record is not the one of its hash"):
        review_batch(plant)
    assert fetch_value(plant.database.dsn, "SELECT count(*) FROM audit_trail") == 0


def test_late_data_make_a_review_outdated_and_change_nothing_of_it(plant: Settings) -> None:
    review_batch(plant)
    signed = fetch_rows(plant.database.dsn, "SELECT * FROM batch_reviews")
    store_and_rebuild(plant.database.dsn, make_dose(90, "L25B"), now=LATER)
    after = read_newest_batch(plant)
    assert (after.row.review_state, len(after.batch.doses)) == ("outdated", 3)
    assert fetch_rows(plant.database.dsn, "SELECT * FROM batch_reviews") == signed
    review_batch(plant, Decision.DEVIATION, "L25B was a trial")
    assert read_newest_batch(plant).row.review_state == "approved with deviation"


def test_a_rebuild_does_not_touch_what_people_said(plant: Settings) -> None:
    review_batch(plant)
    before = fetch_rows(plant.database.dsn, "SELECT * FROM batches")
    rebuild_batches(plant, since=NOON - timedelta(days=1), until=LATER, now=LATER, report=print)
    assert fetch_rows(plant.database.dsn, "SELECT * FROM batches") == before


def test_a_reviewed_batch_whose_messages_go_to_another_stays_and_says_so(migrated: str) -> None:
    settings = settings_for(migrated)
    store_and_rebuild(migrated, make_dose(100, "T-9"), make_dose(1200, "T-12"), now=LATER)
    for row in list_batches(settings, BatchFilter()):
        draft = create_review_draft(row, Decision.REJECTED, who="Anna", comment="no start")
        enter_review(settings, draft, os_user="tester")
    store_and_rebuild(migrated, make_event(30, "start"), now=LATER)
    (whole,) = list_batches(settings, BatchFilter())
    assert (whole.review_state, whole.status, whole.doses) == ("outdated", "incomplete", 2)
    assert count_batches(settings, BatchFilter()).batches == 1
    asked = {"from": NOON - timedelta(days=1), "to": LATER}
    with psycopg.connect(migrated) as session:
        reported = session.execute(read_statement("reports/count_shift_batches"), asked).fetchall()
    assert reported == [("CU-85", "incomplete", 1, 1)]
    found, gone = read_newest_batch(settings), read_batch(settings, key_of(migrated, gone=True))
    assert gone is not None
    assert (gone.row.review_state, gone.row.status, gone.row.doses) == ("outdated", "no-start", 1)
    assert describe_changes(gone, UTC) == (BATCH_MERGED,)
    assert found.merged_reviews == gone.reviews
    (sentence,) = describe_merged_reviews(found, UTC)
    assert f"is about {gone.row.batch_id}, whose messages are of this batch now" in sentence
    with pytest.raises(ReviewError, match="This batch no longer exists: its messages belong"):
        review_batch(settings, Decision.COMMENT, "which?", at=gone)
    assert verify_audit_trail(settings).faults == ()
    before = fetch_rows(migrated, "SELECT * FROM batches ORDER BY batch_key")
    rebuild_batches(settings, since=NOON - timedelta(days=1), until=LATER, now=LATER, report=print)
    assert fetch_rows(migrated, "SELECT * FROM batches ORDER BY batch_key") == before


def key_of(dsn: str, *, gone: bool) -> str:
    key: str = fetch_value(dsn, f"SELECT batch_key FROM batches WHERE gone = {gone}")
    return key


def test_reviews_outlive_their_readings(plant: Settings) -> None:
    review_batch(plant)
    execute_statements(plant.database.dsn, "DELETE FROM dosing_consumption")
    execute_statements(plant.database.dsn, "DELETE FROM batch_events")
    rebuild_changed_days(plant, now=NOON + timedelta(days=100))
    after = read_newest_batch(plant)
    assert (after.row.review_state, len(after.batch.doses)) == ("approved", 2)


def test_withdrawing_is_a_new_entry(plant: Settings) -> None:
    review_batch(plant)
    review_batch(plant, Decision.WITHDRAWN, "wrong batch")
    after = read_newest_batch(plant)
    assert (after.row.review_state, [each.meaning for each in after.reviews]) == (
        "unreviewed", ["approved", "withdrawn"],
    )  # fmt: skip


def test_a_comment_leaves_the_standing(plant: Settings) -> None:
    review_batch(plant)
    review_batch(plant, Decision.COMMENT, "well done")
    assert read_newest_batch(plant).row.review_state == "approved"


REFUSED = [
    (Decision.DEVIATION, "", "needs a comment"),
    (Decision.COMMENT, "", "needs a comment"),
    (Decision.WITHDRAWN, "oh", "nothing to withdraw"),
    (Decision.CONFIRMED, "", "Only what somebody has approved"),
    (Decision.COMMENT, "x" * 501, "501 characters; 500 are the most"),
]


def test_what_cannot_be_said_is_refused(plant: Settings) -> None:
    for meaning, comment, sentence in REFUSED:
        with pytest.raises(ReviewError, match=sentence):
            review_batch(plant, meaning, comment)
    assert fetch_value(plant.database.dsn, "SELECT count(*) FROM audit_trail") == 0


def test_a_batch_with_exceptions_is_only_approved_with_deviation(migrated: str) -> None:
    store_and_rebuild(migrated, *GROSS, now=LATER)
    settings = settings_for(migrated)
    with pytest.raises(ReviewError, match="approve it with deviation and say why"):
        review_batch(settings)
    assert (
        review_batch(settings, Decision.DEVIATION, "topped up by hand").meaning == "approved with deviation"
    )


def test_a_batch_under_way_is_not_approved(migrated: str) -> None:
    store_and_rebuild(migrated, *normal_batch()[:2], now=NOON + timedelta(minutes=2))
    with pytest.raises(ReviewError, match="only a comment can be entered"):
        review_batch(settings_for(migrated))


def test_many_are_approved_at_once_and_each_for_itself(migrated: str) -> None:
    store_and_rebuild(
        migrated, *(m for number in range(5) for m in normal_batch(400.0 * number)), *GROSS, now=LATER
    )
    settings = settings_for(migrated)
    drafts = [
        create_review_draft(row, Decision.APPROVED, who="Anna")
        for row in list_batches(settings, BatchFilter())
    ]
    done = enter_reviews(settings, drafts, os_user="tester")
    assert (len(done.new_reviews), len(done.refusals)) == (4, 1)
    assert verify_audit_trail(settings).faults == ()


def test_the_second_person_is_another(plant: Settings) -> None:
    review_batch(plant)
    plant = replace(plant, review=ReviewSettings(second_person=True))
    assert count_batches(plant, BatchFilter(unreviewed=True)).unreviewed == 1
    with pytest.raises(ReviewError, match="the second person has to be another"):
        review_batch(plant, Decision.CONFIRMED, who="anna")
    review_batch(plant, Decision.CONFIRMED, who="Berta")
    assert read_newest_batch(plant).row.review_state == "confirmed"
    assert list_batches(plant, BatchFilter(unreviewed=True)) == []


def test_a_pin_is_asked_for_where_it_is_configured(plant: Settings) -> None:
    signing = replace(plant, review=ReviewSettings(pin=True))
    with pytest.raises(ReviewError, match="Anna has no PIN yet"):
        review_batch(signing, pin="1234")
    set_pin(signing, who="Anna", pin="1234")
    with pytest.raises(ReviewError, match="not the PIN of Anna"):
        review_batch(signing, pin="4321")
    with pytest.raises(ReviewError, match="not the PIN of Anna; tries left: 3"):
        set_pin(signing, who="Anna", pin="9999", old="1111")
    assert review_batch(signing, pin="1234").signature == "signed with a PIN"
    stored: str = fetch_value(plant.database.dsn, "SELECT pin_hash FROM reviewer_pins")
    assert stored.startswith("$pbkdf1-sha256$100000$")
    assert verify_audit_trail(signing).faults == ()


def test_the_pin_of_a_name_is_found_as_reviews_write_the_name(plant: Settings) -> None:
    signing = replace(plant, review=ReviewSettings(pin=True))
    set_pin(signing, who=" Anna\u202e  Lee\x1b", pin="1234")
    assert review_batch(signing, who=" Anna\u202e  Lee\x1b", pin="1234").signature == "signed with a PIN"
    assert verify_audit_trail(signing).faults == ()


COLUMNS = {
    "audit_trail": "content", "batch_reviews": "comment", "recipe_masters": "definition",
    "reviewer_pins": "pin_hash", "batch_numbers": "number",
}  # fmt: skip


def test_what_was_said_is_neither_changed_nor_removed(flavour: Server, migrated: str) -> None:
    with psycopg.connect(migrated, autocommit=True) as session:
        for table in COLUMNS:
            for change in ("UPDATE {} SET {} = DEFAULT", "DELETE FROM {}", "TRUNCATE {} CASCADE"):
                names = (sql.Identifier(table), sql.Identifier(COLUMNS[table]))
                with pytest.raises(psycopg.errors.RaiseException, match="is append-only"):
                    session.execute(sql.SQL(change).format(*names))


CHANGES = {
    "a comment": "UPDATE batch_reviews SET comment = 'fine!'",
    "who": "UPDATE batch_reviews SET who = 'Anne'",
    "the record that was signed": "UPDATE batch_reviews SET record = replace(record, '40.1', '40.0')",
    "the findings that were seen": "UPDATE batch_reviews SET judgement = judgement || ' '",
    "a review taken out": "DELETE FROM batch_reviews",
    "an entry": "UPDATE audit_trail SET content = replace(content, 'Anna', 'Anne') WHERE seq = 2",
    "an entry's time": "UPDATE audit_trail SET at = at + INTERVAL '1 microsecond' WHERE seq = 1",
    "an entry taken out": "DELETE FROM audit_trail WHERE seq = 2",
    "a stored record": "UPDATE batch_records SET record = overlay(record placing '9' from 40 for 1)",
    "stored findings": "UPDATE batch_records SET judgement = judgement || ' '",
    "a record taken out": "DELETE FROM batch_records",
    "what the list says": "UPDATE batches SET disposition = 'rejected'",
    "a recipe": "UPDATE recipe_masters SET definition = replace(definition, '0.5', '5.0')",
    "a PIN": "UPDATE reviewer_pins SET pin_hash = pin_hash || 'x'",
}


def test_one_changed_byte_is_found(plant: Settings) -> None:
    set_pin(plant, who="Anna", pin="1234")
    review_batch(plant, Decision.DEVIATION, "fine.")
    recipe = MasterRecipe("CU-85", (MasterIngredient("T-9", 3, tolerance_g=0.5),))
    import_recipes(plant, [recipe], who="Anna")
    audit = verify_audit_trail(plant)
    assert (audit.entries, audit.reviews, audit.records, audit.faults) == (3, 1, 1, ())
    unnoticed = []
    with psycopg.connect(plant.database.dsn) as session:
        for name, change in CHANGES.items():
            session.execute("SET session_replication_role = replica")  # a superuser's way round triggers
            assert session.execute(change.encode()).rowcount == 1, name
            if not verify_in_session(session).faults:
                unnoticed.append(name)
            session.rollback()
    assert unnoticed == []


def test_a_recipe_gets_a_version_when_it_differs_and_judges_what_begins_after(plant: Settings) -> None:
    narrow = MasterRecipe("CU-85", (MasterIngredient("T-9", 3, 40.0, 0.05), MasterIngredient("T-12", 2, 5.0)))
    (done,) = import_recipes(plant, [narrow], who="Anna", valid_from=NOON - timedelta(days=1))
    assert (done.version, done.is_new) == (1, True)
    (again,) = import_recipes(plant, [narrow], who="Anna")
    assert (again.version, again.is_new) == (1, False)
    rebuild_changed_days(plant, now=LATER)
    assert (read_newest_batch(plant).row.finding_kinds, read_newest_batch(plant).row.recipe_version) == (
        ("out of tolerance",),
        1,
    )
    wide = structs.replace(narrow, ordered=True)
    import_recipes(plant, [wide], who="Anna")
    rebuild_changed_days(plant, now=LATER)
    assert read_newest_batch(plant).row.recipe_version == 1
    assert [each.version for each in list_recipe_versions(plant)] == [1, 2]


def test_nobody_enters_a_review_in_the_past_or_as_another_role(plant: Settings) -> None:
    review_batch(plant)
    copy: LiteralString = """
        INSERT INTO audit_trail SELECT 2, at, action, subject, who, content, hash, 'x' FROM audit_trail;
        INSERT INTO batch_reviews
        SELECT 2, batch_key, batch_id, at - INTERVAL '1 day', who, os_user, db_role, meaning, comment,
               signature, record_hash, judgement_hash, record, judgement
          FROM batch_reviews
    """
    with pytest.raises(psycopg.errors.RaiseException, match="a review is entered by"):
        execute_statements(plant.database.dsn, copy)


def test_who_may_only_read_is_told_so(plant: Settings) -> None:
    before = read_newest_batch(plant)
    dsn = f"{plant.database.dsn} options='-c default_transaction_read_only=on'"
    with pytest.raises(DatabaseAccessError):
        review_batch(settings_for(dsn), at=before)
