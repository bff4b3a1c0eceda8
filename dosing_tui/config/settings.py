"""The settings as frozen structs. A field's docstring is its documentation in the settings file."""

from datetime import time, timedelta
from enum import StrEnum

from msgspec import field

from dosing_tui.config.chemical_sections import ChemicalSettings
from dosing_tui.config.notification_channel import NotificationSettings
from dosing_tui.config.sections.log_settings import LogSettings
from dosing_tui.config.sections.pump_settings import PumpLimitSettings, PumpSettings
from dosing_tui.config.sections.section import Secret, Section
from dosing_tui.config.sections.site_settings import DatabaseSettings as DatabaseSettings
from dosing_tui.config.sections.site_settings import PlantSettings as PlantSettings
from dosing_tui.domain.messages import default_limits
from dosing_tui.domain.time.shift_calendar import WEEKDAYS, Shift, ShiftCalendar
from dosing_tui.domain.topics.status_topic import build_status_topic
from dosing_tui.domain.topics.topic_filter import OTHER_TOPICS, find_station
from dosing_tui.ipc.listen_address import ListenAddress, parse_listen_address


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
    HIGH_CONTRAST = "high-contrast"
    COLOUR_BLIND = "colour-blind"


class MqttVersion(StrEnum):
    V311 = "3.1.1"
    V5 = "5"


class MqttTransport(StrEnum):
    TCP = "tcp"
    WEBSOCKETS = "websockets"


class StationSettings(Section, frozen=True):
    id: str
    """The station's name in its messages (device_id)."""
    short_name: str = ""
    """Shown in place of the id on screens and in lists, at most 12 characters; empty: the id."""
    title: str = ""
    """Its place or purpose, shown in the table of stations, e.g. "Hall 2, foam line"."""


class MqttSettings(Section, frozen=True):
    host: str = "localhost"
    """Name or address of the broker."""
    port: int = 1883
    """1883 without TLS, 8883 with."""
    prefix: str = "factory"
    """First level(s) of the topics <prefix>/dosing/consumption, <prefix>/batch/events and
    <prefix>/inventory/levels. One level may be +, the station: a message of another device_id is then
    rejected, so that the broker's rights per topic hold for the readings, too."""
    status_topic: str = ""
    """Optional: the stations' status and last will; + is the station. Empty: <prefix>/devices/+/status."""
    protocol: MqttVersion = MqttVersion.V311
    """"3.1.1" is fastest and supported by every broker; "5" where the broker requires it."""
    transport: MqttTransport = MqttTransport.TCP
    """"websockets" where only HTTP ports are open (9001 in many set-ups; with tls: wss)."""
    websocket_path: str = "/mqtt"
    """Path of the broker's WebSocket endpoint."""
    websocket_headers: tuple[str, ...] = ()
    """Extra HTTP headers for a proxy, each "Name: value". No passwords: this file is not secret."""
    max_packet_kb: int = 1024
    """Larger messages are kept off by the broker, which drops them without a count ("5" only: MQTT 3.1.1 has
    no such limit; there the broker's own setting must hold it, e.g. Mosquitto's max_packet_size)."""
    keepalive_s: int = 15
    """MQTT keep-alive: seconds without traffic until the connection is tested."""
    username: str = ""
    """Broker account; empty for an anonymous broker."""
    password_file: str = ""
    """File (mode 0600) with the broker password; DOSING_MQTT_PASSWORD and "mqtt-password" of systemd win."""
    password: Secret = ""
    """Filled from the environment, a systemd credential or password_file; refused in the file."""
    tls: bool = False
    """Encrypt, and verify the broker's certificate and host name."""
    ca_file: str = ""
    """Certificate authority to trust instead of the system's."""
    cert_file: str = ""
    """Client certificate, where the broker requires one."""
    key_file: str = ""
    """Key of the client certificate."""

    @property
    def topics(self) -> tuple[str, str, str]:
        """Topics of doses, batch events and inventory levels, in this order."""
        return (f"{(p := self.prefix)}/dosing/consumption", f"{p}/batch/events", f"{p}/inventory/levels")

    @property
    def station_status_topic(self) -> str:
        return build_status_topic(self.prefix, self.status_topic)

    def find_topic(self, topic: str) -> str:
        """That of ``topics`` which covers a message's topic; OTHER_TOPICS if none does."""
        return next((one for one in self.topics if find_station(one, topic) is not None), OTHER_TOPICS)


class CollectorSettings(Section, frozen=True):
    mode: CollectorMode = CollectorMode.AUTO
    """auto: one elected process per site collects, the others are standby; always: collect without an
    election; never: viewer only."""
    batch_rows: int = 5_000
    """Maximum of rows in one database transaction."""
    batch_ms: int = 250
    """Most ms that a reading waits for others: none up to 300 readings a second, never above 50 ms."""
    spool_dir: str = ""
    """Folder of spool and alarm commands, on a local disk; empty for the platform's state folder."""
    spool_max_mb: int = 2048
    """Above this size the collector stops acknowledging, and the broker queues."""


class RetentionSettings(Section, frozen=True):
    readings_days: int = 90
    """Doses, batch events and levels are dropped after so many days, by whole weeks; 0: never. At least 45,
    and 15 more than clock.oldest_days: batches are rebuilt from them. Batch records and reviews stay for
    ever. "migrate" enters this at once, or with --apply-retention where rows would be dropped."""
    sums_days: int = 730
    """The same for rollups, the hourly view and rejected messages; not shorter than readings_days."""
    compress_after_days: int = 7
    """TimescaleDB Community compresses readings after so many days; 0: never."""


class ClockSettings(Section, frozen=True):
    oldest_days: float = 30.0
    """An older device time is replaced by the receive time."""
    ahead_s: float = 300.0
    """A device time further in the future is replaced by the receive time."""
    device_timezone: str = "UTC"
    """Zone of device times written without one (ISO-8601 text only)."""

    @property
    def max_age(self) -> timedelta:
        return timedelta(days=self.oldest_days)

    @property
    def max_ahead(self) -> timedelta:
        return timedelta(seconds=self.ahead_s)


class LimitSettings(Section, frozen=True):
    stock_low_percent: float = default_limits.STOCK_LOW_PERCENT
    """Below this a tank is red, and an exception of the batches that used it ("migrate" stores it)."""
    stock_warn_percent: float = default_limits.STOCK_WARN_PERCENT
    """Up to this a tank is yellow."""
    tolerance_g: float = default_limits.TOLERANCE_G
    """A dose further from its target is out of tolerance: in alarms, batches, marks, charts and reports. A
    master recipe, [[alarm_limits]] and limits.class count before it ("migrate" stores them all, dated)."""
    class_: str = ""
    """Accuracy class of the plant, e.g. "X(0.2)": instead of limits.tolerance_g and alarms.tolerance_percent,
    the deviations of OIML R61's class X(x), against the target by this plant's rule. Empty: no class."""
    cpk_low: float = default_limits.CPK_LOW
    """Below this Cpk a pump is not capable. 0.5: about 7 % of its doses are beyond the nearer limit."""
    reorder_lead_days: float = 0.0
    """Production days from an order to its delivery, for the reorder point. 0: not known, there is none."""
    reorder_z: float = 1.65
    """Safety stock in standard deviations of the use in that time: 1.65 is enough in 95 % of cases."""
    scale_division_g: float = 0.0
    """Division d of the scale: the step of its reading. With it, or with limits.scale_deviation_g, a dose
    whose target is below 2·max(s, 0.41·d)/p (after USP <41>) is "below what the scale can weigh": it is
    neither in nor out of tolerance, and not in error rates. 0: not known."""
    scale_deviation_g: float = 0.0
    """Standard deviation s of ten or more weighings of one mass. 0: not known, 0.41·d counts."""
    scale_repeatability_percent: float = 0.1
    """Permitted relative repeatability p of the scale; 0.1 after USP <41>."""


class ReviewSettings(Section, frozen=True):
    second_person: bool = False
    """An approval is valid after a second person has confirmed it. The plant's policy is in the database
    ("dosing-tui batches policy"): this setting can only be stricter."""
    pin: bool = False
    """Require the reviewer's PIN for every review ("dosing-tui batches pin" sets one), also where the plant's
    policy does not. Without a PIN a review is marked: identity not verified."""


class AnchorSettings(Section, frozen=True):
    folder: str = ""
    """Folder where the database's owner may not write, e.g. on another machine: the collector adds the last
    hash of the audit trail to a file in it. "dosing-tui audit verify --anchors" checks it. Empty: no file."""
    mqtt_topic: str = ""
    """Topic to which it also publishes the hash; its broker account needs the right to. Empty: no message."""
    interval_minutes: float = 15.0
    """Shortest time between two anchors; an unchanged trail is anchored once a day."""
    key_file: str = ""
    """File (mode 0600) with the key that signs anchors: 16 characters or more, unknown to the database's
    owner. DOSING_ANCHORS_KEY and the systemd credential "anchors-key" take precedence."""
    key: Secret = ""
    """Filled from the environment, a systemd credential or key_file; refused in the file."""


class AlarmSettings(Section, frozen=True):
    stock_critical_percent: float = 5.0
    """Below this a tank is nearly empty."""
    stock_cover_days: float = 0.0
    """A tank that lasts fewer production days, by its use of 28 days, is short of stock; 0: off."""
    stock_deadband_percent: float = 2.0
    """Deadband: a low tank returns to normal this many percentage points above its limit."""
    stock_jump_percent: float = 1.0
    """A rise by more than this share of the capacity is a refill, or a reset of the station."""
    tolerance_percent: float = 0.0
    """A dose further off than this share of its target is out of tolerance; 0, or limits.class: grams."""
    gross_error_g: float = 2.0
    """A dose further from its target than this is a gross error."""
    mean_error_g: float = 1.0
    """Limit of the mean absolute error of an hour, for a station and for a pump."""
    mean_error_doses: int = 5
    """Minimum of doses in the hour for a mean."""
    error_rate_percent: float = default_limits.ERROR_RATE_PERCENT
    """Limit of the share of an hour's doses out of tolerance."""
    error_rate_doses: int = 20
    """Minimum of doses in the hour for a rate."""
    pump_chemicals: tuple[str, ...] = ()
    """Of pumps 1, 2, ..., e.g. ["DMDEE", "T-12"]; "": any; not named: learnt. `migrate` enters them."""
    slow_percent: float = 10.0
    """Every station is slower than usual with a chemical by more than this: it may be cold."""
    batch_stalled_s: float = 360.0
    """An open batch without a message for this time is stalled; a pump may run for 300 s."""
    batch_abandoned_minutes: float = 60.0
    """An open batch without a message for this time is abandoned."""
    offline_minutes: float = 10.0
    """A station without a message for this time is offline."""
    skew_warn_s: float = 5.0
    """Limit of a station's clock error."""
    skew_alarm_s: float = 60.0
    """Limit of the clock error for a higher priority."""
    link_down_s: float = 10.0
    """On-delay of the alarms for an unavailable broker or database."""
    spool_percent: float = 80.0
    """Limit of the spool's size, as a share of collector.spool_max_mb."""
    spool_age_minutes: float = 60.0
    """Limit of the age of a reading in the spool."""
    realarm_minutes: float = 0.0
    """Re-alarm: an acknowledged alarm that is still active after this time sounds again; 0: never."""
    shelve_high_minutes: float = 30.0
    """Maximum shelving of a high priority alarm; 30 at most."""
    shelve_medium_minutes: float = 240.0
    """Maximum shelving of a medium priority alarm; 240 at most."""
    shelve_low_minutes: float = 720.0
    """Maximum shelving of a low priority alarm; 720 at most."""


class AlarmLimitSettings(Section, frozen=True):
    chemical: str = ""
    """Applies to this chemical; empty for all."""
    recipe: str = ""
    """Applies to this recipe; empty for all. Stock levels belong to no recipe."""
    stock_low_percent: float | None = None
    """Instead of limits.stock_low_percent."""
    stock_critical_percent: float | None = None
    """Instead of alarms.stock_critical_percent."""
    tolerance_g: float | None = None
    """Instead of limits.class, limits.tolerance_g and alarms.tolerance_percent; of both here the narrower."""
    tolerance_percent: float | None = None
    """The same in percent of the target; 0 only takes alarms.tolerance_percent away."""
    gross_error_g: float | None = None
    """Instead of alarms.gross_error_g."""


class ConsoleSettings(Section, frozen=True):
    theme: ColourTheme = ColourTheme.DARK
    """dark, light, high-contrast or colour-blind."""
    glyphs: GlyphMode = GlyphMode.AUTO
    """auto, unicode, console (Linux text console) or ascii."""
    low_bandwidth: bool = False
    """One repaint every two seconds, 256 colours, no seconds in the clock."""
    mouse: bool = True
    """Clicks and the wheel do what keys do. Without it the terminal itself selects text."""
    bell: bool = True
    """The terminal's bell rings for an unacknowledged alarm until it is silenced."""
    name: str = ""
    """This console's name in the journal while nobody is signed on; empty for the machine's name."""
    sign_off_minutes: float = 60.0
    """Minutes without a key after which the operator is signed off; 0 for only at the change of shift."""
    export_dir: str = ""
    """Folder for exports and screenshots; empty for the documents folder, or the platform's state folder."""
    keys: dict[str, str] = field(default_factory=dict)
    """Key bindings by action, e.g. freeze = "z" in a section [console.keys]; several keys with commas."""


class MonitoringSettings(Section, frozen=True):
    listen: str = ""
    """Address at which "dosing-tui collect" answers /metrics (Prometheus), /healthz and /readyz, e.g.
    "127.0.0.1:9464". Empty: off."""
    allow_remote: bool = False
    """Allow an address that other machines reach. The answers hold no secrets, and are not encrypted."""

    @property
    def address(self) -> ListenAddress:
        """Raises: ValueError, if ``listen`` is none; the loader refuses that."""
        return parse_listen_address(self.listen)


class ShiftSettings(Section, frozen=True):
    name: str
    """Shown in titles. Shifts may have gaps, but may not overlap."""
    start: str
    """Start, as wall-clock time of the plant, e.g. "06:00"."""
    hours: float = 8.0
    """Length in wall-clock hours; a shift may end after midnight."""
    days: tuple[str, ...] = WEEKDAYS
    """Days on which it starts."""


DEFAULT_SHIFTS = tuple(
    ShiftSettings(name, f"{hour:02}:00") for name, hour in (("Early", 6), ("Late", 14), ("Night", 22))
)


class Settings(Section, frozen=True):
    plant: PlantSettings = field(default_factory=PlantSettings)
    mqtt: MqttSettings = field(default_factory=MqttSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    collector: CollectorSettings = field(default_factory=CollectorSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    clock: ClockSettings = field(default_factory=ClockSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    review: ReviewSettings = field(default_factory=ReviewSettings)
    anchors: AnchorSettings = field(default_factory=AnchorSettings)
    alarms: AlarmSettings = field(default_factory=AlarmSettings)
    pumps: PumpSettings = field(default_factory=PumpSettings)
    console: ConsoleSettings = field(default_factory=ConsoleSettings)
    log: LogSettings = field(default_factory=LogSettings)
    monitoring: MonitoringSettings = field(default_factory=MonitoringSettings)
    shifts: tuple[ShiftSettings, ...] = DEFAULT_SHIFTS
    stations: tuple[StationSettings, ...] = ()
    chemicals: tuple[ChemicalSettings, ...] = ()
    alarm_limits: tuple[AlarmLimitSettings, ...] = ()
    pump_limits: tuple[PumpLimitSettings, ...] = ()
    notifications: tuple[NotificationSettings, ...] = ()

    @property
    def short_names(self) -> dict[str, str]:
        """Station -> its short name, of the stations that have one."""
        return {station.id: station.short_name for station in self.stations if station.short_name}

    @property
    def calendar(self) -> ShiftCalendar:
        """The shifts as a calendar, which finds the shift of a time."""
        shifts = (
            Shift(s.name, time.fromisoformat(s.start), timedelta(hours=s.hours), frozenset(s.days))
            for s in self.shifts
        )
        return ShiftCalendar(tuple(shifts))
