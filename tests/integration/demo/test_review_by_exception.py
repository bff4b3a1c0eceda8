"""The demo's first ten minutes, by its own clock: nearly every good batch is without an exception.

Its messages go through the collector's parser, writer, alarm rules, journal and rebuild; only the broker and
the waiting are left out.
"""

import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dosing_tui.cli.main import demo
from dosing_tui.collector.dependencies import build_database, build_parser
from dosing_tui.config.alarm_limits import build_alarm_limits
from dosing_tui.config.settings import DatabaseSettings, PlantSettings, Settings
from dosing_tui.database.alarms import journal
from dosing_tui.database.batches.incremental_rebuild import rebuild_changed_days
from dosing_tui.database.batches.queries import list_batches, open_session, read_batch
from dosing_tui.database.batches.spans.alarm_spans import select_alarm_spans
from dosing_tui.demo import seed_history
from dosing_tui.demo.demo_settings import list_station_names
from dosing_tui.demo.main import SCREEN_FAULTS
from dosing_tui.domain.alarm_rules.evaluator import Evaluator
from dosing_tui.domain.alarm_rules.shared.detection import ConnectionState, EvaluationContext
from dosing_tui.domain.alarm_rules.shared.rule_state import HOUR
from dosing_tui.domain.batch_review.exception_checks import judge_batch
from dosing_tui.domain.batch_review.finding_weight import ExceptionKind, RulesVersion
from dosing_tui.domain.batch_review.query_models import BatchDetail, BatchFilter
from dosing_tui.domain.batches.models import Batch, BatchMessage
from dosing_tui.domain.messages.models import Reading, Rejection
from dosing_tui.simulator.fault_injection import Fault, parse_faults
from dosing_tui.simulator.plant import PlantMessage, SimulatedPlant
from tests.support.database.stored_batches import write_readings
from tests.support.simulator.simulated_plants import decode_fields

BERLIN = ZoneInfo("Europe/Berlin")

START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
TEN_MINUTES, END = START + timedelta(minutes=10), START + timedelta(minutes=30)
"""Until the second, stations restart, too."""
PAST = timedelta(hours=3)
"""Shorter than the demo's own, and long enough for what the rules look back to."""
SECOND, WARM_UP = timedelta(seconds=1), seed_history.WARM_UP


class RecordedCollector:
    """The collector's path of a message, by the clock of the messages."""

    def __init__(self, settings: Settings) -> None:
        store = build_database(settings).alarm_store
        self._parser = build_parser(settings)
        self._evaluator = Evaluator(
            build_alarm_limits(settings), expected_stations=settings.plant.devices, started_at=START
        )
        self.readings: list[Reading] = []
        self.entries = self._evaluator.load_history(store.load_readings())
        self._evaluator.rules.load_dose_history(store.list_pump_doses(), store.list_usual_durations())
        self._evaluator.rules.load_dose_errors(store.list_dose_errors(START - HOUR))
        self._ticked_at = START

    def receive(self, message: PlantMessage) -> None:
        self.tick_until(message.at)
        for item in self._parser.parse_message(message.topic, message.payload, received_at=message.at):
            if isinstance(item, Rejection):
                self.entries += self._evaluator.on_rejection(item)
            else:
                self.readings.append(item)
                self.entries += self._evaluator.on_reading(item)

    def tick_until(self, moment: datetime) -> None:
        up = ConnectionState(is_up=True, since=START)
        while self._ticked_at + SECOND <= moment:
            self._ticked_at += SECOND
            now = EvaluationContext(self._ticked_at, broker=up, database=up)
            self.entries += self._evaluator.on_tick(now)


@pytest.fixture
def settings(migrated: str) -> Settings:
    (option,) = [each for each in demo.params if each.name == "devices"]
    assert isinstance(option.default, int)
    return Settings(
        plant=PlantSettings(timezone="Europe/Berlin", devices=list_station_names(option.default)),
        database=DatabaseSettings(dsn=migrated),
    )


def run_demo_plant(settings: Settings) -> tuple[list[BatchDetail], int]:
    """The batches that ended in the half hour, and the number of restarts of a station."""
    plant = SimulatedPlant(1, len(settings.plant.devices), since=START - PAST, mqtt=settings.mqtt)
    past = seed_history.generate_messages(plant, since=START - PAST, until=START, zone=BERLIN)
    seed_history.store_messages(settings, past)
    collector = RecordedCollector(settings)
    live = list(plant.generate_live(START, faults=parse_faults(SCREEN_FAULTS), until=END))
    for message in live:
        collector.receive(message)
    collector.tick_until(END)
    write_readings(settings.database.dsn, collector.readings)
    journal.append_entries(settings, collector.entries)
    rebuild_changed_days(settings, now=END)
    rows = [
        row for row in list_batches(settings, BatchFilter(since=START - WARM_UP), rows=1_000) if row.ends_at
    ]
    details = [read_batch(settings, row.batch_key) for row in rows if row.ends_at and row.ends_at > START]
    restarts = {
        (decode_fields(each)["device_id"], int(each.at.timestamp()) // 10)
        for each in live
        if each.fault == Fault.REBOOT
    }
    return [detail for detail in details if detail], len(restarts)


def is_good(batch: Batch) -> bool:
    """Complete, in tolerance and unrepaired, by its messages alone."""
    errors_g = [abs(dose.error_g) if dose.error_g is not None else 9.9 for dose in batch.doses]
    messages: tuple[BatchMessage, ...] = (*batch.doses, *batch.events)
    flags = [flag for message in messages for flag in message.flags]
    return batch.status == "complete" and len(errors_g) == 2 and max(errors_g) <= 0.5 and not flags


def test_nearly_every_good_batch_of_the_demo_is_without_an_exception(settings: Settings) -> None:
    details, restarts = run_demo_plant(settings)
    with open_session(settings) as session:
        alarms = select_alarm_spans(session, site=settings.plant.site, since=START - WARM_UP, until=END)
    early = [detail for detail in details if detail.batch.last_at < TEN_MINUTES]
    good = [detail for detail in early if is_good(detail.batch)]
    clean = [detail for detail in good if not detail.assessment.exceptions]
    old = [judge_batch(one.batch, alarms=alarms, rules=RulesVersion.ALL_COUNT).exceptions for one in good]
    jumped = [
        detail.row.batch_id
        for detail in details
        if any(one.kind is ExceptionKind.STOCK_JUMP for one in detail.assessment.exceptions)
    ]
    sys.stdout.write(
        f"{len(early)} batches, {len(good)} good, {len(clean)} of them without an exception"
        f" ({sum(not each for each in old)} by rules 1); {restarts} restarts, jumps in {jumped};"
        f" {len(alarms)} alarms\n"
    )
    assert len(good) >= 20
    assert len(clean) >= 0.95 * len(good)
    assert restarts
    assert len(jumped) <= restarts
    assert any(detail.assessment.remarks for detail in clean), "the alarms are remarks, not lost"
