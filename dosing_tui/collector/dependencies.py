"""Builds the collector's parser and database calls from the settings."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

from dosing_tui.collector.context.interfaces import AlarmStore, CollectorDatabase, PayloadParser
from dosing_tui.collector.context.status import StatusReporter
from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms import journal
from dosing_tui.database.alarms.notification_queue import NotificationQueue
from dosing_tui.database.batches.incremental_rebuild import rebuild_until_now
from dosing_tui.database.batches.master_recipes import list_recipe_versions
from dosing_tui.database.leader_election import LeaderElection
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.database.schema.maintenance import run_maintenance
from dosing_tui.database.schema.migrate import list_pending_steps, migrate_schema
from dosing_tui.database.schema.plant_limits import LIMIT_NAMES, STOCK_LOW, TOLERANCE
from dosing_tui.domain.alarm_rules.rule_state import DoseErrorMinute
from dosing_tui.domain.messages.message_parser import ClockRules, MessageParser
from dosing_tui.domain.messages.models import Reading, ReadingKind
from dosing_tui.errors import DatabaseAccessError, DatabaseError
from dosing_tui.ipc.subprocess_call import SubprocessCall


def now_utc() -> datetime:
    return datetime.now(UTC)


def build_parser(settings: Settings) -> PayloadParser:
    clock = settings.clock
    rules = ClockRules(
        max_age=clock.max_age, max_ahead=clock.max_ahead, device_zone=ZoneInfo(clock.device_timezone)
    )
    parser = MessageParser(dict(zip(settings.mqtt.topics, ReadingKind, strict=True)), rules)
    with suppress(DatabaseError):  # without it, each name and counter is known from its next message on
        parser.load_history(_load_readings(settings))
    return parser


def build_database(settings: Settings) -> CollectorDatabase:
    return CollectorDatabase(
        create_writer=partial(ReadingWriter, settings),
        create_leader_lock=partial(LeaderElection, settings),
        prepare_schema=partial(_prepare_schema, settings),
        run_maintenance=partial(_run_maintenance, settings),
        create_rebuild_call=partial(SubprocessCall, partial(rebuild_until_now, settings)),
        list_other_writers=partial(_list_other_writers, settings),
        ping_database=partial(_ping_database, settings),
        alarm_store=AlarmStore(
            append_entries=partial(journal.append_entries, settings),
            follow_journal=partial(_follow_journal, settings),
            save_checkpoint=partial(journal.save_checkpoint, settings),
            find_stored=partial(journal.find_stored, settings),
            load_readings=partial(_load_readings, settings),
            list_dose_errors=partial(_list_dose_errors, settings),
            list_master_recipes=partial(list_recipe_versions, settings),
        ),
        create_notification_queue=partial(NotificationQueue, settings),
    )


def _prepare_schema(settings: Settings, report: StatusReporter) -> None:
    if settings.database.migrate:
        migrate_schema(settings, report=report)
        return
    missing = list_pending_steps(settings)
    if schema := [name for name in missing if name not in LIMIT_NAMES]:
        raise DatabaseAccessError(
            f"The database schema is not up to date ({', '.join(schema)} missing): "
            "its owner must run dosing-tui migrate."
        )
    if TOLERANCE in missing:
        report(
            "The tolerance in the database differs from the settings' "
            f"{settings.limits.tolerance_g:g} g: the database's owner must run dosing-tui migrate."
        )
    if STOCK_LOW in missing:
        report(
            "The low-stock limit in the database differs from the settings' "
            f"{settings.limits.stock_low_percent:g} %: the database's owner must run dosing-tui migrate."
        )


def _run_maintenance(settings: Settings) -> None:
    run_maintenance(settings, now=now_utc())


def _list_other_writers(settings: Settings) -> list[str]:
    with _open_reader(settings) as reader:
        return reader.list_other_writers()


def _ping_database(settings: Settings) -> None:
    with _open_reader(settings) as reader:
        reader.ping_database()


def _follow_journal(
    settings: Settings, stop_event: threading.Event, on_link: Callable[[bool, str], None]
) -> Iterator[journal.JournalUpdate]:
    return journal.follow_journal(settings, stop_event, on_link=on_link)


def _load_readings(settings: Settings) -> list[Reading]:
    with _open_reader(settings) as reader:
        return reader.load_readings()


def _list_dose_errors(settings: Settings, since: datetime) -> list[DoseErrorMinute]:
    return journal.list_dose_errors(settings, since=since)


@contextmanager
def _open_reader(settings: Settings) -> Iterator[PanelReader]:
    reader = PanelReader(settings)
    reader.open()
    try:
        yield reader
    finally:
        reader.close()
