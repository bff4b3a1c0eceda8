"""Builds the collector's parser and database calls from the settings."""

from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar
from zoneinfo import ZoneInfo

from dosing_tui.collector.context.interfaces import (
    AlarmStore,
    CollectorDatabase,
    PayloadParser,
    RebuildCall,
)
from dosing_tui.collector.context.status import StatusReporter
from dosing_tui.collector.pipeline.batch_rebuilder import OnDemandRebuild
from dosing_tui.config.sections.site_settings import SessionSettings
from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms import journal
from dosing_tui.database.alarms.notification_queue import NotificationQueue
from dosing_tui.database.audit.audit_head import read_audit_head
from dosing_tui.database.batches.incremental_rebuild import SmallRebuilds, rebuild_until_now
from dosing_tui.database.batches.rebuild_span import select_tolerance_book
from dosing_tui.database.connection import KeptSession, Session
from dosing_tui.database.leader_election import LeaderElection, LeaderLease, read_lease_epoch
from dosing_tui.database.lots.lot_reader import read_tank_lots
from dosing_tui.database.maintenance.blocking_sessions import SessionWatchdog
from dosing_tui.database.materials.ledger_entries import select_movements
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.presence.station_status_writer import StationStatusWriter
from dosing_tui.database.pumps.service_log import read_service_states
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.database.schema.maintenance import run_maintenance
from dosing_tui.database.schema.migrate import (
    RETENTION_PREFIX,
    is_settings_step,
    list_pending_steps,
    migrate_schema,
)
from dosing_tui.database.schema.plant_limits import ALARMS, REORDER, STOCK_LOW, TOLERANCE, select_alarm_limits
from dosing_tui.domain.alarm_rules.shared.batch_need import BatchNeed
from dosing_tui.domain.messages.message_parser import ClockRules, MessageParser
from dosing_tui.domain.messages.models import ReadingKind
from dosing_tui.domain.panels.panel_catalog import STOCK_OUTLOOK, PanelQuery, StockOutlook
from dosing_tui.errors import DatabaseAccessError, DatabaseError
from dosing_tui.ipc.call_server import CallTarget
from dosing_tui.ipc.subprocess_call import SubprocessCall

ResultT = TypeVar("ResultT")


def now_utc() -> datetime:
    return datetime.now(UTC)


def build_parser(settings: Settings) -> PayloadParser:
    clock = settings.clock
    rules = ClockRules(
        max_age=clock.max_age, max_ahead=clock.max_ahead, device_zone=ZoneInfo(clock.device_timezone)
    )
    parser = MessageParser(dict(zip(settings.mqtt.topics, ReadingKind, strict=True)), rules)
    with suppress(DatabaseError):  # without it, each name and counter is known from its next message on
        parser.load_history(_call_reader(settings, PanelReader.load_readings))
    return parser


def build_database(settings: Settings) -> CollectorDatabase:
    lease = LeaderLease()
    polls = KeptSession(settings, application="alarm-rules")
    return CollectorDatabase(
        create_writer=partial(ReadingWriter, settings),
        create_status_writer=partial(StationStatusWriter, settings),
        create_leader_lock=partial(LeaderElection, settings, lease),
        is_leader_confirmed=lambda: lease.is_confirmed,
        get_leader_epoch=lambda: lease.token.epoch if lease.token else None,
        read_lease_epoch=partial(read_lease_epoch, settings),
        prepare_schema=partial(_prepare_schema, settings),
        run_maintenance=lambda: run_maintenance(settings, now=now_utc(), is_optional=True),
        create_rebuild_call=partial(_create_rebuild_call, settings, lease),
        create_watchdog=partial(SessionWatchdog, settings),
        list_other_writers=partial(_call_reader, settings, PanelReader.list_other_writers),
        alarm_store=AlarmStore(
            append_entries=lambda entries: journal.append_entries(settings, entries, lease=lease.token),
            follow_journal=partial(journal.follow_journal, settings),
            save_checkpoint=lambda state: journal.save_checkpoint(settings, state, lease=lease.token),
            find_stored=partial(journal.find_stored, settings),
            load_readings=partial(_call_reader, settings, PanelReader.load_readings),
            list_dose_errors=partial(journal.list_dose_errors, settings),
            list_pump_doses=partial(journal.list_pump_doses, settings),
            list_usual_durations=partial(journal.list_usual_durations, settings),
            read_alarm_limits=partial(_call_kept, polls, partial(select_alarm_limits, settings=settings)),
            read_batch_needs=partial(_read_batch_needs, settings),
            read_tolerances=partial(_call_kept, polls, select_tolerance_book),
            read_tank_lots=partial(read_tank_lots, settings),
            list_movements=lambda after: _call_kept(polls, lambda session: select_movements(session, after)),
            read_outlook=partial(_read_outlook, settings),
            read_service_states=partial(read_service_states, settings),
            close=polls.close,
        ),
        create_notification_queue=partial(NotificationQueue, settings, lease),
        read_audit_head=partial(read_audit_head, settings),
    )


def _read_outlook(settings: Settings, now: datetime) -> Sequence[StockOutlook]:
    """The rows of the panel."""
    query = PanelQuery(now, now, now)
    return _call_reader(settings, lambda reader: reader.read_panel(STOCK_OUTLOOK, query))


def _read_batch_needs(settings: Settings, now: datetime) -> Sequence[BatchNeed]:
    return _call_reader(settings, lambda reader: reader.list_batch_needs(now))


def _create_rebuild_call(settings: Settings, lease: LeaderLease) -> RebuildCall:
    return OnDemandRebuild(
        SmallRebuilds(settings, get_lease=lambda: lease.token),
        SubprocessCall(build_rebuild_target(settings), list_arguments=lambda: (lease.token,)),
    )


def build_rebuild_target(settings: Settings) -> CallTarget:
    """What the process for many readings calls: its start is most of what it costs, so it is given little."""
    return partial(rebuild_until_now, SessionSettings(settings.plant, settings.database))


def _prepare_schema(settings: Settings, report: StatusReporter) -> None:
    if settings.database.migrate:
        migrate_schema(settings, report=report, keeps_newer_rules=True)
        return
    missing = list_pending_steps(settings)
    if schema := [name for name in missing if not is_settings_step(name)]:
        raise DatabaseAccessError(
            f"The database schema is not up to date ({', '.join(schema)} missing): "
            "its owner must run dosing-tui migrate."
        )
    for difference in dict.fromkeys(_describe_difference(name, settings) for name in missing):
        report(f"{difference}: the database's owner must run dosing-tui migrate.")


def _describe_difference(step: str, settings: Settings) -> str:
    """``step``: one that only enters changed settings."""
    limits = settings.limits
    differences = {
        TOLERANCE: "The tolerances in these settings differ from the database's, which count",
        ALARMS: "The alarm limits in these settings differ from the database's, which count",
        STOCK_LOW: "The low-stock limit in the database differs from the settings' "
        f"{limits.stock_low_percent:g} %",
        REORDER: f"The reorder point's lead time ({limits.reorder_lead_days:g} d) or z "
        f"({limits.reorder_z:g}) in these settings differs from the database's, which counts",
    }
    name = "retention" if step.startswith(RETENTION_PREFIX) else step
    return differences.get(name, f"The {name} in these settings differs from the database's, which counts")


def _call_kept(kept: KeptSession, query: Callable[[Session], ResultT]) -> ResultT:
    """In one transaction: it may have several statements."""
    with kept.use() as session, session.transaction():
        return query(session)


def _call_reader(settings: Settings, query: Callable[[PanelReader], ResultT]) -> ResultT:
    with closing(PanelReader(settings)) as reader:
        reader.open()
        return query(reader)
