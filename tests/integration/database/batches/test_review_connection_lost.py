"""When entering reviews is broken off, what is said of it is what the database holds."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from dosing_tui.config.settings import Settings
from dosing_tui.database.audit.audit_trail import lock_trail
from dosing_tui.database.batches import review_writer
from dosing_tui.database.batches.queries import list_batches
from dosing_tui.database.batches.review_writer import enter_review, enter_reviews
from dosing_tui.database.connection import open_connection
from dosing_tui.domain.batch_review.query_models import BatchFilter, create_review_draft
from dosing_tui.domain.batch_review.review_rules import Decision, ReviewDraft
from dosing_tui.errors import DatabaseUnavailableError
from tests.integration.database.batches.test_review_writer import LATER
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import fetch_value
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.domain.batch_messages import normal_batch

pytestmark = pytest.mark.new_database


@pytest.fixture
def plant(migrated: str) -> Settings:
    store_and_rebuild(migrated, *(m for number in range(4) for m in normal_batch(400.0 * number)), now=LATER)
    return settings_for(migrated)


def make_drafts(settings: Settings) -> list[ReviewDraft]:
    return [
        create_review_draft(row, Decision.APPROVED, who="Anna")
        for row in list_batches(settings, BatchFilter())
    ]


def break_connection(monkeypatch: pytest.MonkeyPatch, *, at: int, commits: bool) -> None:
    """The connection goes at the end of that transaction: the server has heard of it, or has not."""
    enter, seen = review_writer._insert_review, []

    def entered(session, *arguments):  # type: ignore[no-untyped-def]  # as the one that it stands for
        said = enter(session, *arguments)
        seen.append(said)
        if len(seen) == at:
            if commits:
                session.execute("COMMIT")
            session.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return said

    monkeypatch.setattr(review_writer, "_insert_review", entered)


def test_what_was_entered_before_the_end_is_told_and_what_was_not(
    plant: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_connection(monkeypatch, at=3, commits=False)
    wanted = make_drafts(plant)
    done = enter_reviews(plant, wanted, os_user="tester")
    assert [each.batch_key for each in done.new_reviews] == [each.batch_key for each in wanted[:2]]
    assert (done.unsaved_drafts, done.unknown_drafts, done.refusals) == (tuple(wanted[2:]), (), ())
    assert isinstance(done.error, DatabaseUnavailableError)
    assert fetch_value(plant.database.dsn, "SELECT count(*) FROM batch_reviews") == 2


def test_what_the_server_had_heard_of_is_found_to_be_entered(
    plant: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_connection(monkeypatch, at=3, commits=True)
    wanted = make_drafts(plant)
    done = enter_reviews(plant, wanted, os_user="tester")
    assert [each.batch_key for each in done.new_reviews] == [each.batch_key for each in wanted[:3]]
    assert (done.unsaved_drafts, done.unknown_drafts) == (tuple(wanted[3:]), ())


def test_what_cannot_be_read_again_is_unknown_and_said_to_be(
    plant: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_connection(monkeypatch, at=1, commits=True)
    opened = 0

    def once(*arguments, **named):  # type: ignore[no-untyped-def]  # as the one that it stands for
        nonlocal opened
        opened += 1
        if opened > 1:
            raise DatabaseUnavailableError("No database server listens.")
        return open_connection(*arguments, **named)

    wanted = make_drafts(plant)
    monkeypatch.setattr(review_writer, "open_connection", once)
    done = enter_reviews(plant, wanted, os_user="tester")
    assert (done.new_reviews, done.unknown_drafts, done.unsaved_drafts) == (
        (),
        tuple(wanted[:1]),
        tuple(wanted[1:]),
    )
    opened = 0
    break_connection(monkeypatch, at=1, commits=True)
    with pytest.raises(DatabaseUnavailableError, match="Result unknown"):
        enter_review(plant, wanted[1], os_user="tester")


def test_while_somebody_is_still_entering_it_is_not_known(plant: Settings) -> None:
    (draft, *_) = make_drafts(plant)

    @contextmanager
    def at_work() -> Iterator[None]:
        with psycopg.connect(plant.database.dsn) as other:
            lock_trail(other)
            yield

    hasty = settings_for(f"{plant.database.dsn} options='-c lock_timeout=100'")
    with at_work():
        done = enter_reviews(hasty, [draft], os_user="tester")
    assert (done.new_reviews, done.unknown_drafts, done.unsaved_drafts) == ((), (draft,), ())


def test_without_a_connection_nothing_is_entered(plant: Settings) -> None:
    wanted, nowhere = make_drafts(plant), settings_for("host=127.0.0.1 port=1 dbname=plant")
    done = enter_reviews(nowhere, wanted, os_user="tester")
    assert (done.unsaved_drafts, done.unknown_drafts) == (tuple(wanted), ())
    with pytest.raises(DatabaseUnavailableError, match="Not saved: No database server"):
        enter_review(nowhere, wanted[0], os_user="tester")
