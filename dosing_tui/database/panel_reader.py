"""What the screen asks: panels, the picture at start, the books, who else writes. For any thread."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from psycopg.rows import BaseRowFactory, RowMaker, TupleRow, class_row, scalar_row
from psycopg_pool import ConnectionPool, PoolTimeout

from dosing_tui.config.settings import Settings
from dosing_tui.database import annotations
from dosing_tui.database.annotations import AnnotationRow
from dosing_tui.database.connection import connect, connection_string, target
from dosing_tui.database.error_mapping import rowless_errors
from dosing_tui.database.query_cancellation import Running
from dosing_tui.database.sql_files import statement
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading, TimeQuality
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.panels.annotations import AnnotationList
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.domain.panels.panel_catalog import Panel, PanelQuery
from dosing_tui.errors import DatabaseUnavailableError

APPLICATION = "console"
SESSIONS = 4
"""Most sessions at a time; a panel beyond waits for one."""
PATIENCE_S = 2.0
"""Longest wait for one of them."""
SEEDED = 50
"""How many doses, and how many events, the picture starts with."""

Session = psycopg.Connection[TupleRow]
Row = TypeVar("Row")
Stamped = TypeVar("Stamped", Dose, BatchEvent, InventoryLevel)


@dataclass(frozen=True, slots=True)
class SpoolBooks:
    """What became of one spool's units, as the database knows it."""

    spool_id: UUID
    last_seq: int
    stored: int
    duplicates: int
    rejected: int
    updated_at: datetime


class Reader:
    """A few sessions, opened when they are needed. Text it answers is clean.

    Every question raises DatabaseAway or DatabaseRefused.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool: ConnectionPool[Session] | None = None
        self._running = Running()

    def open(self) -> None:
        """Does not wait for the database, nor fail without it.

        Raises: DatabaseRefused, if the connection string cannot be read.
        """
        self._pool = ConnectionPool(
            connection_string(self._settings, application=APPLICATION),
            # autocommit: a read is one statement; unprepared: its window decides the plan
            kwargs={"autocommit": True, "prepare_threshold": None},
            check=ConnectionPool.check_connection,
            min_size=0,
            max_size=SESSIONS,
            timeout=PATIENCE_S,
            reconnect_timeout=0,
            open=True,
            name=f"dosing-tui/{APPLICATION}",
        )

    def close(self) -> None:
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def panel(self, panel: Panel[Row], query: PanelQuery) -> list[Row]:
        """The panel's rows for the query's window, by the plant's zone."""
        narrowed = query.selection.restrict_to(panel.dimensions)
        asked: dict[str, object] = {
            "from": query.since,
            "to": query.until,
            "now": query.now,
            "tz": self._settings.plant.timezone,
            "step": panel.get_bucket_width(query.since, query.until),
            **{name.value: list(narrowed.get_values(name)) or None for name in Dimension},
        }
        return self._rows(f"panels/{panel.id}", clean_row(panel.row_type), asked)

    def cancel(self, panels: Collection[str]) -> None:
        """Give up what is being asked for these panels: whoever asked gets a DatabaseAway."""
        self._running.cancel([f"panels/{name}" for name in panels])

    def annotations(
        self, *, since: datetime, until: datetime, device: Sequence[str] = (), recipe: Sequence[str] = ()
    ) -> AnnotationList:
        """Batches that reach into [since, until) and notes in it, of these stations and recipes or of all."""
        asked = annotations.window(since=since, until=until, device=device, recipe=recipe)
        return annotations.annotations(self._rows("reads/annotations", class_row(AnnotationRow), asked))

    def known(self, dimension: Dimension, *, since: datetime | None = None) -> list[str]:
        """The values readings have had of this dimension, in order: since then, or in the last 90 days."""
        rows = self._rows(f"reads/known_{dimension.value}", scalar_row, {"since": since})
        return [clean_text(value) for value in rows]

    def seed(self) -> list[Reading]:
        """The newest level of every tank, and the newest doses and events, oldest first."""
        newest = {"rows": SEEDED}
        return [
            *map(_reading, self._rows("reads/latest_levels", clean_row(InventoryLevel))),
            *map(_reading, self._rows("reads/recent_events", clean_row(BatchEvent), newest)),
            *map(_reading, self._rows("reads/recent_doses", clean_row(Dose), newest)),
        ]

    def books(self) -> list[SpoolBooks]:
        """The books of this site's spools, the one written last first."""
        return self._rows("reads/books", class_row(SpoolBooks), {"site": self._settings.plant.site})

    def other_writers(self) -> list[str]:
        """Other programs' sessions that write the plant's tables, e.g. 'telegraf (plant at 10.0.0.7)'."""
        return [clean_text(name) for name in self._rows("reads/other_writers", scalar_row)]

    def clock_difference(self, clock: Callable[[], datetime]) -> timedelta:
        """How far the server's clock is ahead of ours, to half the time of the question."""
        with self._session() as session:
            asked = clock()
            row = session.execute(statement("reads/clock")).fetchone()
            answered = clock()
        assert row is not None  # a SELECT without FROM has exactly one row
        server: datetime = row[0]
        return server - (asked + (answered - asked) / 2)

    def ping(self) -> None:
        """Nothing, if the database answers."""
        with self._session() as session:
            session.execute("")

    def _rows(
        self, name: str, rows: BaseRowFactory[Row], asked: Mapping[str, object] | None = None
    ) -> list[Row]:
        with (
            self._session() as session,
            self._running.question(name, session),
            session.cursor(row_factory=rows) as cursor,
        ):
            return cursor.execute(statement(name), asked or {}).fetchall()

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with rowless_errors(target(self._settings)), self._borrowed() as session:
            yield session

    @contextmanager
    def _borrowed(self) -> Iterator[Session]:
        """One of the pool's; where it has none to give, one for this question, or why there is none."""
        pool = self._pool
        if pool is None:
            raise DatabaseUnavailableError("The reader is closed.")
        with suppress(PoolTimeout):
            with pool.connection() as session:
                yield session
            return
        with connect(self._settings, application=APPLICATION, autocommit=True) as session:
            yield session


def clean_row(kind: type[Row]) -> BaseRowFactory[Row]:
    """Like class_row, with harmless text."""

    def factory(cursor: Any) -> RowMaker[Row]:  # psycopg keeps the common base of its cursors to itself
        make = class_row(kind)(cursor)
        return lambda values: make([clean_text(v) if isinstance(v, str) else v for v in values])

    return factory


def _reading(row: Stamped) -> Stamped:
    """Repair what the row factory cannot know: the enumeration and the tuple."""
    known = row.time_quality in set(TimeQuality)
    return replace(
        row,
        time_quality=TimeQuality(row.time_quality) if known else TimeQuality.RECEIVE,
        flags=tuple(clean_text(flag) for flag in row.flags),
    )
