"""What is missing, or shown otherwise than it was said, is found and named."""

from datetime import timedelta

import psycopg
import pytest

from dosing_tui.config.settings import Settings
from dosing_tui.database.audit.pins import set_pin
from dosing_tui.database.batches.audit_verify import verify_audit_trail, verify_in_session
from dosing_tui.database.batches.master_recipes import import_recipes
from dosing_tui.domain.batch_review.review_rules import Decision
from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterRecipe
from tests.integration.database.batches.test_review_writer import LATER, review_batch
from tests.support.database.reading_samples import settings_for
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.domain.batch_messages import NOON, STATION, normal_batch

BATCH = f"{STATION}-20261123-001"


@pytest.fixture
def plant(migrated: str) -> Settings:
    store_and_rebuild(migrated, *normal_batch(), now=LATER)
    settings = settings_for(migrated)
    set_pin(settings, who="Anna", pin="1234")
    for tolerance_g in (0.5, 0.4):
        recipe = MasterRecipe("CU-85", (MasterIngredient("T-9", 3, tolerance_g=tolerance_g),))
        import_recipes(settings, [recipe], who="Anna", valid_from=NOON + timedelta(days=1))
    review_batch(settings)
    review_batch(settings, Decision.CONFIRMED, who="Ben")
    return settings


MISSING = {
    "a recipe's version": (
        "DELETE FROM recipe_masters WHERE version = 2",
        "Version 2 of the recipe CU-85 is missing; it is in entry 3 of the audit trail.",
    ),
    "a recipe's version of another number": (
        "UPDATE recipe_masters SET version = 7 WHERE version = 2",
        "Version 7 of the recipe CU-85 differs from its entry in the audit trail.",
    ),
    "a PIN": (
        "DELETE FROM reviewer_pins",
        "The PIN of Anna is missing; it is in entry 1 of the audit trail.",
    ),
    "a PIN's owner": (
        "UPDATE reviewer_pins SET who = 'Ben'",
        "The PIN of Ben differs from its entry in the audit trail.",
    ),
    "a PIN of nobody's entry": (
        "INSERT INTO reviewer_pins SELECT who, pin_hash, 2 FROM reviewer_pins",
        "The PIN of Anna differs from its entry in the audit trail.",
    ),
    "a reviewed batch": (
        "DELETE FROM batches",
        f"The batch {BATCH} is missing, though there are reviews of it.",
    ),
    "a batch hidden from every list": (
        "UPDATE batches SET gone = true",
        f"{BATCH} is hidden as merged, but no other batch has its messages.",
    ),
    "its record": ("DELETE FROM batch_records", f"The record of {BATCH} is missing."),
    "a review": (
        "DELETE FROM batch_reviews WHERE meaning = 'confirmed'",
        f"Review 5 of {BATCH} is missing; it is in entry 5 of the audit trail.",
    ),
}  # fmt: skip


def faults_after(settings: Settings, change: str) -> tuple[str, ...]:
    """With a superuser's way round the triggers; nothing of it stays."""
    with psycopg.connect(settings.database.dsn) as session:
        session.execute("SET session_replication_role = replica")
        assert session.execute(change.encode()).rowcount > 0
        found = verify_in_session(session).faults
        session.rollback()
    return found


def test_what_was_taken_out_or_put_in_is_named(plant: Settings) -> None:
    assert verify_audit_trail(plant).faults == ()
    for name, (change, sentence) in MISSING.items():
        assert sentence in faults_after(plant, change), name


OF_THE_RECORD = {
    "device_id": "'other'", "recipe": "'FG-85/95'", "mode": "'x'", "status": "'aborted'", "reason": "'x'",
    "begins_at": "begins_at + INTERVAL '1 microsecond'", "ends_at": "NULL", "pumps": "3", "doses": "3",
    "target_g": "target_g + 0.01", "actual_g": "NULL", "findings": "1", "finding_kinds": "'{alarm}'",
    "recipe_version": "4", "batch_id": "batch_id || 'x'",
}  # fmt: skip
OF_THE_REVIEWS = {
    "last_review": "4", "disposition": "'approved with deviation'", "disposed_by": "'Ben'",
    "disposed_at": "disposed_at + INTERVAL '1 microsecond'", "reviewed_hash": "'x'",
    "reviewed_judgement": "NULL", "confirmed_by": "''", "confirmed_at": "NULL",
}  # fmt: skip
KEPT_OTHERWISE = {
    "batch_key", "last_at", "anchored_at", "anchor", "record_hash", "judgement_hash", "gone", "review_state",
}  # fmt: skip
"""Names and hashes are compared by themselves; the state is what the server makes of the others."""


def test_a_column_of_the_list_that_disagrees_with_record_or_reviews_is_named(plant: Settings) -> None:
    with psycopg.connect(plant.database.dsn) as session:
        known = session.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'batches'"
        ).fetchall()
    assert {name for (name,) in known} == {*OF_THE_RECORD, *OF_THE_REVIEWS, *KEPT_OTHERWISE}
    for name, new in OF_THE_RECORD.items():
        found = faults_after(plant, f"UPDATE batches SET {name} = {new}")
        assert any("differ from its record: " in each and name in each for each in found), name
    for name, new in OF_THE_REVIEWS.items():
        assert faults_after(plant, f"UPDATE batches SET {name} = {new}") == (
            f"The list columns of {BATCH} differ from its reviews: {name}.",
        )


def test_a_record_that_was_exchanged_with_its_hash_is_read_none_the_less(plant: Settings) -> None:
    both = "UPDATE batches SET record_hash = encode(sha256('{}'), 'hex')"
    with psycopg.connect(plant.database.dsn) as session:
        session.execute("SET session_replication_role = replica")
        session.execute("UPDATE batch_records SET record = '{}'")
        session.execute(both)
        assert f"The stored record of {BATCH} cannot be read." in verify_in_session(session).faults
        session.rollback()
