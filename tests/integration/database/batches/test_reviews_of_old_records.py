"""Reviews from before they held for the judgement, too, verify as they are and stand as they were meant."""

from collections.abc import Mapping
from datetime import datetime

import psycopg
import pytest
from msgspec.structs import replace
from psycopg.rows import TupleRow

from dosing_tui.config.settings import ReviewSettings, Settings
from dosing_tui.database.audit import audit_trail
from dosing_tui.database.audit.pins import set_pin
from dosing_tui.database.batches.audit_verify import verify_audit_trail
from dosing_tui.database.batches.queries import list_batches
from dosing_tui.database.batches.review_writer import enter_review
from dosing_tui.domain.batch_review.query_models import BatchFilter, create_review_draft
from dosing_tui.domain.batch_review.review_rules import Decision
from dosing_tui.domain.batches.canonical_json import hash_text, to_canonical_json
from dosing_tui.errors import ReviewError
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


def append_old_entry(
    session: psycopg.Connection[TupleRow],
    moment: datetime,
    action: str,
    subject: str,
    who: str,
    content: Mapping[str, object],
) -> int:
    """As a client appended it, when clients did."""
    seq, previous = session.execute(
        "SELECT coalesce(max(seq), 0) + 1, coalesce((array_agg(hash ORDER BY seq DESC))[1], %s)"
        " FROM audit_trail",
        (audit_trail.GENESIS_HASH,),
    ).fetchall()[0]
    text = to_canonical_json({**content, "seq": seq})
    digest = audit_trail.compute_hash(previous, moment, action, subject, who, text)
    session.execute(
        "INSERT INTO audit_trail VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (seq, moment, action, subject, who, text, previous, digest),
    )
    return int(seq)


def insert_old_review(settings: Settings, key: str, who: str, meaning: str) -> None:
    """As it was entered before reviews named what they withdraw: today's check would refuse it."""
    with psycopg.connect(settings.database.dsn) as session:
        audit_trail.lock_trail(session)
        moment, role, name, record_hash, judgement_hash = session.execute(
            "SELECT clock_timestamp(), session_user::text, batch_id, record_hash, judgement_hash"
            " FROM batches WHERE batch_key = %s",
            (key,),
        ).fetchall()[0]
        values = (
            0, key, name, moment, who, "tester", role, meaning, "so", "not an e-signature",
            record_hash, judgement_hash, 0,
        )  # fmt: skip
        content = audit_trail.build_review_content(values)
        seq = append_old_entry(session, moment, audit_trail.REVIEW, name, who, content)
        session.execute("ALTER TABLE batch_reviews DISABLE TRIGGER check_review")
        session.execute(
            INSERT,
            {"seq": seq, "key": key, "who": who, "meaning": meaning, "at": moment, "db_role": role},
        )
        session.execute("ALTER TABLE batch_reviews ENABLE TRIGGER check_review")


def list_keys(settings: Settings) -> list[str]:
    rows = fetch_rows(settings.database.dsn, "SELECT batch_key FROM batches ORDER BY begins_at DESC")
    return [str(key) for (key,) in rows]


def test_old_reviews_verify_and_stand_as_they_were_meant(old: Settings) -> None:
    keys = list_keys(old)
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


def test_reviews_of_clients_and_of_the_server_are_one_chain(old: Settings) -> None:
    """Names and reasons with all that JSON escapes, and a key order that is not that of a language."""
    for key, who in zip(list_keys(old), ('Ännä "\\/" 😀', "Ben", "Carl"), strict=True):
        insert_old_review(old, key, who, "approved")
    said = 'was "dosed" \\ by hand: ½ ⅓ 😀 é/\u007e'
    row = list_batches(old, BatchFilter())[0]
    draft = create_review_draft(row, Decision.REJECTED, who='Ö "n" \\ 😀', comment=said)
    assert enter_review(old, draft, os_user="tester").comment == said
    report = verify_audit_trail(old)
    assert (report.entries, report.faults) == (4, ())


def test_a_pin_of_an_earlier_version_verifies_and_signs_nothing_any_more(old: Settings) -> None:
    argon2 = (
        "$argon2id$v=19$m=65536,t=3,p=4$MIIRqgvgQbgj220jfp0MPA$YfwJSVjtjSU0zzV/P3S9nnQ/USre2wvJMjfCIjrTQbg"
    )
    with psycopg.connect(old.database.dsn) as session:
        content = audit_trail.build_pin_content("Anna", hash_text(argon2))
        seq = append_old_entry(session, LATER, audit_trail.PIN, "Anna", "Anna", content)
        session.execute("INSERT INTO reviewer_pins VALUES ('Anna', %s, %s)", (argon2, seq))
    signing = replace(old, review=ReviewSettings(pin=True))
    draft = create_review_draft(
        list_batches(old, BatchFilter())[0], Decision.APPROVED, who="Anna", pin="1234"
    )
    with pytest.raises(ReviewError, match="was set with an earlier version and signs nothing any more"):
        enter_review(signing, draft, os_user="tester")
    set_pin(old, who="Anna", pin="1234")
    assert enter_review(signing, draft, os_user="tester").signature == "signed with a PIN"
    assert verify_audit_trail(old).faults == ()
