"""Checks beyond the types: ranges, time zones, names, passwords in a connection string."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dosing_tui.config import chemical_sections, notification_sections, shift_sections
from dosing_tui.config.secrets import has_password, is_connection_string
from dosing_tui.config.sections.pump_settings import PumpLimitSettings, PumpSettings
from dosing_tui.config.settings import (
    AlarmLimitSettings,
    AlarmSettings,
    MonitoringSettings,
    Settings,
    StationSettings,
)
from dosing_tui.config.type_coercion import RangeCheck, find_range_errors
from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.tolerances.accuracy_class import parse_class_factor
from dosing_tui.errors import ConfigError
from dosing_tui.ipc.listen_address import is_host

_SITE_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
LIMIT_RANGES = (
    ("stock_low_percent", 0.0, 100.0),
    ("stock_critical_percent", 0.0, 100.0),
    ("tolerance_g", 0.001, 10_000.0),
    ("tolerance_percent", 0.0, 100.0),
    ("gross_error_g", 0.001, 10_000.0),
)
"""Limits that a chemical or a recipe may have of its own: key, least and greatest value."""
PUMP_RANGES = (
    ("calibration_days", 36_500.0),
    ("scale_calibration_days", 36_500.0),
    ("tube_life_g", 1e9),
    ("tube_life_hours", 1e6),
)
"""Limits of pumps and their greatest value; 0 is no limit."""
MAX_PUMP = 99
MIN_KEY_LENGTH = 16
MIN_READINGS_DAYS = 45
MAX_RETENTION_DAYS = 36_500
MAX_SHORT_NAME_CELLS = 12
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def validate_settings(settings: Settings) -> None:
    """Raises: ConfigError, for the first setting that cannot work."""
    for sentence in _find_errors(settings):
        raise ConfigError(sentence)


def _find_errors(settings: Settings) -> Iterator[str]:
    yield from _check_names(settings)
    yield from _check_ranges(settings)
    yield from _check_retention(settings)
    yield from _check_secrets(settings)
    yield from _check_monitoring(settings.monitoring)
    yield from shift_sections.find_errors(settings.shifts)
    yield from _check_stations(settings.stations)
    yield from chemical_sections.find_errors(settings.chemicals)
    yield from _check_overrides(settings.alarm_limits)
    yield from _check_pumps(settings.pumps, settings.pump_limits)
    yield from notification_sections.find_errors(settings.notifications)


def _check_names(settings: Settings) -> Iterator[str]:
    plant, mqtt = settings.plant, settings.mqtt
    if not _SITE_NAME.fullmatch(plant.site):
        yield f"plant.site: {plant.site!r} may hold letters, digits, - and _ only (40 at most)."
    for name, zone in (
        ("plant.timezone", plant.timezone),
        ("clock.device_timezone", settings.clock.device_timezone),
    ):
        if not _is_time_zone(zone):
            yield f"{name}: {zone!r} is not a time zone of this machine, e.g. 'Europe/Berlin'."
    if not mqtt.host:
        yield "mqtt.host: is empty; name the broker's host."
    if not is_host(mqtt.host):
        yield "mqtt.host: is not a host name or address; leave out mqtt://, account and path."
    if not mqtt.prefix or re.search(r"[#\x00]|^/|/$", mqtt.prefix):
        yield f"mqtt.prefix: {mqtt.prefix!r} may not be empty, hold #, or begin or end with a slash."
    if "+" in mqtt.prefix and [level for level in mqtt.prefix.split("/") if "+" in level] != ["+"]:
        yield f"mqtt.prefix: {mqtt.prefix!r} may hold one +, as a whole level: the station, e.g. 'factory/+'."
    levels = mqtt.status_topic.split("/") if mqtt.status_topic else ["+"]
    if [level for level in levels if re.search(r"[#+\x00]", level)] != ["+"]:
        yield f"mqtt.status_topic: {mqtt.status_topic!r} must hold one +, as a whole level: the station."
    if mqtt.station_status_topic in mqtt.topics:
        yield f"mqtt.status_topic: {mqtt.status_topic!r} is one of the readings' topics."
    if not mqtt.websocket_path.startswith("/"):
        yield f"mqtt.websocket_path: {mqtt.websocket_path!r} must begin with a slash."
    for number, header in enumerate(mqtt.websocket_headers, start=1):
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+: ?[^\x00-\x1f\x7f]+", header):
            yield f"mqtt.websocket_headers[{number}]: is not of the form 'Name: value'."
    if bool(mqtt.cert_file) != bool(mqtt.key_file):
        yield "mqtt.cert_file: a client certificate needs both cert_file and key_file."
    if mqtt.ca_file and not mqtt.tls:
        yield "mqtt.ca_file: is set, but mqtt.tls is false: the connection would not be encrypted."
    topic = settings.anchors.mqtt_topic
    if re.search(r"[#+\x00]", topic) or mqtt.find_topic(topic) in mqtt.topics:
        yield f"anchors.mqtt_topic: {topic!r} may not hold # or +, or be one of the readings' topics."
    if 0 < len(settings.anchors.key) < MIN_KEY_LENGTH:
        yield f"anchors.key: is shorter than {MIN_KEY_LENGTH} characters."
    if settings.log.level not in _LOG_LEVELS:
        yield f"log.level: {settings.log.level!r} is not one of {', '.join(_LOG_LEVELS)}."


def _check_ranges(settings: Settings) -> Iterator[str]:
    collector, limits, clock = settings.collector, settings.limits, settings.clock
    yield from find_range_errors(
        ("mqtt.port:", settings.mqtt.port, 1, 65_535),
        ("mqtt.keepalive_s:", settings.mqtt.keepalive_s, 5, 3_600),
        ("mqtt.max_packet_kb:", settings.mqtt.max_packet_kb, 4, 262_144),
        ("database.statement_timeout_s:", settings.database.statement_timeout_s, 0.1, 3_600),
        ("console.sign_off_minutes:", settings.console.sign_off_minutes, 0, 1_440),
        ("collector.batch_rows:", collector.batch_rows, 1, 10_000),
        ("collector.batch_ms:", collector.batch_ms, 0, 10_000),
        ("collector.spool_max_mb:", collector.spool_max_mb, 1, 1_000_000),
        ("clock.oldest_days:", clock.oldest_days, 0.01, 365),
        ("clock.ahead_s:", clock.ahead_s, 0, 86_400),
        ("limits.stock_low_percent:", limits.stock_low_percent, 0, 100),
        ("limits.stock_warn_percent:", limits.stock_warn_percent, 0, 100),
        ("limits.tolerance_g:", limits.tolerance_g, 0.001, 10_000),
        ("limits.scale_division_g:", limits.scale_division_g, 0, 1_000),
        ("limits.scale_deviation_g:", limits.scale_deviation_g, 0, 1_000),
        ("limits.reorder_lead_days:", limits.reorder_lead_days, 0, 365),
        ("limits.reorder_z:", limits.reorder_z, 0, 10),
        ("limits.cpk_low:", limits.cpk_low, 0, 10),
        ("limits.scale_repeatability_percent:", limits.scale_repeatability_percent, 0.001, 100),
        ("anchors.interval_minutes:", settings.anchors.interval_minutes, 1, 1_440),
        *_list_alarm_ranges(settings.alarms),
    )
    try:
        parse_class_factor(limits.class_)
    except ValueError:
        known = "e.g. 'X(0.2)' (1, 2 or 5 times a power of 10)"
        yield f"limits.class: {limits.class_!r} is not a class of OIML R61, {known}."
    if limits.stock_low_percent > limits.stock_warn_percent:
        yield "limits.stock_low_percent: is above limits.stock_warn_percent."


def _check_retention(settings: Settings) -> Iterator[str]:
    """Batches are rebuilt from readings: those of late messages have to be there."""
    retention, floor = settings.retention, max(MIN_READINGS_DAYS, math.ceil(settings.clock.oldest_days) + 15)
    readings, sums = retention.readings_days, retention.sums_days
    if readings != 0 and not floor <= readings <= MAX_RETENTION_DAYS:
        yield (
            f"retention.readings_days: {readings} is neither 0 (for ever) nor between {floor} and"
            f" {MAX_RETENTION_DAYS}."
        )
    if sums != 0 and not (readings or MAX_RETENTION_DAYS) <= sums <= MAX_RETENTION_DAYS:
        yield "retention.sums_days: is shorter than retention.readings_days, or too long; 0 is for ever."
    if not 0 <= retention.compress_after_days <= MAX_RETENTION_DAYS:
        yield f"retention.compress_after_days: is not between 0 and {MAX_RETENTION_DAYS}."


def _list_alarm_ranges(alarms: AlarmSettings) -> Iterator[RangeCheck]:
    for name, low, high in (
        ("stock_critical_percent", 0, 100),
        ("stock_cover_days", 0, 365),
        ("stock_deadband_percent", 0, 50),
        ("stock_jump_percent", 0.01, 100),
        ("tolerance_percent", 0, 100),
        ("gross_error_g", 0.001, 10_000),
        ("mean_error_g", 0.001, 10_000),
        ("mean_error_doses", 1, 100_000),
        ("error_rate_percent", 0, 100),
        ("error_rate_doses", 1, 100_000),
        ("slow_percent", 1, 1_000),
        ("batch_stalled_s", 10, 86_400),
        ("batch_abandoned_minutes", 1, 10_080),
        ("offline_minutes", 0.1, 10_080),
        ("skew_warn_s", 0.1, 86_400),
        ("skew_alarm_s", 0.1, 86_400),
        ("link_down_s", 0, 3_600),
        ("spool_percent", 1, 100),
        ("spool_age_minutes", 0.1, 10_080),
        ("realarm_minutes", 0, 10_080),
        ("shelve_high_minutes", 1, 30),
        ("shelve_medium_minutes", 1, 240),
        ("shelve_low_minutes", 1, 720),
    ):
        yield f"alarms.{name}:", getattr(alarms, name), low, high


def _check_stations(stations: Sequence[StationSettings]) -> Iterator[str]:
    """A short name of two stations, or one that is the id of another, would name the wrong station."""
    for number, station in enumerate(stations, start=1):
        location = f"stations[{number}]"
        if not station.id or clean_text(station.id) != station.id:
            yield f"{location}.id: {station.id!r} is not the name of a station."
        for key, name, limit in (
            ("short_name", station.short_name, MAX_SHORT_NAME_CELLS), ("title", station.title, 60)
        ):  # fmt: skip
            if clean_text(name, limit=limit) != name:
                yield f"{location}.{key}: {name!r} is not a name of at most {limit} printable characters."
    for key, names in (
        ("id", [station.id for station in stations]),
        ("short_name", [station.short_name for station in stations if station.short_name]),
    ):
        counts = Counter(map(fold_name, names))
        for name in names:
            if counts[fold_name(name)] > 1:
                yield f"stations: {key} {name!r} is there twice; each station needs its own."
    owners = {fold_name(station.id): station.id for station in stations}
    for station in stations:
        other = owners.get(fold_name(station.short_name), station.id)
        if other != station.id:
            yield f"stations: short_name {station.short_name!r} of {station.id} is the id of {other}."


def _check_overrides(overrides: Sequence[AlarmLimitSettings]) -> Iterator[str]:
    for number, override in enumerate(overrides, start=1):
        location = f"alarm_limits[{number}]"
        if not override.chemical and not override.recipe:
            yield f"{location}: has neither a chemical nor a recipe; limits for all belong into [alarms]."
        for key, low, high in LIMIT_RANGES:
            if (value := getattr(override, key)) is not None:
                yield from find_range_errors((f"{location}.{key}:", value, low, high))


def _check_monitoring(monitoring: MonitoringSettings) -> Iterator[str]:
    if not monitoring.listen:
        return
    try:
        address = monitoring.address
    except ValueError:
        yield f"monitoring.listen: {monitoring.listen!r} is not HOST:PORT, e.g. '127.0.0.1:9464'."
        return
    if not monitoring.allow_remote and not address.is_loopback:
        yield (
            f"monitoring.listen: other machines reach {address.host}; set monitoring.allow_remote = true, "
            "or listen on 127.0.0.1."
        )


def _check_secrets(settings: Settings) -> Iterator[str]:
    if not is_connection_string(settings.database.dsn):
        yield (
            "database.dsn: is not a connection string of libpq; write 'host=db1 dbname=plant user=dosing' "
            "or 'postgresql://dosing@db1/plant', without a password."
        )
    if has_password(settings.database.dsn):
        yield (
            "database.dsn: holds a password; put it into ~/.pgpass, a service file, database.password_file "
            "or DOSING_DATABASE_PASSWORD instead. A client key's (sslpassword) goes into a service file."
        )


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return bool(name)


def _check_pumps(plant: PumpSettings, overrides: Sequence[PumpLimitSettings]) -> Iterator[str]:
    yield from find_range_errors(*_list_pump_ranges("pumps", plant))
    for number, override in enumerate(overrides, start=1):
        location = f"pump_limits[{number}]"
        yield from find_range_errors((f"{location}.pump:", override.pump, 1, MAX_PUMP))
        yield from find_range_errors(*_list_pump_ranges(location, override))


def _list_pump_ranges(location: str, section: PumpSettings | PumpLimitSettings) -> Iterator[RangeCheck]:
    for key, high in PUMP_RANGES:
        if (value := getattr(section, key, None)) is not None:
            yield f"{location}.{key}:", value, 0, high
