"""Stores spooled readings: a chunk and the spool's progress in one transaction; a replay changes nothing."""

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

import psycopg
from msgspec import Struct, field
from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.database import row_codec
from dosing_tui.database.chunk_statement import ChunkResult, ChunkStatement, list_empty_chunks
from dosing_tui.database.connection import (
    Session,
    StatementTimeouts,
    describe_target,
    open_connection,
    select_row,
)
from dosing_tui.database.error_mapping import DatabaseTarget, translate_errors, translate_rowless_errors
from dosing_tui.database.sessions.deadlock_retry import MAX_ATTEMPTS, is_deadlock
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.messages.models import ParsedItem, Reading, ReadingKind, Rejection
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.errors import DatabaseError, DatabaseUnavailableError, InvalidRowError

WRITE_TIMEOUTS = StatementTimeouts(statement_s=30.0)
"""A chunk may meet a slow disk; a lock not granted in time is waited for outside the transaction."""

MIN_KEPT_BYTES = 1_024
"""What is kept of a rejected record that the table refuses."""

SpoolRow = tuple[int, tuple[ParsedItem, ...]]
"""A sequence number of the spool, and the units of its message."""


class WriteProgress(Struct, frozen=True):
    """The last message written (``last_seq``), and the number of each result since the spool was created."""

    last_seq: int = 0
    stored: int = 0
    duplicates: int = 0
    rejected: int = 0


class WriteReceipt(Struct, frozen=True):
    """What one call has committed. Items committed by an earlier call are in none of the tuples."""

    progress: WriteProgress = field(default_factory=WriteProgress)
    stored_readings: tuple[Reading, ...] = ()
    duplicate_readings: tuple[Reading, ...] = ()
    rejections: tuple[Rejection, ...] = ()

    @property
    def stored_kinds(self) -> frozenset[ReadingKind]:
        """Kinds of the stored readings."""
        return frozenset(map(row_codec.get_kind, self.stored_readings))

    def __add__(self, other: "WriteReceipt") -> "WriteReceipt":
        """The results of both parts of a chunk."""
        return WriteReceipt(
            self.progress,
            self.stored_readings + other.stored_readings,
            self.duplicate_readings + other.duplicate_readings,
            self.rejections + other.rejections,
        )


class ReadingWriter:
    """The collector's session, for one thread. Every method opens it if needed.

    All may raise DatabaseUnavailableError (nothing was committed: retry) or DatabaseAccessError.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session: Session | None = None
        self._target = describe_target(settings)
        self._progress: tuple[UUID, WriteProgress] | None = None
        """The spool whose progress this session has written last."""

    def open(self) -> None:
        """Connect, or reconnect after a lost session; nothing if there is a good one."""
        if self._session is not None and not self._session.closed:
            return
        self._progress = None
        session = open_connection(
            self._settings, application="collector", autocommit=True, timeouts=WRITE_TIMEOUTS
        )
        try:
            with translate_rowless_errors(self._target), session.transaction():
                # a committed chunk is deleted from the spool, so it has to be on the server's disk
                session.execute(
                    "SELECT set_config('synchronous_commit', 'on', false)"
                    " WHERE current_setting('synchronous_commit') = 'off'"
                )
                # else each statement is planned anew for its first five executions, for milliseconds
                session.execute("SELECT set_config('plan_cache_mode', 'force_generic_plan', false)")
        except BaseException:
            session.close()
            raise
        self._session = session

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def read_progress(self, spool_id: UUID) -> WriteProgress:
        """The progress of a spool; zeros for an unknown one."""
        session = self._ensure_session()
        with translate_rowless_errors(self._target), session.transaction():
            return _select_progress(session, "reads/select_spool_progress", spool_id) or WriteProgress()

    def prepare(self, spool_id: UUID) -> None:
        """Have the server plan the statements of chunks: else the first readings wait. Never raises."""
        with suppress(DatabaseError):  # what does not work is said when there is something to write
            session = self._ensure_session()
            with translate_rowless_errors(self._target):
                with session.transaction():
                    known = self._lock_progress(session, spool_id)
                with session.transaction(force_rollback=True):
                    for chunk in list_empty_chunks():
                        self._execute_chunk(session, chunk, spool_id, known.last_seq, known.last_seq)
            self._progress = spool_id, known

    def write(self, spool_id: UUID, rows: Sequence[SpoolRow]) -> WriteReceipt:
        """Store the rows past the spool's ``last_seq``, in ascending order.

        Two spools that drain together may wait for each other: the one that the server ends goes on at once.
        """
        for _ in range(MAX_ATTEMPTS - 1):
            try:
                return self._write_rows(spool_id, rows)
            except DatabaseUnavailableError as error:
                if not is_deadlock(error):
                    raise
        return self._write_rows(spool_id, rows)

    def _write_rows(self, spool_id: UUID, rows: Sequence[SpoolRow]) -> WriteReceipt:
        session = self._ensure_session()
        known, self._progress = self._progress, None
        receipt = None
        if known and known[0] == spool_id:
            receipt = self._write_at_once(session, spool_id, known[1].last_seq, rows)
        if receipt is None:
            receipt = self._write_in_steps(session, spool_id, rows)
        self._progress = spool_id, receipt.progress
        return receipt

    def _write_at_once(
        self, session: Session, spool_id: UUID, before: int, rows: Sequence[SpoolRow]
    ) -> WriteReceipt | None:
        """Store valid readings in one round trip. None if something was refused: nothing is stored then."""
        items = [item for seq, items in rows if seq > before for item in items]
        readings = [item for item in items if not isinstance(item, Rejection)]
        if not items or len(readings) < len(items):
            return None
        chunk = ChunkStatement(readings)
        try:
            with translate_errors(self._target):
                result = self._execute_chunk(session, chunk, spool_id, before, rows[-1][0])
        except InvalidRowError:
            return None
        return WriteReceipt(WriteProgress(*result.progress), tuple(result.stored), tuple(result.duplicates))

    def _execute_chunk(
        self, session: Session, chunk: ChunkStatement, spool_id: UUID, before: int, last_seq: int
    ) -> ChunkResult:
        parameters = chunk.build_parameters(
            spool_id, self._settings.plant.site, before=before, last_seq=last_seq
        )
        row = psycopg.RawCursor(session).execute(chunk.text, parameters, prepare=True).fetchone()
        assert row is not None  # an aggregate
        return chunk.read_result(row)

    def _write_in_steps(self, session: Session, spool_id: UUID, rows: Sequence[SpoolRow]) -> WriteReceipt:
        batch = _ChunkWriter(session, self._target, self._settings)
        with translate_rowless_errors(self._target), session.transaction():
            before = self._lock_progress(session, spool_id)
            due = [(seq, units) for seq, units in rows if seq > before.last_seq]
            if not due:
                return WriteReceipt(before)
            outcome = batch.store_items([unit for _, units in due for unit in units])
            after = self._advance_progress(session, spool_id, due[-1][0], outcome)
        return replace(outcome, progress=after)

    def _ensure_session(self) -> Session:
        self.open()
        assert self._session is not None
        return self._session

    def _lock_progress(self, session: Session, spool_id: UUID) -> WriteProgress:
        found = _select_progress(session, "writes/lock_spool_progress", spool_id)
        if found is None:
            session.execute(
                read_statement("writes/insert_spool_progress"),
                {"spool_id": spool_id, "site": self._settings.plant.site},
            )
            found = _select_progress(session, "writes/lock_spool_progress", spool_id)
        assert found is not None  # inserted here or by another process
        return found

    def _advance_progress(
        self, session: Session, spool_id: UUID, last_seq: int, result: WriteReceipt
    ) -> WriteProgress:
        counted = {
            "spool_id": spool_id,
            "site": self._settings.plant.site,
            "last_seq": last_seq,
            "stored": len(result.stored_readings),
            "duplicates": len(result.duplicate_readings),
            "rejected": len(result.rejections),
        }
        after = select_row(session, WriteProgress, "writes/update_spool_progress", counted)
        assert after is not None  # this transaction has the row locked
        return after


def _select_progress(session: Session, name: str, spool_id: UUID) -> WriteProgress | None:
    return select_row(session, WriteProgress, name, {"spool_id": spool_id})


class _ChunkWriter(Struct, frozen=True):
    """Stores items in the session's transaction."""

    session: Session
    target: DatabaseTarget
    settings: Settings

    def store_items(self, items: Sequence[ParsedItem]) -> WriteReceipt:
        outcome = WriteReceipt(rejections=tuple(unit for unit in items if isinstance(unit, Rejection)))
        readings = (unit for unit in items if not isinstance(unit, Rejection))
        for kind, alike in row_codec.group_by_kind(readings).items():
            outcome += self._store_or_bisect(kind, alike)
        if outcome.rejections:
            self._keep_or_bisect(outcome.rejections)
        return outcome

    def _keep_or_bisect(self, rejections: Sequence[Rejection]) -> None:
        """Keep all. If the server refuses, each half separately; of the refused one what is surely taken.

        Raises: InvalidRowError if the table takes nothing at all: then no row is at fault.
        """
        try:
            self._insert_rejections(rejections)
        except InvalidRowError:
            if len(rejections) == 1:
                self._keep_shortened(rejections[0])
                return
            middle = len(rejections) // 2
            self._keep_or_bisect(rejections[:middle])
            self._keep_or_bisect(rejections[middle:])

    def _keep_shortened(self, rejection: Rejection) -> None:
        """With a topic that fits into a key; if that is refused, too, with the record's beginning only."""
        plain = replace(rejection, topic=clean_line(rejection.topic), reason=clean_line(rejection.reason))
        try:
            self._insert_rejections([plain])
        except InvalidRowError:
            kept, size = plain.record[:MIN_KEPT_BYTES], len(plain.record)
            reason = f"only the first {len(kept)} of {size} bytes are kept: {plain.reason}"
            self._insert_rejections([replace(plain, record=kept, reason=reason)])

    def _insert_rejections(self, rejections: Sequence[Rejection]) -> None:
        with translate_errors(self.target), self.session.transaction():
            self.session.execute(
                read_statement("writes/insert_rejected_messages"), row_codec.encode_rejections(rejections)
            )

    def _store_or_bisect(self, kind: ReadingKind, readings: Sequence[Reading]) -> WriteReceipt:
        """Store all. If the server refuses, each half separately, down to the refused reading."""
        try:
            with translate_errors(self.target), self.session.transaction():
                done = self.session.execute(
                    read_statement(f"writes/insert_{kind.value}"), row_codec.encode_readings(kind, readings)
                )
                if done.rowcount == len(readings):
                    return WriteReceipt(stored_readings=tuple(readings))
                answered = done.fetchall()
        except InvalidRowError as refused:
            if len(readings) == 1:
                return WriteReceipt(rejections=(self._build_rejection(kind, readings[0], refused),))
            middle = len(readings) // 2
            return self._store_or_bisect(kind, readings[:middle]) + self._store_or_bisect(
                kind, readings[middle:]
            )
        stored, known = row_codec.split_stored(kind, readings, answered)
        return WriteReceipt(stored_readings=tuple(stored), duplicate_readings=tuple(known))

    def _build_rejection(self, kind: ReadingKind, reading: Reading, error: InvalidRowError) -> Rejection:
        topics = dict(zip(ReadingKind, self.settings.mqtt.topics, strict=True))
        columns = self._find_faulty_columns(kind, reading, error)
        return Rejection(
            topic=topics[kind],
            record=row_codec.reading_to_json(reading),
            reason=f"{columns}: {error}" if columns else str(error),
            received_at=reading.received_at,
        )

    def _find_faulty_columns(self, kind: ReadingKind, reading: Reading, error: InvalidRowError) -> str:
        """The columns of the refusal, if its message does not name them."""
        cause = error.__cause__
        constraint = cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None
        if constraint is None:
            return ", ".join(row_codec.list_unfit_fields(reading))
        found = self.session.execute(
            read_statement("writes/select_constraint_columns"),
            {"table": kind.value, "constraint": constraint},
        ).fetchone()
        return str(found[0]) if found and found[0] else ""
