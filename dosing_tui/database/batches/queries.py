"""The list of batches and the whole of one: for screens and commands, with harmless text."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from psycopg import IsolationLevel
from psycopg.rows import class_row

from dosing_tui.config.settings import Settings
from dosing_tui.database.batches.review_policy import in_force_in
from dosing_tui.database.batches.review_writer import reviews
from dosing_tui.database.connection import Session, connect, target
from dosing_tui.database.error_mapping import rowless_errors
from dosing_tui.database.sql_files import statement
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

__all__ = [
    "PAGE",
    "BatchDetail",
    "BatchFilter",
    "BatchRow",
    "BatchStatusCounts",
    "above",
    "counts",
    "detail",
    "listed",
]

APPLICATION = "batches"
PAGE = 100
"""Batches of one answer."""


def listed(
    settings: Settings, which: BatchFilter, *, after: BatchRow | None = None, rows: int = PAGE
) -> list[BatchRow]:
    """The newest first; ``after`` is the last row of the page before.

    Raises: DatabaseAway, DatabaseRefused.
    """
    paged = {
        "after_time": after.begins_at if after else None,
        "after_key": after.batch_key if after else None,
        "rows": rows,
    }
    with opened(settings) as session, session.cursor(row_factory=class_row(BatchRow)) as cursor:
        asked = {**_asked(session, settings, which), **paged}
        return [_harmless(row) for row in cursor.execute(statement("batches/listed"), asked)]


def above(settings: Settings, which: BatchFilter, before: BatchRow, *, rows: int = PAGE) -> list[BatchRow]:
    """The page that ends above ``before``, the newest first.

    Raises: DatabaseAway, DatabaseRefused.
    """
    paged = {"before_time": before.begins_at, "before_key": before.batch_key, "rows": rows}
    with opened(settings) as session, session.cursor(row_factory=class_row(BatchRow)) as cursor:
        asked = {**_asked(session, settings, which), **paged}
        found = [_harmless(row) for row in cursor.execute(statement("batches/listed_above"), asked)]
    return found[::-1]


def counts(settings: Settings, which: BatchFilter) -> BatchStatusCounts:
    """Raises: DatabaseAway, DatabaseRefused."""
    with opened(settings) as session, session.cursor(row_factory=class_row(BatchStatusCounts)) as cursor:
        found = cursor.execute(statement("batches/counts"), _asked(session, settings, which)).fetchone()
    assert found is not None  # aggregates answer one row
    return found


def detail(settings: Settings, name: str) -> BatchDetail | None:
    """The batch of a key or a number such as dosing_system_01-20261124-007; None if there is none.

    Raises: DatabaseAway, DatabaseRefused.
    """
    with opened(settings) as session, one_moment(session):
        return detail_in(session, name)


def detail_in(session: Session, name: str) -> BatchDetail | None:
    """The same inside ``one_moment`` of an ``opened`` session."""
    with session.cursor(row_factory=class_row(BatchRow)) as cursor:
        row = cursor.execute(statement("batches/found"), {"name": name}).fetchone()
    if row is None:
        return None
    texts = session.execute(statement("batches/texts"), {"batch_key": row.batch_key}).fetchone()
    said = tuple(reviews(session, row.batch_key))
    assert texts is not None  # stored together with the row
    record, judgement = texts
    judged = judging.parse_assessment(judgement)
    batch = split_ingredients(record_to_batch(record, row.batch_key), judged.split_chemicals)
    reviewed = _reviewed(session, row) if row.review_state == ReviewState.OUTDATED else None
    absorbed = () if row.gone else tuple(_absorbed(session, batch))
    return BatchDetail(_harmless(row), batch, judged, said, record, judgement, reviewed, absorbed)


def _absorbed(session: Session, batch: Batch) -> Iterator[Review]:
    """Reviews of batches that are gone, and whose first message is one of this batch."""
    ours = {format_anchor(identity) for identity in batch.iter_identities()}
    times = [at for _, at, *_ in batch.iter_identities()]
    asked = {"device": batch.device_id, "from": min(times), "to": max(times)}
    for key, anchor in session.execute(statement("batches/absorbed"), asked).fetchall():
        if anchor in ours:
            yield from reviews(session, key)


def _reviewed(session: Session, row: BatchRow) -> RecordSnapshot | None:
    with session.cursor(row_factory=class_row(RecordSnapshot)) as cursor:
        return cursor.execute(statement("batches/reviewed"), {"batch_key": row.batch_key}).fetchone()


def _asked(session: Session, settings: Settings, which: BatchFilter) -> dict[str, object]:
    second_person = in_force_in(session, settings).second_person
    return {
        "from": which.since,
        "to": which.until,
        "device": list(which.device) or None,
        "recipe": list(which.recipe) or None,
        "status": list(which.status) or None,
        "review_state": list(which.review_state) or None,
        "unreviewed": which.unreviewed,
        "open_states": list(list_open_states(second_person=second_person)),
        "with_findings": which.with_findings,
        "without_findings": which.without_findings,
    }


def _harmless(row: BatchRow) -> BatchRow:
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
def one_moment(session: Session) -> Iterator[None]:
    """Everything that is read in it is of one moment: what is written meanwhile is in none of the answers."""
    session.isolation_level, session.read_only = IsolationLevel.REPEATABLE_READ, True
    with session.transaction():
        yield


@contextmanager
def opened(settings: Settings) -> Iterator[Session]:
    """A session to read batches in. Raises: DatabaseAway, DatabaseRefused."""
    with (
        connect(settings, application=APPLICATION, autocommit=True) as session,
        rowless_errors(target(settings)),
    ):
        session.prepare_threshold = None  # the filter decides the plan
        session.execute("SET TIME ZONE 'UTC'")  # so that durations are right in the autumn, too
        yield session
