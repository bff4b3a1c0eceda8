"""Translates psycopg's errors into ours: what is wrong and who has to act, in one sentence."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from dosing_tui.config.sections.site_settings import MASK
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.errors import DatabaseAccessError, DatabaseError, DatabaseUnavailableError, InvalidRowError
from dosing_tui.ipc.listen_address import is_loopback

MAX_CELLS = 400
"""Longest sentence, in terminal cells."""


THIS_MACHINE = "this machine"
"""In place of a host: PostgreSQL's own socket."""


@dataclass(frozen=True, slots=True)
class DatabaseTarget:
    """The target database as displayed. ``secrets`` are removed from every sentence."""

    host: str
    port: str
    database: str
    user: str
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_local(self) -> bool:
        """On this machine: a socket or the loopback; unknown for the server of a service file."""
        return self.host == THIS_MACHINE or self.host.startswith("/") or is_loopback(self.host)

    @property
    def server(self) -> str:
        return f"{self.host}:{self.port}" if self.port else self.host

    @property
    def named(self) -> str:
        return f"database {self.database} on {self.server} (user {self.user})"


@contextmanager
def translate_errors(target: DatabaseTarget) -> Iterator[None]:
    """Translate what psycopg raises inside the block.

    Raises: DatabaseUnavailableError, DatabaseAccessError, InvalidRowError; always ``from`` the original.
    """
    try:
        yield
    except (psycopg.Error, UnicodeError) as error:
        raise translate_error(error, target) from error


@contextmanager
def translate_rowless_errors(target: DatabaseTarget) -> Iterator[None]:
    """The same where no row can be at fault.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    try:
        with translate_errors(target):
            yield
    except InvalidRowError as error:
        reason = str(error).rstrip(".")
        raise DatabaseAccessError(f"The {target.named} refuses: {reason}.") from error.__cause__


def translate_error(error: psycopg.Error | UnicodeError, target: DatabaseTarget) -> DatabaseError:
    """Our error for psycopg's, without the password and without control characters."""
    if isinstance(error, UnicodeError):
        return InvalidRowError(
            f"Text that PostgreSQL cannot store: {redact_text(str(error), target.secrets)}."
        )
    if error.sqlstate is None:
        return _translate_libpq_error(error, target)
    return _translate_sqlstate(error, error.sqlstate, target)


def create_pool_error(target: DatabaseTarget) -> DatabaseUnavailableError:
    """Of a pool that gives no connection."""
    return DatabaseUnavailableError(redact_text(f"The {target.named} gives no connection.", target.secrets))


def create_dsn_error(error: psycopg.Error) -> DatabaseAccessError:
    """libpq's message without quoted text, which may be part of a password."""
    reason = str(error).strip()
    if not reason.startswith("invalid connection option"):
        reason = re.sub(r'"([^"]*)"', lambda quoted: quoted[0] if quoted[1] == "=" else '"…"', reason)
    return DatabaseAccessError(
        f"database.dsn is not a libpq connection string: {clean_line(reason, MAX_CELLS)}."
    )


_ROW_CLASSES = frozenset({"21", "22", "23", "2F", "38", "39", "44", "54", "P0"})
"""Data, constraints, triggers and limits: this row can never be stored."""

_NOTIFICATIONS_SOURCE = "async.c"
"""Where the server refuses COMMIT of a transaction with a NOTIFY, as its queue is full: no row's fault."""

_REFUSAL_TEMPLATES = {
    "25006": "The server {server} is read-only (a standby?): {named} cannot be written.",
    "28000": "The server {server} rejects user {user}: {reason}.",
    "28P01": "The server {server} refuses the password of user {user} for database {database}.",
    "3D000": "There is no database {database} on {server}.",
    "42501": "User {user} lacks a right in database {database} on {server}: {reason}.",
    "57P04": "The database {database} on {server} no longer exists.",
    # an object of the schema is missing: not migrated, or not fully
    **dict.fromkeys(
        ("3F000", "42P01", "42703", "42704", "42883", "42P10"),
        "The {named} lacks the schema; run dosing-tui migrate: {reason}.",
    ),
}

_AWAY_TEMPLATES = {
    # a statement that was cancelled
    "57014": "The {named} took too long to answer.",
    **dict.fromkeys(
        # connection, rollback, resources, operator, I/O, internal: temporary, or fixed by an administrator;
        # then a lock not granted in time, an object in use, a transaction that the server has ended
        ("08", "40", "53", "57", "58", "XX", "55P03", "55006", "25P02", "25P03", "25P04"),
        "The {named} is not available: {reason}.",
    ),
}
"""By SQLSTATE, or by its class: the first two characters."""


def _translate_sqlstate(error: psycopg.Error, state: str, target: DatabaseTarget) -> DatabaseError:
    reason = error.diag.message_primary or str(error)
    if error.diag.source_file == _NOTIFICATIONS_SOURCE:
        return DatabaseUnavailableError(_format_sentence(_AWAY_TEMPLATES["53"], reason, target))
    if state[:2] in _ROW_CLASSES:
        return InvalidRowError(redact_text(_prefix_column(error, reason), target.secrets))
    away = _AWAY_TEMPLATES.get(state) or _AWAY_TEMPLATES.get(state[:2])
    if away and state not in _REFUSAL_TEMPLATES:
        return DatabaseUnavailableError(_format_sentence(away, reason, target))
    refusal = _REFUSAL_TEMPLATES.get(state, "The {named} refuses: {reason}.")
    return DatabaseAccessError(_format_sentence(refusal, reason, target))


def _prefix_column(error: psycopg.Error, reason: str) -> str:
    column = error.diag.column_name
    return f"{column}: {reason}" if column and column not in reason else reason


_LIBPQ_ERRORS: tuple[tuple[str, type[DatabaseError], str], ...] = (
    (
        r"unsupported startup parameter",
        DatabaseAccessError,
        "A connection pooler at {server} refuses the settings of a session: set 'ignore_startup_parameters ="
        " options' and 'pool_mode = session' there (PgBouncer), or connect to the server directly.",
    ),
    (
        r"password authentication failed|SASL authentication failed",
        DatabaseAccessError,
        "The server {server} refuses the password of user {user} for database {database}.",
    ),
    (
        r"no password supplied",
        DatabaseAccessError,
        "The server {server} requires a password for user {user} and database {database}; none is set.",
    ),
    (
        r"no pg_hba.conf entry|pg_hba.conf rejects",
        DatabaseAccessError,
        "The server {server} rejects user {user} and database {database} from this machine (pg_hba.conf).",
    ),
    (r"(?:Peer|Ident) authentication failed", DatabaseAccessError, _REFUSAL_TEMPLATES["28000"]),
    (r'role "[^"]*" does not exist', DatabaseAccessError, "There is no database user {user} on {server}."),
    (r'database "[^"]*" does not exist', DatabaseAccessError, _REFUSAL_TEMPLATES["3D000"]),
    (r"permission denied", DatabaseAccessError, _REFUSAL_TEMPLATES["42501"]),
    (
        r'invalid value for parameter "TimeZone"',
        DatabaseAccessError,
        "The server {server} does not know the time zone of plant.timezone: {reason}.",
    ),
    (
        r"definition of service|service file",
        DatabaseAccessError,
        "The service of database.dsn is unknown: {reason}.",
    ),
    (
        r"certificate|SSL|TLS|sslmode",
        DatabaseAccessError,
        "No encrypted connection to {named}: {reason}.",
    ),
    (
        r"Servname not supported|invalid port",
        DatabaseAccessError,
        "database.dsn has no usable port: {reason}.",
    ),
    (
        r"failed to resolve host|could not translate host name|Name or service not known",
        DatabaseUnavailableError,
        "The host name {host} of database {database} is unknown (user {user}).",
    ),
    (
        r"starting up|shutting down|in recovery|not yet accepting",
        DatabaseUnavailableError,
        "The {named} is starting or stopping.",
    ),
    (
        r"too many (?:clients|connections)|connection slots",
        DatabaseUnavailableError,
        "The {named} has no free connection.",
    ),
    # the last is a socket file whose queue is full, as nobody accepts
    (
        r"timeout expired|timed out|Resource temporarily unavailable",
        DatabaseUnavailableError,
        "The {named} does not answer.",
    ),
    (
        r"Connection refused|No such file or directory",
        DatabaseUnavailableError,
        "No database server listens at {server} (database {database}, user {user}).",
    ),
    (r"read-only|hot standby", DatabaseUnavailableError, "The {named} is read-only for now: {reason}."),
    (r"", DatabaseUnavailableError, "The {named} cannot be reached: {reason}."),
)
"""libpq has no SQLSTATE for a failed connection, only text. The first match applies."""


def _translate_libpq_error(error: psycopg.Error, target: DatabaseTarget) -> DatabaseError:
    reason = str(error)
    if isinstance(error, psycopg.DataError):
        return InvalidRowError(redact_text(reason, target.secrets))
    if isinstance(error, psycopg.ProgrammingError | psycopg.NotSupportedError):
        return DatabaseAccessError(
            _format_sentence("The {named} cannot be asked this: {reason}.", reason, target)
        )
    kind, sentence = next((kind, text) for pattern, kind, text in _LIBPQ_ERRORS if re.search(pattern, reason))
    return kind(_format_sentence(sentence, _extract_reason(reason), target))


def _extract_reason(text: str) -> str:
    """libpq's reason without the address, which is named already, and without hints."""
    first = text.strip().split("\n", 1)[0]
    return re.sub(r"^.*?(?:failed: |is bad: )(?:.*failed: )?(?:FATAL:\s+|ERROR:\s+)?", "", first)


def _format_sentence(template: str, reason: str, target: DatabaseTarget) -> str:
    """Fill the template; braces in values are text."""
    values = {name: getattr(target, name) for name in ("server", "named", "host", "user", "database")}
    return redact_text(template.format_map(values | {"reason": reason.strip().rstrip(".")}), target.secrets)


def redact_text(text: str, secrets: Iterable[str]) -> str:
    """One line for people, without the secrets."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return clean_line(text, MAX_CELLS)
