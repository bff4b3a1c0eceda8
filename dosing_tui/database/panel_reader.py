"""Queries of the screen: panels, newest readings, spool progress, other writers. Thread-safe."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property, partial
from typing import Any, TypeVar

import psycopg
from msgspec.structs import replace
from psycopg.rows import BaseRowFactory, RowMaker, args_row, class_row, scalar_row
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from dosing_tui.config.settings import Settings
from dosing_tui.database.annotations import AnnotationRow, rows_to_annotations
from dosing_tui.database.connection import (
    Session,
    build_connection_string,
    build_timeouts,
    describe_target,
    open_connection,
    prepare_session,
)
from dosing_tui.database.error_mapping import DatabaseTarget, create_pool_error, translate_rowless_errors
from dosing_tui.database.sessions.query_cancellation import QueryRegistry
from dosing_tui.database.sessions.session_check import check_session
from dosing_tui.database.sessions.statement_deadline import DeadlineConnection
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.alarm_rules.shared.batch_need import BatchNeed
from dosing_tui.domain.capability.pump_history import MAX_CHART_DOSES, PumpChartData
from dosing_tui.domain.capability.service_log import ServiceEntry
from dosing_tui.domain.messages.models import (
    BatchEvent,
    Dose,
    InventoryLevel,
    Reading,
    TimeQuality,
)
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.panels.annotations import AnnotationList
from dosing_tui.domain.panels.dropped_readings import DroppedReadings
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.domain.panels.panel_catalog import DoseRow, Panel, PanelQuery
from dosing_tui.domain.panels.pump_capability import PumpCapability
from dosing_tui.domain.panels.spool_progress import SpoolProgress
from dosing_tui.domain.time.time_range import TimeRange
from dosing_tui.errors import DatabaseUnavailableError

APPLICATION_NAME = "console"
MAX_SESSIONS = 4
"""Most sessions at a time; further panels wait."""
POOL_TIMEOUT_S = 2.0
"""Longest wait for a session, in seconds."""
RECENT_ROWS = 50
"""Number of doses, and of events, loaded at the start."""
_NUMBERS_AND_TIMES = frozenset(
    psycopg.adapters.types[name].oid for name in ("float8", "int4", "int8", "timestamptz")
)

RowT = TypeVar("RowT")
ReadingT = TypeVar("ReadingT", Dose, BatchEvent, InventoryLevel)


class PanelReader:
    """A pool of sessions, opened on demand. All text is sanitized.

    Every query may raise DatabaseUnavailableError or DatabaseAccessError.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool: ConnectionPool[DeadlineConnection] | None = None
        self._queries = QueryRegistry()

    def open(self) -> None:
        """Start the pool; does not wait for the database, nor fail without it.

        Raises: DatabaseAccessError, if the connection string cannot be read.
        """
        timeouts = build_timeouts(self._settings)
        self._pool = ConnectionPool(
            build_connection_string(self._settings, application=APPLICATION_NAME),
            connection_class=DeadlineConnection,
            configure=partial(prepare_session, settings=self._settings, timeouts=timeouts),
            # autocommit: a read is one statement; unprepared: the plan depends on the time range
            kwargs={"autocommit": True, "prepare_threshold": None},
            check=check_session,
            min_size=0,
            max_size=MAX_SESSIONS,
            timeout=POOL_TIMEOUT_S,
            reconnect_timeout=0,
            open=True,
            name=f"dosing-tui/{APPLICATION_NAME}",
        )

    def close(self) -> None:
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def read_panel(self, panel: Panel[RowT], query: PanelQuery) -> list[RowT]:
        """The panel's rows for the query's window, by the plant's zone."""
        narrowed = query.selection.restrict_to(panel.dimensions)
        parameters: dict[str, object] = {
            "from": query.since,
            "to": query.until,
            "now": query.now,
            "tz": self._settings.plant.timezone,
            "site": self._settings.plant.site,
            "step": panel.get_bucket_width(query.since, query.until),
            **{name.value: list(narrowed.get_values(name)) or None for name in Dimension},
        }
        # binary: thousands of numbers need not be made text and parsed again
        return self._fetch_rows(
            f"panels/{panel.id}", clean_class_row(panel.row_type), parameters, is_binary=True
        )

    def cancel_panels(self, panels: Collection[str]) -> None:
        """Cancel the running queries of these panels: their callers get a DatabaseUnavailableError."""
        self._queries.cancel_queries([f"panels/{name}" for name in panels])

    def read_annotations(
        self, *, since: datetime, until: datetime, device: Sequence[str] = (), recipe: Sequence[str] = ()
    ) -> AnnotationList:
        """Batches that overlap [since, until) and notes in it, of these stations and recipes or of all."""
        parameters = {
            "from": since, "to": until, "device": list(device) or None, "recipe": list(recipe) or None
        }  # fmt: skip
        return rows_to_annotations(
            self._fetch_rows("reads/select_annotations", class_row(AnnotationRow), parameters)
        )

    def read_pump_history(self, row: PumpCapability, *, since: datetime, until: datetime) -> PumpChartData:
        """What happened to the row's pump at its target in [since, until)."""
        parameters = {
            "device": row.device_id, "pump": row.pump, "chemical": row.chemical, "target_g": row.target_g,
            "from": since, "to": until, "rows": MAX_CHART_DOSES, "entry": None,
        }  # fmt: skip
        doses = self._fetch_rows("reads/select_chart_doses", clean_class_row(DoseRow), parameters)
        entries = self._fetch_rows("reads/select_service_entries", clean_class_row(ServiceEntry), parameters)
        return PumpChartData(doses[::-1], [entry for entry in reversed(entries) if entry.is_valid])

    def list_filter_values(self, dimension: Dimension, *, since: datetime | None = None) -> list[str]:
        """The values of a dimension in the readings, sorted: since a time, or of the last 90 days."""
        rows = self._fetch_rows(f"reads/select_{dimension.value}_names", scalar_row, {"since": since})
        return [clean_text(value) for value in rows]

    def load_readings(self) -> list[Reading]:
        """The newest level of every tank, and the newest doses and events, oldest first."""
        newest = {"rows": RECENT_ROWS}
        return [
            *map(
                _repair_reading,
                self._fetch_rows("reads/select_latest_levels", clean_class_row(InventoryLevel)),
            ),
            *map(
                _repair_reading,
                self._fetch_rows("reads/select_recent_events", clean_class_row(BatchEvent), newest),
            ),
            *map(
                _repair_reading, self._fetch_rows("reads/select_recent_doses", clean_class_row(Dose), newest)
            ),
        ]

    def find_dropped(self, panel: Panel[Any], query: PanelQuery) -> DroppedReadings | None:
        """The first of the panel's readings in the query's range that retention has dropped."""
        for kind in sorted(panel.refresh_on):
            asked = {"tables": [kind.value]}
            for span in self._fetch_rows("maintenance/select_dropped_spans", class_row(TimeRange), asked):
                since, until = max(span.since, query.since), min(span.until, query.until)
                if since < until:
                    return DroppedReadings(kind, since, until)
        return None

    def list_batch_needs(self, now: datetime) -> list[BatchNeed]:
        """What one batch takes of each tank that was dosed from in the 28 days before ``now``."""
        every = {"now": now, "device": None, "recipe": None}
        return self._fetch_rows("reads/select_batch_needs", clean_class_row(BatchNeed), every)

    def list_spools(self) -> list[SpoolProgress]:
        """Progress of this site's spools, last written first."""
        return self._fetch_rows(
            "reads/select_spools", class_row(SpoolProgress), {"site": self._settings.plant.site}
        )

    def list_other_writers(self) -> list[str]:
        """Other programs' sessions that write the plant's tables, e.g. 'telegraf (plant at 10.0.0.7)'."""
        return [clean_text(name) for name in self._fetch_rows("reads/select_other_writers", scalar_row)]

    def _fetch_rows(
        self, name: str, row_factory: BaseRowFactory[RowT], parameters: Mapping[str, object] | None = None,
        *, is_binary: bool = False,
    ) -> list[RowT]:  # fmt: skip
        with (
            self._open_session() as session,
            self._queries.track_query(name, session),
            session.cursor(row_factory=row_factory, binary=is_binary) as cursor,
        ):
            return cursor.execute(read_statement(name), parameters or {}).fetchall()

    @contextmanager
    def _open_session(self) -> Iterator[Session]:
        with translate_rowless_errors(self._target), self._borrow_session() as session:
            yield session

    @cached_property
    def _target(self) -> DatabaseTarget:
        return describe_target(self._settings)

    @contextmanager
    def _borrow_session(self) -> Iterator[Session]:
        """A session of the pool; without a free one, a session for this query only."""
        pool = self._pool
        if pool is None:
            raise DatabaseUnavailableError("The reader is closed.")
        try:
            with pool.connection() as session:
                yield session
            return
        except PoolTimeout:
            pass  # all are in use
        except (PoolClosed, TooManyRequests) as error:
            raise create_pool_error(self._target) from error
        with open_connection(self._settings, application=APPLICATION_NAME, autocommit=True) as session:
            yield session


def select_clean_rows(
    session: Session, row_type: type[RowT], statement: str, parameters: Mapping[str, object]
) -> list[RowT]:
    """Like select_rows, with sanitized text."""
    with session.cursor(row_factory=clean_class_row(row_type)) as cursor:
        return cursor.execute(read_statement(statement), parameters).fetchall()


def clean_class_row(row_type: type[RowT]) -> BaseRowFactory[RowT]:
    """Like class_row, with sanitized text."""

    def factory(cursor: Any) -> RowMaker[RowT]:  # psycopg does not export the common base of its cursors
        columns = cursor.description or ()
        has_order = tuple(each.name for each in columns) == getattr(row_type, "__struct_fields__", None)
        make = args_row(row_type)(cursor) if has_order else class_row(row_type)(cursor)
        texts = [place for place, each in enumerate(columns) if each.type_code not in _NUMBERS_AND_TIMES]
        clean = _CleanTexts()

        def make_row(values: Sequence[Any]) -> RowT:
            row = list(values)
            for place in texts:
                if isinstance(value := row[place], str):
                    row[place] = clean[value]
            return make(row)

        return make_row

    return factory


class _CleanTexts(dict[str, str]):
    """Sanitized text by text: a result repeats a few names thousands of times."""

    def __missing__(self, text: str) -> str:
        return self.setdefault(text, clean_text(text))


def _repair_reading(row: ReadingT) -> ReadingT:
    """Convert what class_row does not: the enumeration and the tuple."""
    is_valid = row.time_quality in set(TimeQuality)
    return replace(
        row,
        time_quality=TimeQuality(row.time_quality) if is_valid else TimeQuality.RECEIVE,
        flags=tuple(clean_text(flag) for flag in row.flags),
    )
