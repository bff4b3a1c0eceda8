"""Whatever is changed in a stored review, in the record it signs, or in a batch's record is found."""

from typing import Any

import psycopg
import pytest
from psycopg import sql

from dosing_tui.config.settings import Settings
from dosing_tui.database.audit.pins import set_pin
from dosing_tui.database.batches.audit_verify import verify_in_session
from dosing_tui.domain.batch_review.review_rules import Decision
from tests.integration.database.batches.test_review_writer import LATER, review_batch
from tests.support.database.reading_samples import settings_for
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.domain.batch_messages import normal_batch

OF_A_BATCH = ("record", "judgement")
ALLOWED = {"meaning": "'rejected'"}
"""The table itself refuses a meaning that there is not."""
OTHERWISE = {
    "text": "overlay({0} placing CASE WHEN {0} LIKE 'x%' THEN 'y' ELSE 'x' END from 1 for 1)",
    "timestamp with time zone": "{0} + INTERVAL '1 microsecond'",
    "bigint": "{0} + 1",
    "integer": "{0} + 1",
}
"""The least change of a value of this type."""


@pytest.fixture
def reviewed(migrated: str) -> Settings:
    store_and_rebuild(migrated, *normal_batch(), now=LATER)
    settings = settings_for(migrated)
    set_pin(settings, who="Anna", pin="1234")
    review_batch(settings, Decision.DEVIATION, "fine.")
    return settings


def list_columns(session: psycopg.Connection[Any], table: str) -> list[tuple[str, str]]:
    return session.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s", (table,)
    ).fetchall()


def test_the_least_change_of_any_column_of_a_review_is_found(reviewed: Settings) -> None:
    with psycopg.connect(reviewed.database.dsn) as session:
        assert verify_in_session(session).faults == ()
        unnoticed = []
        known = list_columns(session, "batch_reviews")
        assert len(known) >= 14
        for name, kind in known:
            session.execute("SET session_replication_role = replica")  # a superuser's way round triggers
            least = ALLOWED.get(name, OTHERWISE[kind]).format(f'"{name}"')
            session.execute(f'UPDATE batch_reviews SET "{name}" = {least}'.encode())
            if not verify_in_session(session).faults:
                unnoticed.append(name)
            session.rollback()
    assert unnoticed == []


@pytest.mark.parametrize("table", ["batch_records", "batch_reviews"])
@pytest.mark.parametrize("column", OF_A_BATCH)
def test_one_changed_byte_of_a_record_is_found_wherever_it_is(
    table: str, column: str, reviewed: Settings
) -> None:
    unnoticed = []
    one = sql.SQL("UPDATE {} SET {} = overlay({} placing '~' from %s for 1)").format(
        sql.Identifier(table), sql.Identifier(column), sql.Identifier(column)
    )
    with psycopg.connect(reviewed.database.dsn) as session:
        length = session.execute(
            sql.SQL("SELECT length({}) FROM {}").format(sql.Identifier(column), sql.Identifier(table))
        ).fetchone()
        assert length is not None
        for place in sorted({1, length[0], *range(1, length[0], 17)}):
            session.execute("SET session_replication_role = replica")
            session.execute(one, (place,))
            if not verify_in_session(session).faults:
                unnoticed.append(place)
            session.rollback()
    assert unnoticed == []
