"""Runs every check: reads the facts of each room once, and has them judged."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from dosing_tui import __version__
from dosing_tui.collector.alarms.offline_commands import explain_unjournaled
from dosing_tui.config.loader import LoadedSettings
from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms.journal_health import list_journal_faults
from dosing_tui.database.alarms.notification_queue import list_channel_states
from dosing_tui.database.connection import describe_target
from dosing_tui.database.diagnosis.fact_reader import read_database_facts
from dosing_tui.database.diagnosis.facts import DatabaseFacts
from dosing_tui.database.schema.migrate import list_pending_steps
from dosing_tui.doctor.checks.broker_checks import check_broker
from dosing_tui.doctor.checks.check_result import CheckResult, Diagnosis, sort_results
from dosing_tui.doctor.checks.collector_checks import (
    check_collector,
    check_lost_messages,
    check_station_clocks,
    check_station_counts,
)
from dosing_tui.doctor.checks.database_checks import (
    check_journal,
    check_journal_times,
    check_logins,
    check_rights,
    check_schema,
    check_server,
    explain_refused_session,
)
from dosing_tui.doctor.checks.disk_space import DiskSpace, measure_disk
from dosing_tui.doctor.checks.maintenance_checks import check_maintenance
from dosing_tui.doctor.checks.notification_checks import check_channel_states, try_channels
from dosing_tui.doctor.checks.settings_checks import (
    check_settings,
    explain_missing_settings,
    explain_refused_settings,
)
from dosing_tui.doctor.checks.spool_checks import check_spool
from dosing_tui.doctor.checks.spool_probe import inspect_spool
from dosing_tui.doctor.checks.terminal_checks import TerminalFacts, check_terminal_facts
from dosing_tui.domain.notifications.channel_status import ChannelStatus
from dosing_tui.errors import ConfigError, DatabaseError
from dosing_tui.mqtt.broker_probe import probe_broker

LISTEN_S = 2.0
ZONE_LINK = Path("/etc/localtime")


class DiagnosisOptions(Struct, frozen=True):
    listen_s: float = LISTEN_S
    """How long to listen for messages of the stations."""
    sends_notifications: bool = False
    """Send a test message over every channel."""
    terminal: TerminalFacts | None = None


def run_diagnosis(
    load_settings: Callable[[], LoadedSettings], environment: Mapping[str, str], options: DiagnosisOptions
) -> Diagnosis:
    """Takes some seconds: connects to broker and database, and changes nothing there.

    Never raises for what it finds; ``load_settings`` may raise ConfigError.
    """
    now = datetime.now(UTC)
    try:
        loaded = load_settings()
    except ConfigError as error:
        return _explain_without_settings(explain_refused_settings(str(error)), options, now)
    if not loaded.describes_plant:
        return _explain_without_settings(explain_missing_settings(loaded.path), options, now)
    results = [
        *check_settings(loaded, machine_zone=_find_machine_zone(environment)),
        *_check_everything(loaded.settings, options, now),
        *check_terminal_facts(options.terminal),
    ]
    return Diagnosis(now, loaded.settings.plant.site, __version__, sort_results(results))


def _explain_without_settings(
    reasons: Iterator[CheckResult], options: DiagnosisOptions, now: datetime
) -> Diagnosis:
    results = [*reasons, *check_terminal_facts(options.terminal)]
    return Diagnosis(now, "", __version__, sort_results(results))


def diagnose_settings(settings: Settings, *, listen_s: float = LISTEN_S) -> Diagnosis:
    """All checks but those of settings and terminal, for a program that works with both already."""
    now = datetime.now(UTC)
    results = _check_everything(settings, DiagnosisOptions(listen_s=listen_s), now)
    return Diagnosis(now, settings.plant.site, __version__, sort_results(results))


def _check_everything(settings: Settings, options: DiagnosisOptions, now: datetime) -> Iterator[CheckResult]:
    yield from check_spool(settings, inspect_spool(settings), now)
    facts = None
    try:
        facts = read_database_facts(settings)
    except DatabaseError as error:
        yield from explain_refused_session(error)
    else:
        yield from _check_database(settings, facts, now)
    answers = probe_broker(settings.mqtt, listen_s=options.listen_s)
    yield from check_broker(settings.mqtt, answers, facts.row_times if facts else (), now)
    if options.sends_notifications:
        yield from try_channels(settings)
    else:
        yield from check_channel_states(settings, _list_channels(settings, facts, now))


def _check_database(settings: Settings, facts: DatabaseFacts, now: datetime) -> Iterator[CheckResult]:
    yield from check_server(settings, facts, disk=_measure_data_disk(settings, facts), now=now)
    pending: list[str] = []
    fault = ""
    try:
        pending = list_pending_steps(settings)
    except DatabaseError as error:
        fault = str(error)
    yield from check_schema(settings, facts, pending, fault)
    if facts.schema_flavour is None:
        return
    yield from check_rights(facts)
    yield from check_logins(facts)
    yield from check_journal_times(facts)
    if not facts.details.is_read_only and not facts.details.is_standby:
        yield from check_journal(_list_journal_faults(settings, now))
    yield from check_maintenance(facts, now)
    yield from check_collector(settings, facts)
    yield from check_station_clocks(settings, facts.clock_samples, now)
    yield from check_lost_messages(facts.station_losses)
    yield from check_station_counts(facts.station_counts)


def _list_journal_faults(settings: Settings, now: datetime) -> list[str]:
    try:
        return [*list_journal_faults(settings), *filter(None, [explain_unjournaled(settings, now)])]
    except DatabaseError as error:
        return [str(error)]


def _list_channels(settings: Settings, facts: DatabaseFacts | None, now: datetime) -> Iterable[ChannelStatus]:
    if facts is not None and facts.schema_flavour is not None:
        with suppress(DatabaseError):  # the right is missing: another check says so
            return list_channel_states(settings, now=now)
    return ()


def _measure_data_disk(settings: Settings, facts: DatabaseFacts) -> DiskSpace | None:
    """Of a server on this machine whose data folder can be seen."""
    folder = facts.details.data_folder
    if folder and describe_target(settings).is_local and os.path.isdir(folder):
        return measure_disk(Path(folder))
    return None


def _find_machine_zone(environment: Mapping[str, str]) -> str:
    """By $TZ, else by the link of /etc/localtime; '' if neither has a name."""
    if zone := environment.get("TZ", "").lstrip(":"):
        return zone
    with suppress(OSError):
        return str(ZONE_LINK.readlink()).partition("zoneinfo/")[2]
    return ""
