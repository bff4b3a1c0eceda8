"""The alarm journal in the database: entries added, each once, and heard by every process within a second.

The order of the ids is the order of events for all. A trigger lets ids become visible in their order, so who
has read up to one has missed none.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import psycopg
from psycopg.rows import TupleRow, class_row

from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms.journal_rows import Row, columns, entry_of
from dosing_tui.database.connection import connect, target
from dosing_tui.database.error_mapping import database_errors, rowless_errors
from dosing_tui.database.sql_files import statement
from dosing_tui.domain.alarm_rules.rule_state import DoseErrorMinute
from dosing_tui.domain.alarms.checkpoint import (
    EMPTY_CHECKPOINT,
    FOLD_VERSION,
    Checkpoint,
    decode_checkpoint,
    encode_checkpoint,
)
from dosing_tui.domain.alarms.journal_filter import MAX_ENTRIES, JournalFilter
from dosing_tui.domain.alarms.journal_projection import fold_entries
from dosing_tui.domain.alarms.kpis import KPI_PERIOD, SHELVE_LOOKBACK, KpiHistory
from dosing_tui.domain.alarms.models import AlarmKey, AlarmState, AlarmStateName, JournalEntry
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.errors import DatabaseAccessError, DatabaseError

APPLICATION = "alarms"
READER = "alarms"
"""Whose checkpoint it is."""
CHANNEL = "alarm_journal"
ASK_ANYWAY_S = 5.0
"""A pooler between us may swallow notifications: then the journal is heard this late."""
LISTEN_S = 0.5
"""Longest until ``stopping`` is looked at."""

RETRY_MOST_S = 5.0

Session = psycopg.Connection[TupleRow]


@dataclass(frozen=True, slots=True)
class Heard:
    """What was read of the journal. ``anew``: what was heard before does not count, it begins again."""

    entries: tuple[JournalEntry, ...]
    last_id: int
    anew: bool = False
    known: Checkpoint = EMPTY_CHECKPOINT
    """Where it begins again: from behind this."""


def append(settings: Settings, entries: Sequence[JournalEntry]) -> None:
    """Add entries in this order, all or none; one that is there already is left alone.

    Raises: DatabaseAway, DatabaseRefused (the right is missing), RowRefused (an entry can never be stored).
    """
    meant = target(settings)
    with connect(settings, application=APPLICATION) as session:
        try:
            with database_errors(meant):
                session.execute(statement("writes/alarm_journal"), columns(settings.plant.site, entries))
                session.commit()
        except DatabaseAccessError as error:
            if isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
                raise DatabaseAccessError(
                    f"The alarm journal takes nothing from user {meant.user} of the {meant.named}"
                    " (the right to insert into alarm_journal is missing)."
                ) from error.__cause__
            raise


def remember(settings: Settings, known: Checkpoint) -> None:
    """Keep what the journal has come to, for whoever starts next. Raises: DatabaseAway, DatabaseRefused."""
    with connect(settings, application=APPLICATION) as session, rowless_errors(target(settings)):
        keep_checkpoint(session, settings, known, reader=READER)
        session.commit()


def stored(settings: Settings, uuids: Sequence[UUID]) -> frozenset[UUID]:
    """Which of these entries the journal has. Raises: DatabaseAway, DatabaseRefused."""
    with _reading(settings) as session:
        rows = session.execute(statement("reads/alarm_journal_stored"), {"uuid": list(uuids)}).fetchall()
    return frozenset(uuid for (uuid,) in rows)


def states(settings: Settings) -> dict[AlarmKey, AlarmState]:
    """Every alarm of this site that is not normal. Raises: DatabaseAway, DatabaseRefused."""
    rest: list[JournalEntry] = []
    with _reading(settings) as session:
        known = checkpoint(session, settings)
        while page := entries_after(session, settings, rest[-1].id if rest else known.last_entry_id):
            rest += page
    return fold_entries(rest, known)


def read(settings: Settings) -> list[JournalEntry]:
    """Every entry of this site, in order, with harmless text.

    Raises: DatabaseAway, DatabaseRefused.
    """
    found: list[JournalEntry] = []
    with _reading(settings) as session:
        while page := entries_after(session, settings, found[-1].id if found else 0):
            found += page
    return found


def listed(settings: Settings, wanted: JournalFilter) -> list[JournalEntry]:
    """The entries that were asked for, the newest first, with harmless text.

    Raises: DatabaseAway, DatabaseRefused.
    """
    of = _of_alarms(settings, wanted.state_names)
    if of["rules"] == []:
        return []
    asked = {
        "site": settings.plant.site,
        "from": wanted.since,
        "to": wanted.until,
        "tag": wanted.tag or None,
        "event": [event.value for event in wanted.events] or None,
        "user": wanted.user or None,
        "rows": wanted.max_entries,
        "before": wanted.before_id,
        **of,
    }
    with _reading(settings) as session, session.cursor(row_factory=class_row(Row)) as cursor:
        return [entry_of(row) for row in cursor.execute(statement("reads/alarm_journal"), asked)]


def _of_alarms(settings: Settings, shown: Sequence[AlarmStateName]) -> dict[str, list[str] | None]:
    """Which alarms are in one of these states now; no matter which, where no state is asked for."""
    if not shown:
        return {"rules": None, "devices": None, "items": None}
    keys = [key for key, state in states(settings).items() if state.state_name in shown]
    return {
        "rules": [key.rule for key in keys],
        "devices": [key.device for key in keys],
        "items": [key.item for key in keys],
    }


def past(settings: Settings, now: datetime) -> KpiHistory:
    """What the health of the alarms is judged by. Raises: DatabaseAway, DatabaseRefused."""
    wanted = JournalFilter(now - KPI_PERIOD - SHELVE_LOOKBACK, now)
    found: list[JournalEntry] = []
    while page := listed(settings, wanted):
        found += page
        wanted = replace(wanted, until=page[-1].at, before_id=page[-1].id)
    with _reading(settings) as session:
        row = session.execute(
            statement("reads/alarm_journal_began"), {"site": settings.plant.site}
        ).fetchone()
    began = None if row is None else row[0].astimezone(UTC)
    return KpiHistory(sorted(found, key=lambda entry: entry.id), tuple(states(settings).values()), began)


def errors_of_the_hour(settings: Settings, *, since: datetime) -> list[DoseErrorMinute]:
    """The doses since then by station, pump and minute, oldest first.

    Raises: DatabaseAway, DatabaseRefused.
    """
    asked = {"since": since}
    with _reading(settings) as session, session.cursor(row_factory=class_row(DoseErrorMinute)) as cursor:
        rows = cursor.execute(statement("reads/errors_of_the_hour"), asked).fetchall()
    return [replace(row, device=clean_text(row.device)) for row in rows]


def follow(
    settings: Settings, stopping: threading.Event, *, on_link: Callable[[bool, str], None]
) -> Iterator[Heard]:
    """What is known of this site's journal, the rest, then what is added to it, until ``stopping`` is set.

    Goes on by itself when the database was away; ``on_link`` is told of that.
    """
    last_id, failures = 0, 0
    while not stopping.is_set():
        try:
            for heard in _listening(settings, last_id, stopping):
                last_id, failures = heard.last_id, 0
                on_link(True, "")
                if heard.entries or heard.anew:
                    yield heard
        except DatabaseError as error:
            on_link(False, str(error))
            stopping.wait(min(0.25 * 2.0 ** min(failures, 10), RETRY_MOST_S))
            failures += 1


def _listening(settings: Settings, last_id: int, stopping: threading.Event) -> Iterator[Heard]:
    """One session, as long as it lasts."""
    with _reading(settings) as session:
        session.execute(statement("writes/keep_session"))
        session.execute(f"LISTEN {CHANNEL}")
        head = session.execute(
            statement("reads/alarm_journal_head"), {"site": settings.plant.site}
        ).fetchone()
        if last_id == 0 or head is None or head[0] < last_id:
            # the first time, or the database was replaced or restored
            known = checkpoint(session, settings)
            last_id = known.last_entry_id
            yield Heard((), last_id, anew=True, known=known)
        while not stopping.is_set():
            while page := entries_after(session, settings, last_id):
                last_id = page[-1].id
                yield Heard(tuple(page), last_id)
            yield Heard((), last_id)
            _wait(session, stopping)


def _wait(session: Session, stopping: threading.Event) -> None:
    """Until there is something to read, or to stop for."""
    until = time.monotonic() + ASK_ANYWAY_S
    while not stopping.is_set() and time.monotonic() < until:
        if list(session.notifies(timeout=LISTEN_S, stop_after=1)):
            return


def checkpoint(
    session: Session, settings: Settings, *, readers: Sequence[str] = (READER,), upto: int | None = None
) -> Checkpoint:
    """The newest that was kept of this site's journal, NOTHING if there is none; on the caller's session.

    ``upto``: none that knows of later entries.
    """
    asked = {"site": settings.plant.site, "fold": FOLD_VERSION, "readers": list(readers), "upto": upto}
    row = session.execute(statement("reads/alarm_checkpoint"), asked).fetchone()
    return EMPTY_CHECKPOINT if row is None else decode_checkpoint(row[1], row[0])


def keep_checkpoint(session: Session, settings: Settings, known: Checkpoint, *, reader: str) -> None:
    """On the caller's session."""
    kept = {"last_id": known.last_entry_id, "fold": FOLD_VERSION, "known": encode_checkpoint(known)}
    session.execute(
        statement("writes/alarm_checkpoint"), {"site": settings.plant.site, "reader": reader, **kept}
    )


def entries_after(session: Session, settings: Settings, after: int) -> list[JournalEntry]:
    """The next page of this site's entries, in order, on the caller's session."""
    asked = {"site": settings.plant.site, "after": after, "rows": MAX_ENTRIES}
    with session.cursor(row_factory=class_row(Row)) as cursor:
        return [entry_of(row) for row in cursor.execute(statement("reads/alarm_journal_since"), asked)]


@contextmanager
def _reading(settings: Settings) -> Iterator[Session]:
    with (
        connect(settings, application=APPLICATION, autocommit=True) as session,
        rowless_errors(target(settings)),
    ):
        yield session
