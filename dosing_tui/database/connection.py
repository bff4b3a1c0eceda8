"""Opens and configures sessions on the plant's database."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import psycopg
from msgspec import Struct
from msgspec.structs import replace
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Conninfo
from psycopg.rows import TupleRow, kwargs_row

from dosing_tui.config.sections.site_settings import SECRET_DSN_KEYS, SiteSettings
from dosing_tui.database.error_mapping import (
    THIS_MACHINE,
    DatabaseTarget,
    create_dsn_error,
    translate_rowless_errors,
)
from dosing_tui.database.sessions.pooler_detection import SharedSessionError, find_server_pid
from dosing_tui.database.sessions.statement_deadline import DeadlineConnection, StatementDeadline
from dosing_tui.database.sessions.time_loader import read_every_time
from dosing_tui.database.sql_files import read_statement
from dosing_tui.errors import DatabaseAccessError

if TYPE_CHECKING:
    from dosing_tui.config.settings import Settings

Session = psycopg.Connection[TupleRow]
RowT = TypeVar("RowT")

logging.getLogger("psycopg").addHandler(logging.NullHandler())  # else its warnings go to stderr: the screen
# a pool logs every failed attempt; the outage itself is logged once elsewhere
logging.getLogger("psycopg.pool").setLevel(logging.ERROR)

APPLICATION_PREFIX = "dosing-tui/"
"""Prefix of application_name in pg_stat_activity, followed by the component."""

LOCK_TIMEOUT_S = 3.0
"""Longest wait for a lock, in seconds; after that the caller retries later."""

CLOSE_TIMEOUT_S = 1.0
"""Longest wait for a call in progress; its session then ends with the process."""

_TIMEOUT_OPTIONS = {
    "connect_timeout": "5",
    "keepalives": "1",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
"""Keepalives detect a dead server or cable within 25 s; the connection string overrides them."""


class StatementTimeouts(Struct, frozen=True):
    """Longest run time of a statement, and wait for a lock, in seconds; 0 is unlimited."""

    statement_s: float
    lock_s: float = LOCK_TIMEOUT_S
    idle_s: float = 10.0
    """Longest pause within a transaction: the server ends a suspended process's session, and its locks."""
    connect_s: int = 0
    """Longest wait for a session; 0: as the connection string has it."""


NO_TIMEOUTS = StatementTimeouts(statement_s=0, lock_s=0, idle_s=300)
"""For migrations and maintenance."""


def open_connection(
    settings: SiteSettings,
    *,
    application: str,
    autocommit: bool = False,
    timeouts: StatementTimeouts | None = None,
) -> DeadlineConnection:
    """A session in the plant's time zone, named after ``application``.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    timeouts = timeouts or build_timeouts(settings)
    string = build_connection_string(settings, application=application, timeouts=timeouts)
    with ExitStack() as opened, translate_rowless_errors(describe_target(settings)):
        session = opened.enter_context(DeadlineConnection.connect(string, autocommit=True))
        prepare_session(session, settings, timeouts)
        session.autocommit = autocommit
        opened.pop_all()
        return session


def prepare_session(session: DeadlineConnection, settings: SiteSettings, timeouts: StatementTimeouts) -> None:
    """Set the deadline of a new session. Behind a pooler, set again what that has dropped.

    Raises: DatabaseAccessError behind a pooler that shares sessions; psycopg.Error.
    """
    probe = build_connection_string(settings, application="pooler")
    session.deadline = StatementDeadline(probe, timeouts.statement_s)
    read_every_time(session)
    try:
        session.server_pid = find_server_pid(session, probe)
    except SharedSessionError as error:
        target = describe_target(settings)
        raise DatabaseAccessError(
            f"A connection pooler at {target.server} shares sessions of database {target.database} between"
            " clients: set 'pool_mode = session' there (PgBouncer), or connect to the server directly."
        ) from error
    if session.server_pid:
        for name, value in _list_session_options(settings, timeouts).items():
            session.execute("SELECT set_config(%s, %s, false)", (name, value))


@contextmanager
def use_session(
    settings: SiteSettings,
    *,
    application: str,
    autocommit: bool = True,
    timeouts: StatementTimeouts | None = None,
) -> Iterator[Session]:
    """A session as of ``open_connection`` that ends with the block; its errors are translated.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with (
        # around the session: the commit at its end can fail, too
        translate_rowless_errors(describe_target(settings)),
        open_connection(
            settings, application=application, autocommit=autocommit, timeouts=timeouts
        ) as session,
    ):
        yield session


class KeptSession:
    """One session for calls that repeat every few seconds, opened by the first of them and after a loss.

    For any thread, one at a time. Nothing is prepared: a migration may change what a statement returns.
    """

    def __init__(self, settings: "Settings", *, application: str) -> None:
        self._settings, self._application = settings, application
        self._lock = threading.Lock()
        self._session: Session | None = None

    @contextmanager
    def use(self) -> Iterator[Session]:
        """The session, in autocommit; its errors are translated.

        Raises: DatabaseUnavailableError, DatabaseAccessError.
        """
        with self._lock, translate_rowless_errors(self._target):
            yield self._ensure_session()

    def close(self) -> None:
        """The next call opens another session."""
        if self._lock.acquire(timeout=CLOSE_TIMEOUT_S):
            try:
                if self._session is not None:
                    self._session.close()
                self._session = None
            finally:
                self._lock.release()

    @cached_property
    def _target(self) -> DatabaseTarget:
        return describe_target(self._settings)

    def _ensure_session(self) -> Session:
        if self._session is None or not _is_alive(self._session):
            with ExitStack() as opened:
                session = open_connection(self._settings, application=self._application, autocommit=True)
                opened.callback(session.close)
                session.prepare_threshold = None
                session.execute(read_statement("writes/set_session_timeouts"))
                self._session = session
                opened.pop_all()
        return self._session


def _is_alive(session: Session) -> bool:
    """A server restart since the last call is not a failure of this one."""
    try:
        session.execute("")
    except psycopg.OperationalError:
        session.close()
    return not session.closed


def build_connection_string(
    settings: SiteSettings, *, application: str, timeouts: StatementTimeouts | None = None
) -> str:
    """All connection parameters, the password included: for connect() and pools, never for a log.

    Raises: DatabaseAccessError, if the connection string cannot be read.
    """
    given, timeouts = _parse_dsn(settings), timeouts or build_timeouts(settings)
    set_options = _list_session_options(settings, timeouts)
    options = " ".join(f"-c {name}={_escape_option(value)}" for name, value in set_options.items())
    secret = {"password": settings.database.password} if settings.database.password else {}
    ours = {
        "application_name": APPLICATION_PREFIX + application,
        "client_encoding": "UTF8",
        "options": f"{options} {given.get('options', '')}".strip(),
    }
    limits = {"connect_timeout": str(timeouts.connect_s)} if timeouts.connect_s else {}
    return make_conninfo(**(_TIMEOUT_OPTIONS | given | secret | ours | limits))


def build_timeouts(settings: SiteSettings) -> StatementTimeouts:
    """The limits of the settings."""
    return StatementTimeouts(statement_s=settings.database.statement_timeout_s)


def describe_target(settings: SiteSettings) -> DatabaseTarget:
    """The target database, for messages.

    Raises: DatabaseAccessError, if the connection string cannot be read.
    """
    implied = {o.keyword.decode(): o.val.decode() for o in Conninfo.get_defaults() if o.val is not None}
    known = implied | _parse_dsn(settings)
    host = known.get("host") or known.get("hostaddr") or ""
    user = known.get("user", "")
    secrets = (settings.database.password, *(known.get(key, "") for key in SECRET_DSN_KEYS))
    return DatabaseTarget(
        host=host or known.get("service", "") or THIS_MACHINE,
        port="" if host.startswith("/") or not host else known.get("port", ""),
        database=known.get("dbname") or user,
        user=user,
        secrets=tuple(secret for secret in secrets if secret),
    )


def use_role(settings: "Settings", user: str) -> "Settings":
    """The settings with another role in ``database.dsn``. Raises: DatabaseAccessError."""
    dsn = make_conninfo("", **(_parse_dsn(settings) | {"user": user}))
    return replace(settings, database=replace(settings.database, dsn=dsn))


def _parse_dsn(settings: SiteSettings) -> dict[str, str]:
    try:
        return {k: str(v) for k, v in conninfo_to_dict(settings.database.dsn).items() if v is not None}
    except psycopg.ProgrammingError as error:
        raise create_dsn_error(error) from error


def _list_session_options(settings: SiteSettings, timeouts: StatementTimeouts) -> dict[str, str]:
    """Start options of a session; ``options`` of the connection string come later and override them."""
    return {
        "TimeZone": settings.plant.timezone,
        "DateStyle": "ISO",
        "search_path": "public,compat",
        "statement_timeout": f"{timeouts.statement_s * 1000:.0f}",
        "lock_timeout": f"{timeouts.lock_s * 1000:.0f}",
        "idle_in_transaction_session_timeout": f"{timeouts.idle_s * 1000:.0f}",
        "jit": "off",  # compiling a panel's statement takes a second, running it some milliseconds
    }


def _escape_option(value: str) -> str:
    return value.replace("\\", r"\\").replace(" ", r"\ ")


def fetch_row(cursor: psycopg.Cursor[TupleRow]) -> TupleRow:
    """The row of a statement that always returns one, such as a count."""
    row = cursor.fetchone()
    assert row is not None
    return row


def select_rows(
    session: Session,
    build_row: Callable[..., RowT],
    statement: str,
    parameters: Mapping[str, object] | None = None,
) -> list[RowT]:
    """All rows of a statement of ``sql/``; ``build_row`` takes its columns as keyword arguments."""
    with session.cursor(row_factory=kwargs_row(build_row)) as cursor:
        return cursor.execute(read_statement(statement), parameters).fetchall()


def select_row(
    session: Session,
    build_row: Callable[..., RowT],
    statement: str,
    parameters: Mapping[str, object] | None = None,
) -> RowT | None:
    """The first row of a statement of ``sql/``; None without one."""
    with session.cursor(row_factory=kwargs_row(build_row)) as cursor:
        return cursor.execute(read_statement(statement), parameters).fetchone()
