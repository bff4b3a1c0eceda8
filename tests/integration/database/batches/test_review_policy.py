"""What the plant wants of every review is the database's to say: no program's settings can want less."""

import psycopg
import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import ReviewSettings, Settings
from dosing_tui.database.audit.pins import set_pin
from dosing_tui.database.batches.audit_verify import verify_audit_trail, verify_in_session
from dosing_tui.database.batches.queries import count_batches, list_batches
from dosing_tui.database.batches.review_policy import read_effective_policy, read_plant_policy, set_policy
from dosing_tui.domain.batch_review.query_models import BatchFilter
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.domain.batch_review.review_rules import Decision
from dosing_tui.errors import ReviewError
from tests.integration.database.batches.test_review_writer import LATER, read_newest_batch, review_batch
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_value
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.domain.batch_messages import normal_batch

STRICT = ReviewPolicy(pin=True, second_person=True)


@pytest.fixture
def lax(migrated: str) -> Settings:
    store_and_rebuild(migrated, *normal_batch(), now=LATER)
    return settings_for(migrated)


def require_policy(settings: Settings, policy: ReviewPolicy = STRICT) -> None:
    assert set_policy(settings, policy, who="Anna", reason="customer's audit")


def test_a_program_whose_settings_want_no_pin_signs_nothing_without_one(lax: Settings) -> None:
    require_policy(lax)
    with pytest.raises(ReviewError, match="requires a PIN with every review"):
        review_batch(lax)
    set_pin(lax, who="Anna", pin="1234")
    with pytest.raises(ReviewError, match="not the PIN of Anna"):
        review_batch(lax, pin="4321")
    assert review_batch(lax, pin="1234").signature == "signed with a PIN"


def test_the_database_refuses_a_review_that_no_pin_signed(lax: Settings) -> None:
    review_batch(lax)
    require_policy(lax)
    insert = """
        INSERT INTO audit_trail
        SELECT 9, at, action, subject, who, content, 'x', 'y' FROM audit_trail LIMIT 1;
        INSERT INTO batch_reviews
        SELECT 9, batch_key, batch_id, clock_timestamp(), who, os_user, db_role, 'approved', '',
               {signature}, record_hash, judgement_hash, record, judgement
          FROM batch_reviews
    """
    for signature in ("'not an e-signature'", "'signed with a PIN'"):
        with pytest.raises(psycopg.errors.RaiseException, match="requires the PIN of Anna"):
            execute_statements(lax.database.dsn, insert.format(signature=signature))


def test_an_approval_waits_for_a_second_person_whatever_the_settings_want(lax: Settings) -> None:
    review_batch(lax)
    assert count_batches(lax, BatchFilter(unreviewed=True)).unreviewed == 0
    require_policy(lax, ReviewPolicy(second_person=True))
    assert count_batches(lax, BatchFilter(unreviewed=True)).unreviewed == 1
    assert len(list_batches(lax, BatchFilter(unreviewed=True))) == 1
    review_batch(lax, Decision.CONFIRMED, who="Ben")
    assert list_batches(lax, BatchFilter(unreviewed=True)) == []
    assert read_newest_batch(lax).row.review_state == "confirmed"


def test_settings_may_want_more_than_the_plant_but_not_less(lax: Settings) -> None:
    wanting = replace(lax, review=ReviewSettings(pin=True))
    assert (read_effective_policy(wanting), read_effective_policy(lax)) == (
        ReviewPolicy(pin=True),
        ReviewPolicy(),
    )
    require_policy(lax, ReviewPolicy(second_person=True))
    assert read_effective_policy(wanting) == STRICT
    assert read_plant_policy(wanting) == ReviewPolicy(second_person=True)


def test_each_change_is_an_entry_with_its_reason_and_a_changed_one_is_found(lax: Settings) -> None:
    require_policy(lax)
    assert not set_policy(lax, STRICT, who="Anna", reason="once more")
    require_policy(lax, ReviewPolicy())
    assert fetch_value(lax.database.dsn, "SELECT count(*) FROM audit_trail WHERE action = 'policy'") == 2
    assert verify_audit_trail(lax).faults == ()
    with pytest.raises(ReviewError, match="needs a name and a reason"):
        set_policy(lax, STRICT, who="Anna", reason=" ")
    for change, sentence in (
        (
            "DELETE FROM review_policy WHERE pin",
            "The review policy is missing; it is in entry 1 of the audit trail",
        ),
        ("UPDATE review_policy SET pin = NOT pin", "The review policy of entry 1 differs from its entry"),
        ("UPDATE review_policy SET reason = 'x'", "The review policy of entry 1 differs from its entry"),
    ):
        with psycopg.connect(lax.database.dsn) as session:
            session.execute("SET session_replication_role = replica")
            assert session.execute(change.encode()).rowcount > 0
            assert any(each.startswith(sentence) for each in verify_in_session(session).faults), change
            session.rollback()
