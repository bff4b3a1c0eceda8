"""Batch lists and single batches for screens and commands, with sanitized text."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from msgspec.structs import replace
from psycopg import IsolationLevel

from dosing_tui.config.settings import Settings
from dosing_tui.database.batches.review_policy import select_effective_policy
from dosing_tui.database.batches.review_writer import select_reviews
from dosing_tui.database.connection import Session, fetch_row, select_row, select_rows, use_session
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.batch_review import assessment as judging
from dosing_tui.domain.batch_review.query_models import (
    BatchDetail,
    BatchFilter,
    BatchRow,
    BatchStatusCounts,
    RecordSnapshot,
)
from dosing_tui.domain.batch_review.review_rules import Review, ReviewState, list_open_states
from dosing_tui.domain.batches.batch_identity import format_anchor
from dosing_tui.domain.batches.canonical_json_reader import record_to_batch
from dosing_tui.domain.batches.models import Batch
from dosing_tui.domain.batches.recipe_matching import split_ingredients
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text

APPLICATION_NAME = "batches"
PAGE_SIZE = 100
"""Batches of one page."""


def list_batches(
    settings: Settings, batch_filter: BatchFilter, *, after: BatchRow | None = None, rows: int = PAGE_SIZE
) -> list[BatchRow]:
    """A page of batches, newest first; ``after`` is the last row of the page before.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    paged = {
        "after_time": after.begins_at if after else None,
        "after_key": after.batch_key if after else None,
        "rows": rows,
    }
    return _list_page(settings, batch_filter, "batches/select_batches", paged)


def list_batches_above(
    settings: Settings, batch_filter: BatchFilter, before: BatchRow, *, rows: int = PAGE_SIZE
) -> list[BatchRow]:
    """The page above the row ``before``, newest first.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    paged = {"before_time": before.begins_at, "before_key": before.batch_key, "rows": rows}
    return _list_page(settings, batch_filter, "batches/select_batches_above", paged)[::-1]


def _list_page(
    settings: Settings, batch_filter: BatchFilter, statement: str, paged: Mapping[str, object]
) -> list[BatchRow]:
    with open_session(settings) as session:
        parameters = {**_build_parameters(session, settings, batch_filter), **paged}
        return [_clean_row(row) for row in select_rows(session, BatchRow, statement, parameters)]


def count_batches(settings: Settings, batch_filter: BatchFilter) -> BatchStatusCounts:
    """Raises: DatabaseUnavailableError, DatabaseAccessError."""
    with open_session(settings) as session:
        found = select_row(
            session,
            BatchStatusCounts,
            "batches/count_batches",
            _build_parameters(session, settings, batch_filter),
        )
    assert found is not None  # aggregates return one row
    return found


def read_batch(settings: Settings, name: str) -> BatchDetail | None:
    """The batch of a key or a number such as dosing_system_01-20261124-007; None if there is none.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with open_session(settings) as session, begin_snapshot(session):
        return select_batch(session, name)


def select_batch(session: Session, name: str) -> BatchDetail | None:
    """The same inside ``begin_snapshot`` of an ``open_session`` session."""
    row = select_row(session, BatchRow, "batches/select_batch", {"name": name})
    if row is None:
        return None
    texts = session.execute(read_statement("batches/select_batch_record"), {"batch_key": row.batch_key})
    record, judgement = fetch_row(texts)
    reviews = tuple(select_reviews(session, row.batch_key))
    assessment = judging.parse_assessment(judgement)
    batch = split_ingredients(record_to_batch(record, row.batch_key), assessment.split_chemicals)
    reviewed_record = None
    if row.review_state == ReviewState.OUTDATED:
        reviewed_record = select_row(
            session, RecordSnapshot, "batches/select_reviewed_record", {"batch_key": row.batch_key}
        )
    merged_reviews = () if row.gone else tuple(_select_merged_reviews(session, batch))
    return BatchDetail(
        _clean_row(row), batch, assessment, reviews, record, judgement, reviewed_record, merged_reviews
    )


def _select_merged_reviews(session: Session, batch: Batch) -> Iterator[Review]:
    """Reviews of merged batches whose first message is in this batch."""
    ours = {format_anchor(identity) for identity in batch.iter_identities()}
    times = [at for _, at, *_ in batch.iter_identities()]
    parameters = {"device": batch.device_id, "from": min(times), "to": max(times)}
    for key, anchor in session.execute(
        read_statement("batches/select_merged_batches"), parameters
    ).fetchall():
        if anchor in ours:
            yield from select_reviews(session, key)


def _build_parameters(session: Session, settings: Settings, batch_filter: BatchFilter) -> dict[str, object]:
    second_person = select_effective_policy(session, settings).second_person
    return {
        "from": batch_filter.since,
        "to": batch_filter.until,
        "device": list(batch_filter.device) or None,
        "recipe": list(batch_filter.recipe) or None,
        "status": list(batch_filter.status) or None,
        "review_state": list(batch_filter.review_state) or None,
        "unreviewed": batch_filter.unreviewed,
        "open_states": list(list_open_states(second_person=second_person)),
        "with_findings": batch_filter.with_findings,
        "clean": batch_filter.clean,
    }


def _clean_row(row: BatchRow) -> BatchRow:
    return replace(
        row,
        batch_id=clean_text(row.batch_id, limit=90),
        device_id=clean_text(row.device_id),
        recipe=clean_text(row.recipe),
        mode=clean_text(row.mode),
        reason=clean_line(row.reason),
        finding_kinds=tuple(clean_text(kind) for kind in row.finding_kinds),
        disposed_by=clean_text(row.disposed_by),
        confirmed_by=clean_text(row.confirmed_by),
    )


@contextmanager
def begin_snapshot(session: Session) -> Iterator[None]:
    """A transaction that reads one snapshot: later writes are not visible."""
    session.isolation_level, session.read_only = IsolationLevel.REPEATABLE_READ, True
    with session.transaction():
        yield


@contextmanager
def open_session(settings: Settings) -> Iterator[Session]:
    """A read session for batches. Raises: DatabaseUnavailableError, DatabaseAccessError."""
    with use_session(settings, application=APPLICATION_NAME) as session:
        session.prepare_threshold = None  # the plan depends on the filter
        session.execute("SET TIME ZONE 'UTC'")  # durations are right in the repeated hour of autumn, too
        yield session
