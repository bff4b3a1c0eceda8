"""A batch may go while it is being reviewed: then nothing is entered, or the batch stays and says so."""

from typing import LiteralString

import pytest

from dosing_tui.config.settings import Settings
from dosing_tui.database.batches import rebuild_span
from dosing_tui.database.batches.audit_verify import verify_audit_trail
from dosing_tui.database.batches.queries import count_batches, list_batches, read_batch
from dosing_tui.database.batches.review_policy import select_effective_policy
from dosing_tui.database.batches.review_writer import enter_review
from dosing_tui.database.connection import Session
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.batch_review.query_models import BatchFilter, create_review_draft
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.domain.batch_review.review_rules import Decision
from dosing_tui.errors import ReviewError
from tests.integration.database.batches.test_review_writer import LATER, key_of, review_batch
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_value
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.domain.batch_messages import make_dose, make_event, normal_batch


def test_a_batch_that_goes_while_it_is_being_signed_is_not_reviewed(
    migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_and_rebuild(migrated, *normal_batch(), now=LATER)
    plant = settings_for(migrated)

    def meanwhile(session: Session, settings: Settings) -> ReviewPolicy:
        execute_statements(plant.database.dsn, "DELETE FROM batches WHERE last_review = 0")
        return select_effective_policy(session, settings)

    monkeypatch.setattr("dosing_tui.database.batches.review_writer.select_effective_policy", meanwhile)
    with pytest.raises(ReviewError, match="This batch no longer exists"):
        review_batch(plant)
    assert fetch_value(plant.database.dsn, "SELECT count(*) FROM audit_trail") == 0


def test_a_batch_that_is_reviewed_while_its_messages_go_to_another_stays_and_says_so(
    migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(migrated)
    store_and_rebuild(migrated, make_dose(100, "T-9"), make_dose(1200, "T-12"), now=LATER)
    later, _ = list_batches(settings, BatchFilter())
    draft = create_review_draft(later, Decision.REJECTED, who="Anna", comment="no start")

    def meanwhile(name: str) -> LiteralString:
        if name == "batches/delete_batches":
            enter_review(settings, draft, os_user="tester")
        return read_statement(name)

    monkeypatch.setattr(rebuild_span, "read_statement", meanwhile)
    store_and_rebuild(migrated, make_event(30, "start"), now=LATER)
    assert count_batches(settings, BatchFilter()).batches == 1
    gone = read_batch(settings, key_of(migrated, gone=True))
    assert gone is not None
    assert [each.meaning for each in gone.reviews] == ["rejected"]
    assert verify_audit_trail(settings).faults == ()
