"""Stores what the spool holds: one transaction per batch, its books included, so a replay changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import psycopg
from psycopg.rows import TupleRow, class_row

from dosing_tui.config.settings import Settings
from dosing_tui.database import row_codec
from dosing_tui.database.connection import Limits, connect, target
from dosing_tui.database.error_mapping import Target, database_errors, rowless_errors
from dosing_tui.database.sql_files import statement
from dosing_tui.domain.messages.models import ParsedItem, Reading, ReadingKind, Rejection
from dosing_tui.errors import InvalidRowError

LIMITS = Limits(statement_s=30.0)
"""A batch may meet a slow disk; a lock that is not had in time is waited for outside the transaction."""

Session = psycopg.Connection[TupleRow]
SpoolRow = tuple[int, tuple[ParsedItem, ...]]
"""A sequence number of the spool, and the units of its message."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a spool has been written (``last_seq``), and what became of its units since it was made."""

    last_seq: int = 0
    stored: int = 0
    duplicates: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the readings of a batch."""

    stored: list[Reading] = field(default_factory=list)
    duplicates: list[Reading] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(
            self.stored + other.stored,
            self.duplicates + other.duplicates,
            self.rejections + other.rejections,
        )


@dataclass(frozen=True, slots=True)
class Written:
    """What one call has committed. A unit that an earlier call had committed is in none of the tuples."""

    progress: Progress
    stored_readings: tuple[Reading, ...] = ()
    duplicate_readings: tuple[Reading, ...] = ()
    rejections: tuple[Rejection, ...] = ()

    @property
    def kinds(self) -> frozenset[ReadingKind]:
        """Kinds of the stored readings."""
        return frozenset(row_codec.kind_of(reading) for reading in self.stored_readings)


class Writer:
    """The collector's session; for one thread. Every method opens it if need be.

    All raise DatabaseAway (nothing was counted: do it again) or DatabaseRefused.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session: Session | None = None

    def open(self) -> None:
        """Connect, or connect anew after a session was lost; nothing if there is a good one."""
        if self._session is not None and not self._session.closed:
            return
        self._session = connect(self._settings, application="collector", limits=LIMITS)
        with rowless_errors(target(self._settings)), self._session.transaction():
            # a committed batch leaves the spool, so it has to be on the server's disk
            self._session.execute(
                "SELECT set_config('synchronous_commit', 'on', false)"
                " WHERE current_setting('synchronous_commit') = 'off'"
            )

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def read_progress(self, spool_id: UUID) -> Progress:
        """Zeros for a spool that is not known."""
        session, meant = self._opened()
        with rowless_errors(meant), session.transaction():
            return _books(session, "reads/progress", spool_id) or Progress()

    def write(self, spool_id: UUID, rows: Sequence[SpoolRow]) -> Written:
        """Store what ``rows`` hold past the spool's ``last_seq``; their numbers rise."""
        session, meant = self._opened()
        batch = _Batch(session, meant, self._settings)
        with rowless_errors(meant), session.transaction():
            before = self._lock_books(session, spool_id)
            due = [(seq, units) for seq, units in rows if seq > before.last_seq]
            if not due:
                return Written(before)
            outcome = batch.store([unit for _, units in due for unit in units])
            after = self._advance(session, spool_id, due[-1][0], outcome)
        return Written(after, tuple(outcome.stored), tuple(outcome.duplicates), tuple(outcome.rejections))

    def _opened(self) -> tuple[Session, Target]:
        self.open()
        assert self._session is not None
        return self._session, target(self._settings)

    def _lock_books(self, session: Session, spool_id: UUID) -> Progress:
        found = _books(session, "writes/books_lock", spool_id)
        if found is None:
            session.execute(
                statement("writes/books_open"), {"spool_id": spool_id, "site": self._settings.plant.site}
            )
            found = _books(session, "writes/books_lock", spool_id)
        assert found is not None  # made by us, or by whoever made it first
        return found

    def _advance(self, session: Session, spool_id: UUID, last_seq: int, outcome: Outcome) -> Progress:
        counted = {
            "spool_id": spool_id,
            "site": self._settings.plant.site,
            "last_seq": last_seq,
            "stored": len(outcome.stored),
            "duplicates": len(outcome.duplicates),
            "rejected": len(outcome.rejections),
        }
        with session.cursor(row_factory=class_row(Progress)) as cursor:
            after = cursor.execute(statement("writes/books_advance"), counted).fetchone()
        assert after is not None  # this transaction has the row locked
        return after


def _books(session: Session, name: str, spool_id: UUID) -> Progress | None:
    with session.cursor(row_factory=class_row(Progress)) as cursor:
        return cursor.execute(statement(name), {"spool_id": spool_id}).fetchone()


@dataclass(frozen=True, slots=True)
class _Batch:
    """Stores units inside the transaction that ``session`` is in."""

    session: Session
    meant: Target
    settings: Settings

    def store(self, units: Sequence[ParsedItem]) -> Outcome:
        outcome = Outcome(rejections=[unit for unit in units if isinstance(unit, Rejection)])
        readings = [unit for unit in units if not isinstance(unit, Rejection)]
        for kind in ReadingKind:
            alike = [reading for reading in readings if row_codec.kind_of(reading) is kind]
            outcome += self._bisect(kind, row_codec.in_key_order(kind, alike))
        if outcome.rejections:
            self.session.execute(
                statement("writes/rejected_messages"), row_codec.rejection_columns(outcome.rejections)
            )
        return outcome

    def _bisect(self, kind: ReadingKind, readings: Sequence[Reading]) -> Outcome:
        """Store all; if the server refuses one, each half for itself, down to the one it refuses."""
        if not readings:
            return Outcome()
        try:
            with database_errors(self.meant), self.session.transaction():
                done = self.session.execute(statement(f"writes/{kind.value}"), row_codec.rows(kind, readings))
                if done.rowcount == len(readings):
                    return Outcome(list(readings))
                answered = done.fetchall()
        except InvalidRowError as refused:
            if len(readings) == 1:
                return Outcome(rejections=[self._rejection(kind, readings[0], refused)])
            middle = len(readings) // 2
            return self._bisect(kind, readings[:middle]) + self._bisect(kind, readings[middle:])
        stored, known = row_codec.split(kind, readings, answered)
        return Outcome(stored, known)

    def _rejection(self, kind: ReadingKind, reading: Reading, refused: InvalidRowError) -> Rejection:
        topics = dict(zip(ReadingKind, self.settings.mqtt.topics, strict=True))
        columns = self._at_fault(kind, reading, refused)
        return Rejection(
            topic=topics[kind],
            record=row_codec.record_of(reading),
            reason=f"{columns}: {refused}" if columns else str(refused),
            received_at=reading.received_at,
        )

    def _at_fault(self, kind: ReadingKind, reading: Reading, refused: InvalidRowError) -> str:
        """The columns that the refusal is about, as far as they are not in its sentence."""
        cause = refused.__cause__
        constraint = cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None
        if constraint is None:
            return ", ".join(row_codec.unfit(reading))
        found = self.session.execute(
            statement("writes/constraint_columns"), {"table": kind.value, "constraint": constraint}
        ).fetchone()
        return str(found[0]) if found and found[0] else ""
