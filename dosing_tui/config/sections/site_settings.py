"""``[plant]`` and ``[database]``, which are all that a session on the plant's database needs."""

from typing import Protocol

from dosing_tui.config.sections.section import Secret, Section

SECRET_DSN_KEYS = frozenset(
    {"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"}
)
"""Parameters of a connection to PostgreSQL that hold a secret."""
MASK = "…"
"""Shown in place of a secret."""


class PlantSettings(Section, frozen=True):
    name: str = "Plant 1"
    """Shown in the status bar."""
    site: str = "plant1"
    """Names this site's collector (broker session, database lock, spool folder): letters, digits, - and _."""
    timezone: str = "UTC"
    """IANA zone of the plant, e.g. "Europe/Berlin". "Today", shifts and every time on screen follow it."""
    devices: tuple[str, ...] = ()
    """Stations that must report; one without any message raises an alarm."""


class DatabaseSettings(Section, frozen=True):
    dsn: str = "host=localhost dbname=factory_metrics"
    """libpq connection string or URI, without a password. libpq's variables (PGHOST, PGSERVICE …) apply."""
    password_file: str = ""
    """File (mode 0600) with the password. DOSING_DATABASE_PASSWORD and the systemd credential
    "database-password" take precedence; without any, libpq reads PGPASSWORD, PGPASSFILE and ~/.pgpass."""
    password: Secret = ""
    """Filled from the environment, a systemd credential or password_file; refused in the file."""
    statement_timeout_s: float = 5.0
    """A panel's query is cancelled after this many seconds."""
    migrate: bool = True
    """The collector migrates the schema at its start; false where only the owner role may do so."""


class SiteSettings(Protocol):
    """The settings, or these two sections of them."""

    @property
    def plant(self) -> PlantSettings: ...

    @property
    def database(self) -> DatabaseSettings: ...


class SessionSettings(Section, frozen=True):
    """SiteSettings for another process, which then imports no other section."""

    plant: PlantSettings
    database: DatabaseSettings
