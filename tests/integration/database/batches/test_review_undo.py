"""What was decided is taken back entry by entry, and a confirmation never hides what it confirms."""

from typing import LiteralString

import psycopg
import pytest

from dosing_tui.config.settings import Settings
from dosing_tui.database.batches.audit_verify import verify_audit_trail
from dosing_tui.domain.batch_review.review_rules import Decision
from dosing_tui.errors import ReviewError
from tests.integration.database.batches.test_review_writer import GROSS, LATER, say, seen
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import rows, run
from tests.support.database.stored_batches import kept
from tests.support.domain.batch_messages import level, normal


@pytest.fixture
def plant(migrated: str) -> Settings:
    kept(migrated, *normal(), now=LATER)
    return settings_for(migrated)


def state(settings: Settings) -> str:
    row = seen(settings).row
    return f"{row.review_state}: {row.reviewers}"


def test_the_undo_of_a_confirmation_leaves_the_approval(plant: Settings) -> None:
    say(plant)
    say(plant, Decision.CONFIRMED, who="Ben")
    assert state(plant) == "confirmed: Anna, Ben"
    say(plant, Decision.WITHDRAWN, "wrong batch", who="Ben")
    assert state(plant) == "approved: Anna"
    say(plant, Decision.CONFIRMED, who="Carl")
    assert state(plant) == "confirmed: Anna, Carl"
    for _ in range(2):
        say(plant, Decision.WITHDRAWN, "both wrong")
    assert state(plant) == "unreviewed: "
    with pytest.raises(ReviewError, match="nothing to withdraw"):
        say(plant, Decision.WITHDRAWN, "once more")
    assert [each.withdraws for each in seen(plant).reviews] == [0, 0, 2, 0, 4, 1]
    assert verify_audit_trail(plant).faults == ()


def test_a_confirmed_deviation_is_still_a_deviation(migrated: str) -> None:
    kept(migrated, *GROSS, now=LATER)
    settings = settings_for(migrated)
    say(settings, Decision.DEVIATION, "topped up by hand")
    say(settings, Decision.CONFIRMED, who="Ben")
    assert state(settings) == "confirmed with deviation: Anna, Ben"


def test_the_undo_of_a_second_decision_leaves_the_first(plant: Settings) -> None:
    say(plant, Decision.REJECTED, "too dark")
    say(plant, Decision.DEVIATION, "light enough for foam", who="Ben")
    say(plant, Decision.COMMENT, "was it not too dark?", who="Carl")
    say(plant, Decision.WITHDRAWN, "it was", who="Ben")
    assert state(plant) == "rejected: Anna"
    assert verify_audit_trail(plant).faults == ()


def test_no_approval_without_a_reason_follows_what_stands(plant: Settings) -> None:
    say(plant, Decision.REJECTED, "drum mislabelled")
    with pytest.raises(ReviewError, match=r"It is rejected already\. Undo that first, and say why\.$"):
        say(plant, who="Ben")
    say(plant, Decision.WITHDRAWN, "the label was right", who="Ben")
    say(plant, who="Ben")
    with pytest.raises(ReviewError, match="It is approved already"):
        say(plant, who="Carl")
    say(plant, Decision.CONFIRMED, who="Carl")
    with pytest.raises(ReviewError, match="It is confirmed already"):
        say(plant, who="Dora")
    assert state(plant) == "confirmed: Ben, Carl"


def test_what_lacked_information_or_has_changed_since_is_approved_without_an_undo(plant: Settings) -> None:
    say(plant, Decision.NEEDS_INFORMATION, "which drum?")
    say(plant, who="Ben")
    assert state(plant) == "approved: Ben"
    kept(plant.database.dsn, level(-9, "T-9", 5000.0), level(61.1, "T-9", 4959.9), now=LATER)
    assert state(plant) == "outdated: Ben"
    say(plant, who="Carl")
    assert state(plant) == "approved: Carl"


INSERT: LiteralString = """
    INSERT INTO audit_trail SELECT 9, at, action, subject, who, content, 'x', 'y' FROM audit_trail LIMIT 1;
    INSERT INTO batch_reviews
    SELECT 9, batch_key, batch_id, clock_timestamp(), {who}, os_user, db_role, {meaning}, 'x', signature,
           record_hash, judgement_hash, record, judgement, {withdraws}
      FROM batch_reviews
     LIMIT 1
"""


def test_the_database_itself_refuses_what_is_no_undo_or_confirmation(plant: Settings) -> None:
    say(plant)
    for who, meaning, withdraws, why in (
        ("'Ben'", "'withdrawn'", "0", "only the newest effective decision"),
        ("'Ben'", "'approved'", "1", "only the newest effective decision"),
        ("'ANNA'", "'confirmed'", "0", "only an approval by another person"),
    ):
        with pytest.raises(psycopg.errors.RaiseException, match=why):
            run(plant.database.dsn, INSERT.format(who=who, meaning=meaning, withdraws=withdraws))


def test_withdrawals_from_before_took_back_all_there_was(plant: Settings) -> None:
    say(plant, Decision.REJECTED, "too dark")
    say(plant, Decision.DEVIATION, "light enough for foam")
    say(plant, Decision.WITHDRAWN, "wrong")
    with psycopg.connect(plant.database.dsn) as session:
        session.execute("SET session_replication_role = replica")
        session.execute("UPDATE batch_reviews SET withdraws = 0")
        standing = session.execute("SELECT disposition FROM batch_review_status").fetchall()
    assert standing == []
    assert rows(plant.database.dsn, "SELECT count(*) FROM effective_reviews") == [(0,)]
