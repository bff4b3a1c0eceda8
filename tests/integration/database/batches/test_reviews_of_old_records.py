"""Reviews from before they held for the judgement, too, verify as they are and stand as they were meant."""

import psycopg
import pytest

from dosing_tui.config.settings import Settings
from dosing_tui.database.audit import audit_trail
from dosing_tui.database.batches.audit_verify import verify_audit_trail
from dosing_tui.database.batches.queries import list_batches
from dosing_tui.domain.batch_review.query_models import BatchFilter
from tests.integration.database.batches.test_review_writer import LATER
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import fetch_rows
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.domain.batch_messages import normal_batch

INSERT = """
INSERT INTO batch_reviews (review_id, batch_key, batch_id, at, who, os_user, db_role, meaning, comment,
                           signature, record_hash, judgement_hash, record, judgement)
SELECT %(seq)s, batch_key, batch_id, %(at)s, %(who)s, 'tester', %(db_role)s, %(meaning)s, 'so',
       'not an e-signature', record_hash, judgement_hash, record, judgement
  FROM batches
  JOIN batch_records USING (batch_key)
 WHERE batch_key = %(key)s
"""


@pytest.fixture
def old(migrated: str) -> Settings:
    """Three batches in a database."""
    store_and_rebuild(migrated, *normal_batch(), *normal_batch(400), *normal_batch(800), now=LATER)
    return settings_for(migrated)


def insert_old_review(settings: Settings, key: str, who: str, meaning: str) -> None:
    """As it was entered before reviews named what they withdraw: today's check would refuse it."""
    with psycopg.connect(settings.database.dsn) as session:
        moment = audit_trail.lock_trail(session)
        name, record_hash, judgement_hash = session.execute(  # type: ignore[misc]  # it is there
            "SELECT batch_id, record_hash, judgement_hash FROM batches WHERE batch_key = %s", (key,)
        ).fetchone()
        values = (
            0, key, name, moment.at, who, "tester", moment.db_role, meaning, "so", "not an e-signature",
            record_hash, judgement_hash, 0,
        )  # fmt: skip
        content = audit_trail.build_review_content(values)
        seq = audit_trail.append_entry(
            session, moment, action=audit_trail.REVIEW, subject=name, who=who, content=content
        )
        session.execute("ALTER TABLE batch_reviews DISABLE TRIGGER check_review")
        session.execute(
            INSERT,
            {"seq": seq, "key": key, "who": who, "meaning": meaning, "at": moment.at,
             "db_role": moment.db_role},
        )  # fmt: skip
        session.execute("ALTER TABLE batch_reviews ENABLE TRIGGER check_review")


def test_old_reviews_verify_and_stand_as_they_were_meant(old: Settings) -> None:
    keys = [
        key
        for (key,) in fetch_rows(old.database.dsn, "SELECT batch_key FROM batches ORDER BY begins_at DESC")
    ]
    for number, who, meaning in (
        (0, "Anna", "approved with deviation"), (0, "Ben", "confirmed"),
        (1, "Anna", "rejected"), (1, "Ben", "approved"), (1, "Ben", "withdrawn"),
        (2, "Anna", "approved"), (2, "Ben", "comment"),
    ):  # fmt: skip
        insert_old_review(old, keys[number], who, meaning)
    assert [(row.review_state, row.reviewers) for row in list_batches(old, BatchFilter())] == [
        ("confirmed with deviation", "Anna, Ben"), ("unreviewed", ""), ("approved", "Anna"),
    ]  # fmt: skip
    assert verify_audit_trail(old).faults == ()
