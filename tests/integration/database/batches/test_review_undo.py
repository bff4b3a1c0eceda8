"""What was decided is taken back entry by entry, and a confirmation never hides what it confirms."""

from typing import LiteralString

import psycopg
import pytest

from dosing_tui.config.settings import Settings
from dosing_tui.database.batches.audit_verify import verify_audit_trail
from dosing_tui.domain.batch_review.review_rules import Decision
from dosing_tui.errors import ReviewError
from tests.integration.database.batches.test_review_writer import (
    GROSS,
    LATER,
    read_newest_batch,
    review_batch,
)
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.domain.batch_messages import make_level, normal_batch


@pytest.fixture
def plant(migrated: str) -> Settings:
    store_and_rebuild(migrated, *normal_batch(), now=LATER)
    return settings_for(migrated)


def describe_review_state(settings: Settings) -> str:
    row = read_newest_batch(settings).row
    return f"{row.review_state}: {row.reviewers}"


def test_the_undo_of_a_confirmation_leaves_the_approval(plant: Settings) -> None:
    review_batch(plant)
    review_batch(plant, Decision.CONFIRMED, who="Ben")
    assert describe_review_state(plant) == "confirmed: Anna, Ben"
    review_batch(plant, Decision.WITHDRAWN, "wrong batch", who="Ben")
    assert describe_review_state(plant) == "approved: Anna"
    review_batch(plant, Decision.CONFIRMED, who="Carl")
    assert describe_review_state(plant) == "confirmed: Anna, Carl"
    for _ in range(2):
        review_batch(plant, Decision.WITHDRAWN, "both wrong")
    assert describe_review_state(plant) == "unreviewed: "
    with pytest.raises(ReviewError, match="nothing to withdraw"):
        review_batch(plant, Decision.WITHDRAWN, "once more")
    assert [each.withdraws for each in read_newest_batch(plant).reviews] == [0, 0, 2, 0, 4, 1]
    assert verify_audit_trail(plant).faults == ()


def test_a_confirmed_deviation_is_still_a_deviation(migrated: str) -> None:
    store_and_rebuild(migrated, *GROSS, now=LATER)
    settings = settings_for(migrated)
    review_batch(settings, Decision.DEVIATION, "topped up by hand")
    review_batch(settings, Decision.CONFIRMED, who="Ben")
    assert describe_review_state(settings) == "confirmed with deviation: Anna, Ben"


def test_the_undo_of_a_second_decision_leaves_the_first(plant: Settings) -> None:
    review_batch(plant, Decision.REJECTED, "too dark")
    review_batch(plant, Decision.DEVIATION, "light enough for foam", who="Ben")
    review_batch(plant, Decision.COMMENT, "was it not too dark?", who="Carl")
    review_batch(plant, Decision.WITHDRAWN, "it was", who="Ben")
    assert describe_review_state(plant) == "rejected: Anna"
    assert verify_audit_trail(plant).faults == ()


def test_no_approval_without_a_reason_follows_what_stands(plant: Settings) -> None:
    review_batch(plant, Decision.REJECTED, "drum mislabelled")
    with pytest.raises(ReviewError, match=r"It is rejected already\. Undo that first, and say why\.$"):
        review_batch(plant, who="Ben")
    review_batch(plant, Decision.WITHDRAWN, "the label was right", who="Ben")
    review_batch(plant, who="Ben")
    with pytest.raises(ReviewError, match="It is approved already"):
        review_batch(plant, who="Carl")
    review_batch(plant, Decision.CONFIRMED, who="Carl")
    with pytest.raises(ReviewError, match="It is confirmed already"):
        review_batch(plant, who="Dora")
    assert describe_review_state(plant) == "confirmed: Ben, Carl"


def test_what_lacked_information_or_has_changed_since_is_approved_without_an_undo(plant: Settings) -> None:
    review_batch(plant, Decision.NEEDS_INFORMATION, "which drum?")
    review_batch(plant, who="Ben")
    assert describe_review_state(plant) == "approved: Ben"
    store_and_rebuild(
        plant.database.dsn, make_level(-9, "T-9", 5000.0), make_level(61.1, "T-9", 4959.9), now=LATER
    )
    assert describe_review_state(plant) == "outdated: Ben"
    review_batch(plant, who="Carl")
    assert describe_review_state(plant) == "approved: Carl"


INSERT: LiteralString = """
    INSERT INTO audit_trail SELECT 9, at, action, subject, who, content, 'x', 'y' FROM audit_trail LIMIT 1;
    INSERT INTO batch_reviews
    SELECT 9, batch_key, batch_id, clock_timestamp(), {who}, os_user, db_role, {meaning}, 'x', signature,
           record_hash, judgement_hash, record, judgement, {withdraws}
      FROM batch_reviews
     LIMIT 1
"""


def test_the_database_itself_refuses_what_is_no_undo_or_confirmation(plant: Settings) -> None:
    review_batch(plant)
    for who, meaning, withdraws, why in (
        ("'Ben'", "'withdrawn'", "0", "only the newest effective decision"),
        ("'Ben'", "'approved'", "1", "only the newest effective decision"),
        ("'ANNA'", "'confirmed'", "0", "only an approval by another person"),
    ):
        with pytest.raises(psycopg.errors.RaiseException, match=why):
            execute_statements(
                plant.database.dsn, INSERT.format(who=who, meaning=meaning, withdraws=withdraws)
            )


def test_withdrawals_from_before_took_back_all_there_was(plant: Settings) -> None:
    review_batch(plant, Decision.REJECTED, "too dark")
    review_batch(plant, Decision.DEVIATION, "light enough for foam")
    review_batch(plant, Decision.WITHDRAWN, "wrong")
    with psycopg.connect(plant.database.dsn) as session:
        session.execute("SET session_replication_role = replica")
        session.execute("UPDATE batch_reviews SET withdraws = 0")
        standing = session.execute("SELECT disposition FROM batch_review_status").fetchall()
    assert standing == []
    assert fetch_rows(plant.database.dsn, "SELECT count(*) FROM effective_reviews") == [(0,)]
