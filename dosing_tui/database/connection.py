"""Opens sessions on the plant's database: how each one is set up, and nothing about what it is used for."""

import logging
from dataclasses import dataclass

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Conninfo
from psycopg.rows import TupleRow

from dosing_tui.config.settings import Settings
from dosing_tui.database.error_mapping import Target, bad_connection_string, rowless_errors

Session = psycopg.Connection[TupleRow]

logging.getLogger("psycopg").addHandler(logging.NullHandler())  # else its warnings go to stderr: the screen
# each failed try of a pool is a line there; what it means for the operator is logged once, by others
logging.getLogger("psycopg.pool").setLevel(logging.ERROR)

APPLICATION_PREFIX = "dosing-tui/"
"""What every session of this program is called in pg_stat_activity, followed by its part."""

LOCK_TIMEOUT_S = 3.0
"""Waiting longer than this for a lock means somebody else works on the table: try again later."""

_PATIENCE = {
    "connect_timeout": "5",
    "keepalives": "1",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
"""A dead server or cable is noticed within 25 s; the connection string may say otherwise."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long one statement may run, and wait for a lock, in seconds; 0 is 'as long as it takes'."""

    statement_s: float
    lock_s: float = LOCK_TIMEOUT_S


UNLIMITED = Limits(statement_s=0, lock_s=0)
"""For migrations and maintenance, which are allowed to take their time."""


def connect(
    settings: Settings, *, application: str, autocommit: bool = False, limits: Limits | None = None
) -> psycopg.Connection[TupleRow]:
    """A session in the plant's time zone, named after ``application``.

    Raises: DatabaseAway, DatabaseRefused.
    """
    string = connection_string(settings, application=application, limits=limits)
    with rowless_errors(target(settings)):
        return psycopg.connect(string, autocommit=autocommit)


def connection_string(settings: Settings, *, application: str, limits: Limits | None = None) -> str:
    """Everything libpq needs, the password included: for connect() and for a pool, never for a log.

    Raises: DatabaseRefused, if the connection string cannot be read.
    """
    given = _given(settings)
    options = f"{_session_options(settings, limits)} {given.get('options', '')}".strip()
    secret = {"password": settings.database.password} if settings.database.password else {}
    ours = {
        "application_name": APPLICATION_PREFIX + application,
        "client_encoding": "UTF8",
        "options": options,
    }
    return make_conninfo(**(_PATIENCE | given | secret | ours))


def target(settings: Settings) -> Target:
    """Which database is meant, in words for the operator.

    Raises: DatabaseRefused, if the connection string cannot be read.
    """
    implied = {o.keyword.decode(): o.val.decode() for o in Conninfo.get_defaults() if o.val is not None}
    known = implied | _given(settings)
    host = known.get("host") or known.get("hostaddr") or ""
    user = known.get("user", "")
    secrets = (settings.database.password, known.get("password", ""))
    return Target(
        host=host or known.get("service", "") or "this machine",
        port="" if host.startswith("/") or not host else known.get("port", ""),
        database=known.get("dbname") or user,
        user=user,
        secrets=tuple(secret for secret in secrets if secret),
    )


def _given(settings: Settings) -> dict[str, str]:
    try:
        return {k: str(v) for k, v in conninfo_to_dict(settings.database.dsn).items() if v is not None}
    except psycopg.ProgrammingError as error:
        raise bad_connection_string(error) from error


def _session_options(settings: Settings, limits: Limits | None) -> str:
    """Options of the session's start; what the connection string says in ``options`` comes after and wins."""
    limits = limits or Limits(statement_s=settings.database.statement_timeout_s)
    options = {
        "TimeZone": settings.plant.timezone,
        "DateStyle": "ISO",
        "search_path": "public,compat",
        "statement_timeout": f"{limits.statement_s * 1000:.0f}",
        "lock_timeout": f"{limits.lock_s * 1000:.0f}",
        "idle_in_transaction_session_timeout": "300000",
        "jit": "off",  # compiling a panel's statement takes a second, running it some milliseconds
    }
    return " ".join(f"-c {name}={_escaped(value)}" for name, value in options.items())


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace(" ", r"\ ")
