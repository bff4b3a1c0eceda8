"""The real plant and the real database, as the collector's parts expect them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

from dosing_tui.collector.context.interfaces import AlarmStore, Database, Parser
from dosing_tui.collector.context.status import Report
from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms import journal
from dosing_tui.database.alarms.notification_queue import Postbook
from dosing_tui.database.batches.incremental_rebuild import keep_until_now
from dosing_tui.database.batches.master_recipes import versions
from dosing_tui.database.leader_election import Election
from dosing_tui.database.panel_reader import Reader
from dosing_tui.database.reading_writer import Writer
from dosing_tui.database.schema.maintenance import maintain
from dosing_tui.database.schema.migrate import migrate, pending
from dosing_tui.database.schema.plant_limits import NAMES, STOCK_LOW, TOLERANCE
from dosing_tui.domain.alarm_rules.rule_state import MinuteOfErrors
from dosing_tui.domain.messages.message_parser import ClockRules, Intake
from dosing_tui.domain.messages.models import Kind, Reading
from dosing_tui.errors import DatabaseRefused
from dosing_tui.ipc.subprocess_call import Apart


def now_utc() -> datetime:
    return datetime.now(UTC)


def plant_parser(settings: Settings) -> Parser:
    clock = settings.clock
    rules = ClockRules(oldest=clock.oldest, ahead=clock.ahead, device_zone=ZoneInfo(clock.device_timezone))
    return Intake(dict(zip(settings.mqtt.topics, Kind, strict=True)), rules)


def plant_database(settings: Settings) -> Database:
    return Database(
        writer=partial(Writer, settings),
        election=partial(Election, settings),
        prepare=partial(_prepare, settings),
        maintain=partial(_maintain, settings),
        batch_keeper=partial(Apart, partial(keep_until_now, settings)),
        other_writers=partial(_other_writers, settings),
        answers=partial(_answers, settings),
        alarms=AlarmStore(
            append=partial(journal.append, settings),
            follow=partial(_follow, settings),
            remember=partial(journal.remember, settings),
            stored=partial(journal.stored, settings),
            seed=partial(_seed, settings),
            errors=partial(_errors, settings),
            masters=partial(versions, settings),
        ),
        postbook=partial(Postbook, settings),
    )


def _prepare(settings: Settings, report: Report) -> None:
    if settings.database.migrate:
        migrate(settings, report=report)
        return
    missing = pending(settings)
    if schema := [name for name in missing if name not in NAMES]:
        raise DatabaseRefused(
            f"The database schema is not up to date ({', '.join(schema)} missing): "
            "its owner has to run dosing-tui migrate."
        )
    if TOLERANCE in missing:
        report(
            "The database counts doses out of another tolerance than the settings' "
            f"{settings.limits.tolerance_g:g} g: its owner has to run dosing-tui migrate."
        )
    if STOCK_LOW in missing:
        report(
            "The database judges batches by another level of low stock than the settings' "
            f"{settings.limits.stock_low_percent:g} %: its owner has to run dosing-tui migrate."
        )


def _maintain(settings: Settings) -> None:
    maintain(settings, now=now_utc())


def _other_writers(settings: Settings) -> list[str]:
    with _reader(settings) as reader:
        return reader.other_writers()


def _answers(settings: Settings) -> None:
    with _reader(settings) as reader:
        reader.ping()


def _follow(
    settings: Settings, stopping: threading.Event, on_link: Callable[[bool, str], None]
) -> Iterator[journal.Heard]:
    return journal.follow(settings, stopping, on_link=on_link)


def _seed(settings: Settings) -> list[Reading]:
    with _reader(settings) as reader:
        return reader.seed()


def _errors(settings: Settings, since: datetime) -> list[MinuteOfErrors]:
    return journal.errors_of_the_hour(settings, since=since)


@contextmanager
def _reader(settings: Settings) -> Iterator[Reader]:
    reader = Reader(settings)
    reader.open()
    try:
        yield reader
    finally:
        reader.close()
