"""The alarm journal in the database: entries are added once, and every process receives them within a second.

The ids give the order of events. A trigger makes them visible in that order: a reader at one id has missed
none below it.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import psycopg
from msgspec import Struct
from msgspec.structs import replace
from psycopg.types.json import Jsonb

from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms.journal_rows import build_entry, entries_to_columns, entry_to_action
from dosing_tui.database.connection import Session, describe_target, open_connection, select_rows, use_session
from dosing_tui.database.error_mapping import translate_errors
from dosing_tui.database.leader_election import LeaseToken, lead_transaction
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.alarm_rules.plant_wide.dosing_pace import UsualDuration
from dosing_tui.domain.alarm_rules.shared.rule_state import DoseErrorMinute
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
from dosing_tui.domain.tolerances.pump_history import StoredPumpDoses
from dosing_tui.errors import AlarmCommandError, DatabaseAccessError, DatabaseError

APPLICATION_NAME = "alarms"
READER_NAME = "alarms"
"""The reader that stores this checkpoint."""
NOTIFY_CHANNEL = "alarm_journal"
POLL_INTERVAL_S = 1.0
"""Entries are read after this time also if a connection pooler or a full queue loses their notification."""
STOP_CHECK_S = 0.5
"""Longest time between two checks of ``stop_event``."""

MAX_RETRY_DELAY_S = 5.0
CHUNK_ACTIONS = 500
"""Actions of one statement: its time limit is for each, whatever number of alarms is acknowledged at once."""
REFUSED = "DT001"
"""SQLSTATE of a refusal with a sentence for the operator."""


class JournalUpdate(Struct, frozen=True):
    """New journal entries. ``is_restart``: the state starts again from ``checkpoint``."""

    entries: tuple[JournalEntry, ...]
    last_id: int
    is_restart: bool = False
    checkpoint: Checkpoint = EMPTY_CHECKPOINT
    """The state before the entries, after a restart."""


def append_entries(
    settings: Settings, entries: Sequence[JournalEntry], *, lease: LeaseToken | None = None
) -> None:
    """Add a collector's entries in this order, all or none. An entry that is stored already is ignored.

    ``lease``: of a leader; adds none after another process was elected.

    Raises: DatabaseUnavailableError, DatabaseAccessError (a right is missing), InvalidRowError.
    """
    target = describe_target(settings)
    with open_connection(settings, application=APPLICATION_NAME, autocommit=True) as session:
        try:
            with translate_errors(target), lead_transaction(session, lease):
                session.execute(
                    read_statement("writes/insert_journal_entries"),
                    entries_to_columns(settings.plant.site, entries),
                )
        except DatabaseAccessError as error:
            if isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
                raise DatabaseAccessError(
                    f"User {target.user} lacks the right to insert into alarm_journal"
                    f" in database {target.database} on {target.server}."
                ) from error.__cause__
            raise
        if entries:
            _announce_entries(session)


def enter_actions(settings: Settings, entries: Sequence[JournalEntry]) -> None:
    """Enter an operator's actions in this order, all or none, at the server's time; each is stored once.

    Raises: AlarmCommandError (refused), DatabaseUnavailableError, DatabaseAccessError (a right is missing).
    """
    actions = [Jsonb(entry_to_action(settings.plant.site, entry)) for entry in entries]
    with use_session(settings, application=APPLICATION_NAME) as session:
        try:
            with session.transaction():
                for first in range(0, len(actions), CHUNK_ACTIONS):
                    chunk = actions[first : first + CHUNK_ACTIONS]
                    session.execute(read_statement("writes/enter_alarm_actions"), {"actions": chunk})
        except psycopg.DatabaseError as error:
            if error.sqlstate != REFUSED:
                raise
            raise AlarmCommandError(error.diag.message_primary or "Not entered.") from error
        _announce_entries(session)


def _announce_entries(session: Session) -> None:
    """Wake those who follow the journal. A failure delays them by POLL_INTERVAL_S: the entries are stored."""
    with suppress(psycopg.Error):
        session.execute("SELECT pg_notify(%s, '')", (NOTIFY_CHANNEL,))


def save_checkpoint(settings: Settings, checkpoint: Checkpoint, *, lease: LeaseToken | None = None) -> None:
    """Store the state of the alarms, from which the next start continues. ``lease``: as above.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with (
        use_session(settings, application=APPLICATION_NAME) as session,
        lead_transaction(session, lease),
    ):
        store_checkpoint(session, settings, checkpoint, reader=READER_NAME)


def find_stored(settings: Settings, uuids: Sequence[UUID]) -> frozenset[UUID]:
    """Which of these entries are stored. Raises: DatabaseUnavailableError, DatabaseAccessError."""
    with use_session(settings, application=APPLICATION_NAME) as session:
        rows = session.execute(
            read_statement("reads/select_stored_entries"), {"uuid": list(uuids)}
        ).fetchall()
    return frozenset(uuid for (uuid,) in rows)


def read_alarm_states(settings: Settings) -> dict[AlarmKey, AlarmState]:
    """Every alarm of this site that is not normal. Raises: DatabaseUnavailableError, DatabaseAccessError."""
    with use_session(settings, application=APPLICATION_NAME) as session:
        checkpoint = select_checkpoint(session, settings)
        return fold_entries(_iter_entries(session, settings, checkpoint.last_entry_id), checkpoint)


def _iter_entries(session: Session, settings: Settings, after_id: int) -> Iterator[JournalEntry]:
    while page := select_entries_after(session, settings, after_id):
        yield from page
        after_id = page[-1].id


def list_entries(settings: Settings, journal_filter: JournalFilter) -> list[JournalEntry]:
    """The entries that match the filter, newest first, with sanitized text.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    of = _select_alarms_in(settings, journal_filter.state_names)
    if of["rules"] == []:
        return []
    parameters = {
        "site": settings.plant.site,
        "from": journal_filter.since,
        "to": journal_filter.until,
        "tag": journal_filter.tag or None,
        "device": list(journal_filter.device) or None,
        "event": [event.value for event in journal_filter.events] or None,
        "user": journal_filter.user or None,
        "rows": journal_filter.max_entries,
        "before": journal_filter.before_id,
        **of,
    }
    with use_session(settings, application=APPLICATION_NAME) as session:
        return select_rows(session, build_entry, "reads/select_alarm_journal", parameters)


def _select_alarms_in(settings: Settings, states: Sequence[AlarmStateName]) -> dict[str, list[str] | None]:
    """Statement parameters for the alarms in one of these states now; no restriction without states."""
    if not states:
        return {"rules": None, "devices": None, "items": None}
    keys = [key for key, state in read_alarm_states(settings).items() if state.state_name in states]
    return {
        "rules": [key.rule for key in keys],
        "devices": [key.device for key in keys],
        "items": [key.item for key in keys],
    }


def read_kpi_history(settings: Settings, now: datetime) -> KpiHistory:
    """The data for the alarm KPIs (ISA-18.2). Raises: DatabaseUnavailableError, DatabaseAccessError."""
    wanted = JournalFilter(now - KPI_PERIOD - SHELVE_LOOKBACK, now)
    found: list[JournalEntry] = []
    while page := list_entries(settings, wanted):
        found += page
        wanted = replace(wanted, until=page[-1].at, before_id=page[-1].id)
    with use_session(settings, application=APPLICATION_NAME) as session:
        row = session.execute(
            read_statement("reads/select_journal_start"), {"site": settings.plant.site}
        ).fetchone()
    began = None if row is None else row[0].astimezone(UTC)
    return KpiHistory(
        sorted(found, key=lambda entry: entry.id), tuple(read_alarm_states(settings).values()), began
    )


def list_dose_errors(settings: Settings, since: datetime) -> list[DoseErrorMinute]:
    """Dose errors since a time by station, pump and minute, oldest first.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    parameters = {"since": since}
    with use_session(settings, application=APPLICATION_NAME) as session:
        rows = select_rows(session, DoseErrorMinute, "reads/select_dose_error_minutes", parameters)
    return [replace(row, device=clean_text(row.device)) for row in rows]


def list_pump_doses(settings: Settings) -> list[StoredPumpDoses]:
    """The chemicals of each pump's last doses.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with use_session(settings, application=APPLICATION_NAME) as session:
        rows = session.execute(read_statement("reads/select_pump_doses")).fetchall()
    return [
        StoredPumpDoses(clean_text(device), pump, tuple(map(clean_text, chemicals)))
        for device, pump, chemicals in rows
    ]


def list_usual_durations(settings: Settings) -> list[UsualDuration]:
    """How long doses took in the last weeks.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with use_session(settings, application=APPLICATION_NAME) as session:
        return select_rows(session, UsualDuration, "reads/select_usual_durations", {})


def follow_journal(
    settings: Settings, stop_event: threading.Event, on_link: Callable[[bool, str], None]
) -> Iterator[JournalUpdate]:
    """Yield the journal from the last checkpoint on, then new entries, until ``stop_event`` is set.

    Reconnects after a database outage. ``on_link`` gets True once everything was yielded, and again after
    each further entry; False with a reason while the database is away.
    """
    last_id, failures = 0, 0
    while not stop_event.is_set():
        try:
            for heard in _listen_once(settings, last_id, stop_event):
                last_id, failures = heard.last_id, 0
                if heard.entries or heard.is_restart:
                    yield heard
                else:
                    on_link(True, "")
        except DatabaseError as error:
            on_link(False, str(error))
            stop_event.wait(min(0.25 * 2.0 ** min(failures, 10), MAX_RETRY_DELAY_S))
            failures += 1


def _listen_once(settings: Settings, last_id: int, stop_event: threading.Event) -> Iterator[JournalUpdate]:
    """Follow the journal in one session, until it ends or ``stop_event`` is set."""
    with use_session(settings, application=APPLICATION_NAME) as session:
        session.execute(read_statement("writes/set_session_timeouts"))
        session.execute(f"LISTEN {NOTIFY_CHANNEL}")
        head = session.execute(
            read_statement("reads/select_journal_head"), {"site": settings.plant.site}
        ).fetchone()
        if last_id == 0 or head is None or head[0] < last_id:
            # first run, or the database was replaced or restored
            known = select_checkpoint(session, settings)
            last_id = known.last_entry_id
            yield JournalUpdate((), last_id, is_restart=True, checkpoint=known)
        while not stop_event.is_set():
            while page := select_entries_after(session, settings, last_id):
                last_id = page[-1].id
                yield JournalUpdate(tuple(page), last_id)
            yield JournalUpdate((), last_id)
            _wait_for_change(session, stop_event)


def _wait_for_change(session: Session, stop_event: threading.Event) -> None:
    """Wait for a notification, the poll interval, or ``stop_event``."""
    until = time.monotonic() + POLL_INTERVAL_S
    while not stop_event.is_set() and time.monotonic() < until:
        if list(session.notifies(timeout=STOP_CHECK_S, stop_after=1)):
            return


def select_checkpoint(
    session: Session,
    settings: Settings,
    *,
    readers: Sequence[str] = (READER_NAME,),
    max_id: int | None = None,
) -> Checkpoint:
    """The newest checkpoint of this site, EMPTY_CHECKPOINT without one; in the caller's session.

    ``max_id``: no checkpoint beyond this entry.
    """
    parameters = {"site": settings.plant.site, "fold": FOLD_VERSION, "readers": list(readers), "upto": max_id}
    row = session.execute(read_statement("reads/select_alarm_checkpoint"), parameters).fetchone()
    return EMPTY_CHECKPOINT if row is None else decode_checkpoint(row[1], row[0])


def store_checkpoint(session: Session, settings: Settings, checkpoint: Checkpoint, *, reader: str) -> None:
    """Store a checkpoint in the caller's session."""
    kept = {"last_id": checkpoint.last_entry_id, "fold": FOLD_VERSION, "known": encode_checkpoint(checkpoint)}
    session.execute(
        read_statement("writes/upsert_alarm_checkpoint"),
        {"site": settings.plant.site, "reader": reader, **kept},
    )


def select_entries_after(session: Session, settings: Settings, after_id: int) -> list[JournalEntry]:
    """The next page of this site's entries, in order, in the caller's session."""
    parameters = {"site": settings.plant.site, "after": after_id, "rows": MAX_ENTRIES}
    return select_rows(session, build_entry, "reads/select_journal_after", parameters)
