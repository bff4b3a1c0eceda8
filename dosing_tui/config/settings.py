"""The settings as frozen records. A field's docstring is its documentation, in the file too."""

from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum

from dosing_tui.config.notification_channel import NotificationSettings
from dosing_tui.domain.messages import default_limits
from dosing_tui.domain.time.shift_calendar import WEEKDAYS, Shift, ShiftCalendar


class CollectorMode(StrEnum):
    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class GlyphMode(StrEnum):
    AUTO = "auto"
    UNICODE = "unicode"
    CONSOLE = "console"
    ASCII = "ascii"


class ColourTheme(StrEnum):
    DARK = "dark"
    LIGHT = "light"


class MqttVersion(StrEnum):
    V311 = "3.1.1"
    V5 = "5"


@dataclass(frozen=True, slots=True)
class PlantSettings:
    name: str = "Plant 1"
    """Shown in the status bar."""
    site: str = "plant1"
    """Names this site's collector (broker session, database lock, spool folder): letters, digits, - and _."""
    timezone: str = "UTC"
    """IANA zone of the plant, e.g. "Europe/Berlin". "Today", shifts and every time on screen follow it."""
    devices: tuple[str, ...] = ()
    """Stations that are expected to report, so that one that never did is noticed."""


@dataclass(frozen=True, slots=True)
class MqttSettings:
    host: str = "localhost"
    """Name or address of the broker."""
    port: int = 1883
    """1883 without TLS, 8883 with."""
    prefix: str = "factory"
    """First level(s) of the topics <prefix>/dosing/consumption, <prefix>/batch/events and
    <prefix>/inventory/levels."""
    protocol: MqttVersion = MqttVersion.V311
    """"3.1.1" is fastest and spoken by every broker; "5" where the broker asks for it."""
    keepalive_s: int = 30
    """Seconds of silence after which the link is tested."""
    username: str = ""
    """Broker account; empty for an anonymous broker."""
    password_file: str = ""
    """File (mode 0600) that holds the broker password. DOSING_MQTT_PASSWORD and the systemd credential
    "mqtt-password" come before it."""
    password: str = field(default="", repr=False)
    """Filled from the environment, a systemd credential or password_file; refused in the file."""
    tls: bool = False
    """Encrypt, and check the broker's certificate and name."""
    ca_file: str = ""
    """Certificate authority to trust instead of the system's."""
    cert_file: str = ""
    """Client certificate, where the broker asks for one."""
    key_file: str = ""
    """Key of the client certificate."""

    @property
    def topics(self) -> tuple[str, str, str]:
        """Topics of doses, batch events and inventory levels, in this order."""
        p = self.prefix
        return (f"{p}/dosing/consumption", f"{p}/batch/events", f"{p}/inventory/levels")


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    dsn: str = "host=localhost dbname=factory_metrics"
    """libpq connection string or URI, without a password. PGHOST, PGSERVICE, ~/.pgpass and the rest of libpq
    apply."""
    password_file: str = ""
    """File (mode 0600) that holds the password. DOSING_DATABASE_PASSWORD and the systemd credential
    "database-password" come before it; without any of them libpq looks into
    PGPASSFILE, ~/.pgpass and PGPASSWORD."""
    password: str = field(default="", repr=False)
    """Filled from the environment, a systemd credential or password_file; refused in the file."""
    statement_timeout_s: float = 5.0
    """A panel's query is given up after this many seconds."""
    migrate: bool = True
    """Let the collector bring the schema up to date at start; off where only the owner role may."""


@dataclass(frozen=True, slots=True)
class CollectorSettings:
    mode: CollectorMode = CollectorMode.AUTO
    """auto: one process per site collects, the others watch; always: collect, elected or not; never: only
    watch."""
    batch_rows: int = 500
    """Most rows in one database transaction."""
    batch_ms: int = 250
    """Longest a reading waits for company before it is written."""
    spool_dir: str = ""
    """Folder of the spool; empty for the platform's state folder. Must be on a local disk. What operators do
    about alarms while the database is away waits here, too, if they do it on this machine."""
    spool_max_mb: int = 2048
    """Past this size the collector stops acknowledging, and the broker queues."""


@dataclass(frozen=True, slots=True)
class ClockSettings:
    oldest_days: float = 30.0
    """A device time older than this is not believed."""
    ahead_s: float = 300.0
    """A device time further in the future than this is not believed."""
    device_timezone: str = "UTC"
    """Zone of device times written without one (ISO-8601 text only)."""

    @property
    def max_age(self) -> timedelta:
        return timedelta(days=self.oldest_days)

    @property
    def max_ahead(self) -> timedelta:
        return timedelta(seconds=self.ahead_s)


@dataclass(frozen=True, slots=True)
class LimitSettings:
    stock_low_percent: float = default_limits.STOCK_LOW_PERCENT
    """Below this a tank is red, and an exception of the batches that took from it (kept by "migrate")."""
    stock_warn_percent: float = default_limits.STOCK_WARN_PERCENT
    """Up to this a tank is yellow."""
    tolerance_g: float = default_limits.TOLERANCE_G
    """A dose further from its target than this is out of tolerance, and an exception of its batch where the
    recipe master does not say otherwise (kept by "migrate")."""


@dataclass(frozen=True, slots=True)
class ReviewSettings:
    second_person: bool = False
    """An approved batch counts as approved when another person has confirmed it. The plant's own policy is in
    the database ("dosing-tui batches policy"): what is set here can only be stricter."""
    pin: bool = False
    """Ask for the reviewer's PIN at every signing ("dosing-tui batches pin" sets one), also where the plant's
    policy does not. Without it reviews say that they are not e-signatures."""


@dataclass(frozen=True, slots=True)
class AlarmSettings:
    stock_critical_percent: float = 5.0
    """Below this a tank is nearly empty."""
    stock_deadband_percent: float = 2.0
    """A low tank is normal again so many points above its limit."""
    stock_jump_percent: float = 1.0
    """A level that rises by more of its capacity was refilled, or its station was reset."""
    tolerance_percent: float = 0.0
    """A dose further from its target than this share of it is out of tolerance, too; 0: grams only.
    For alarms only: batches go by the recipe master, or by limits.tolerance_g."""
    gross_error_g: float = 2.0
    """A dose further from its target than this is grossly wrong."""
    mean_error_g: float = 1.0
    """The mean absolute error of an hour may be so large, of a station and of a pump."""
    mean_error_doses: int = 5
    """Fewer doses in the hour give no mean."""
    error_rate_percent: float = default_limits.ERROR_RATE_PERCENT
    """So many of an hour's doses may be out of tolerance."""
    error_rate_doses: int = 20
    """Fewer doses in the hour give no rate."""
    pump_chemicals: tuple[str, ...] = ()
    """What pumps 1, 2, ... dose on every station, e.g. ["DMDEE", "T-12"]; empty: not checked."""
    batch_stalled_s: float = 360.0
    """An open batch may be silent for so long: a pump is given 300 s."""
    batch_abandoned_minutes: float = 60.0
    """After so much silence an open batch is not waited for."""
    offline_minutes: float = 10.0
    """A station that says nothing for so long is offline."""
    skew_warn_s: float = 5.0
    """A station's clock may be off by this."""
    skew_alarm_s: float = 60.0
    """Off by more than this it is more urgent."""
    link_down_s: float = 10.0
    """Broker and database may be away for so long."""
    spool_percent: float = 80.0
    """The spool may be so full."""
    spool_age_minutes: float = 60.0
    """A reading may wait in the spool for so long."""
    realarm_minutes: float = 0.0
    """An acknowledged alarm whose condition lasts for so long sounds again; 0: never."""
    shelve_high_minutes: float = 30.0
    """Longest shelving of an alarm of high priority; 30 at most."""
    shelve_medium_minutes: float = 240.0
    """Of medium priority; 240 at most."""
    shelve_low_minutes: float = 720.0
    """Of low priority; 720 at most."""


@dataclass(frozen=True, slots=True)
class AlarmLimitSettings:
    chemical: str = ""
    """For this chemical; empty for every one."""
    recipe: str = ""
    """In this recipe; empty for every one. The levels of tanks belong to none."""
    stock_low_percent: float | None = None
    """Instead of limits.stock_low_percent."""
    stock_critical_percent: float | None = None
    """Instead of alarms.stock_critical_percent."""
    tolerance_g: float | None = None
    """Instead of limits.tolerance_g."""
    tolerance_percent: float | None = None
    """Instead of alarms.tolerance_percent."""
    gross_error_g: float | None = None
    """Instead of alarms.gross_error_g."""


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    theme: ColourTheme = ColourTheme.DARK
    """dark or light."""
    glyphs: GlyphMode = GlyphMode.AUTO
    """auto, unicode, console (Linux text console) or ascii."""
    low_bandwidth: bool = False
    """One repaint every two seconds, 256 colours, no seconds in the clock."""
    bell: bool = True
    """The terminal's bell rings for an unacknowledged alarm until somebody silences it."""
    export_dir: str = ""
    """Folder for exports and pictures; empty for the documents folder, or the platform's state folder."""
    keys: dict[str, str] = field(default_factory=dict)
    """Other keys by name, e.g. freeze = "z" in a section [console.keys]; a comma between several keys."""


@dataclass(frozen=True, slots=True)
class LogSettings:
    level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""
    file: str = ""
    """Log file of the console; empty for the platform's log folder."""


@dataclass(frozen=True, slots=True)
class ShiftSettings:
    name: str
    """Shown in titles. Shifts may leave time between them, but may not overlap."""
    start: str
    """Time of day at which it begins, on the plant's clock, e.g. "06:00"."""
    hours: float = 8.0
    """Its length on that clock; it may go past midnight."""
    days: tuple[str, ...] = WEEKDAYS
    """Days on which it begins."""


DEFAULT_SHIFTS = (
    ShiftSettings("Early", "06:00"),
    ShiftSettings("Late", "14:00"),
    ShiftSettings("Night", "22:00"),
)


@dataclass(frozen=True, slots=True)
class Settings:
    plant: PlantSettings = field(default_factory=PlantSettings)
    mqtt: MqttSettings = field(default_factory=MqttSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    collector: CollectorSettings = field(default_factory=CollectorSettings)
    clock: ClockSettings = field(default_factory=ClockSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    review: ReviewSettings = field(default_factory=ReviewSettings)
    alarms: AlarmSettings = field(default_factory=AlarmSettings)
    console: ConsoleSettings = field(default_factory=ConsoleSettings)
    log: LogSettings = field(default_factory=LogSettings)
    shifts: tuple[ShiftSettings, ...] = DEFAULT_SHIFTS
    alarm_limits: tuple[AlarmLimitSettings, ...] = ()
    notifications: tuple[NotificationSettings, ...] = ()

    @property
    def calendar(self) -> ShiftCalendar:
        """The shifts, ready to be asked which one is on."""
        return ShiftCalendar(
            tuple(
                Shift(s.name, time.fromisoformat(s.start), timedelta(hours=s.hours), frozenset(s.days))
                for s in self.shifts
            )
        )
