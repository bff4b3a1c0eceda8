"""A plant with very many names in a real database, and a console on it that measures what each key costs."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import psycopg
from msgspec.structs import replace
from textual.pilot import Pilot

from dosing_tui.collector_process.remote_live_state import RemoteLiveState
from dosing_tui.config.settings import PlantSettings, Settings
from dosing_tui.database.alarms import journal
from dosing_tui.database.batches.incremental_rebuild import rebuild_changed_days
from dosing_tui.database.presence.station_status_writer import StationStatusWriter
from dosing_tui.domain.alarm_rules.evaluator import Evaluator
from dosing_tui.domain.alarm_rules.shared.detection import ConnectionState, EvaluationContext
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading, TimeQuality
from dosing_tui.domain.presence.models import ConnectionReport, StationReport
from dosing_tui.live_snapshot import LinkState, LinkStatus, Role
from dosing_tui.live_state import LiveState
from dosing_tui.tui.app.app import DosingApp
from dosing_tui.tui.data.backend import Backend
from tests.support.database.reading_samples import settings_for
from tests.support.database.stored_batches import write_readings
from tests.support.local_days import find_zone_where_it_is
from tests.support.polling import PATIENCE_S
from tests.support.tui.console_driver import Clock, wait_for, wait_until_drawn

SPREAD = timedelta(hours=20)
"""Before the present, in which everything happens."""
HOUR = 21
"""Of the plant's present: all of the spread is of today, and today goes on for longer than any test."""
REBUILT = 20
"""Batches that are made of their messages; the others are copies of their rows under other names."""
_COPY_BATCHES = """
INSERT INTO batches (batch_key, batch_id, device_id, recipe, mode, status, reason, begins_at, ends_at,
                     last_at, anchored_at, anchor, pumps, doses, target_g, actual_g, findings, finding_kinds,
                     record_hash, judgement_hash)
SELECT batch_key || n, batch_id || '-' || n, 'dosing_system_' || lpad(n::text, 5, '0'),
       'recipe ' || lpad(n::text, 5, '0'), mode, status, reason, begins_at - n * INTERVAL '1 second',
       ends_at - n * INTERVAL '1 second', last_at, anchored_at, anchor, pumps, doses, target_g, actual_g,
       findings, finding_kinds, record_hash, judgement_hash
  FROM (SELECT * FROM batches WHERE status = 'complete' ORDER BY batch_key LIMIT 1) AS one,
       generate_series(%s::int, %s::int) AS n
"""
_REPEAT_TARGETS = "UPDATE pump_targets SET doses = 10"
"""Their older doses are beyond the retention: the panel of the pumps lists each."""


def build_readings(count: int, at: datetime) -> Iterator[Reading]:
    """A dose of each of ``count`` stations, chemicals and recipes; batch events of the first."""
    for number in range(count):
        time_of_dose = (at - timedelta(minutes=3) - SPREAD * number / count).replace(microsecond=0)
        dose = Dose(
            time=time_of_dose, device_id=f"dosing_system_{number:05}", pump=1,
            chemical=f"chemical {number:05}", target_g=40.0, actual_g=40.0 + number % 7 / 10,
            error_g=number % 7 / 10, recipe=f"recipe {number:05}", mode="CATALYST",
            duration_ms=59_000 + number % 900, dedup=number, received_at=time_of_dose,
            time_quality=TimeQuality.DEVICE,
        )  # fmt: skip
        yield dose
        if number < REBUILT:
            for event, seconds in (("start", -70), ("complete", 1)):
                moment = time_of_dose + timedelta(seconds=seconds)
                yield BatchEvent(
                    time=moment,
                    device_id=dose.device_id,
                    event=event,
                    recipe=dose.recipe,
                    pumps=1,
                    dedup=number,
                    received_at=moment,
                    time_quality=TimeQuality.DEVICE,
                )


def build_levels(count: int, at: datetime, low_every: int = 2) -> list[InventoryLevel]:
    """One tank for each station; one of ``low_every`` is low."""
    return [
        InventoryLevel(
            time=at - timedelta(seconds=30),
            device_id=f"dosing_system_{number:05}",
            chemical=f"chemical {number:05}",
            remaining_g=800.0 if number % low_every == 1 else 8_000.0 + number % 100,
            capacity_g=10_000.0,
            percent_full=8.0 if number % low_every == 1 else 80.0 + number % 100 / 100,
            dedup=number,
            received_at=at - timedelta(seconds=30),
            time_quality=TimeQuality.RECEIVE,
        )
        for number in range(count)
    ]


def write_statuses(dsn: str, devices: list[str], at: datetime) -> None:
    """Every station tells that it is online."""
    writer = StationStatusWriter(settings_for(dsn))
    reports = (StationReport(device, at, False, ConnectionReport.ONLINE) for device in devices)
    writer.write_news(list(reports))
    writer.close()


@dataclass
class CrowdedPlant:
    """The settings of its database, and what the console knows from messages."""

    settings: Settings
    live: LiveState
    at: datetime


def fill_plant(dsn: str, count: int, low_every: int = 2) -> CrowdedPlant:
    """``count`` names of each kind, a batch of each, and an alarm for every tank that is low.

    The console and the rules keep 2,000 of the stations and tanks, and say so. Every level was checked when
    it came: the alarm of a tank that is not kept is still there, until nothing has confirmed it for a minute.
    """
    at = datetime.now(UTC)
    zone = find_zone_where_it_is(HOUR, at)
    settings = settings_for(dsn)
    settings = replace(
        settings,
        plant=PlantSettings(name="Plant 1", timezone=zone),
        database=replace(settings.database, statement_timeout_s=10 * PATIENCE_S),  # however busy the machine
    )
    readings, levels = list(build_readings(count, at)), build_levels(count, at, low_every)
    write_readings(dsn, [*readings, *levels])
    rebuild_changed_days(settings, now=at)
    for days in (2, 1):  # what a tank lost is told of days that are over
        write_readings(dsn, build_levels(count, at - timedelta(days=days), low_every))
    write_statuses(dsn, [level.device_id for level in levels], at)
    with psycopg.connect(dsn, autocommit=True) as session:
        session.execute(_COPY_BATCHES, (REBUILT, count - 1))
        session.execute(_REPEAT_TARGETS)
        session.execute("ANALYZE")
    evaluator = Evaluator(AlarmLimits(), expected_stations=(), started_at=at)
    entries = [entry for level in levels for entry in evaluator.on_reading(level)]
    connected = ConnectionState(True, at)
    entries += evaluator.on_tick(EvaluationContext(at, broker=connected, database=connected))
    journal.append_entries(settings, entries)
    live, up = LiveState(), LinkState(LinkStatus.UP, at)
    live.seed_readings([*(reading for reading in reversed(readings) if isinstance(reading, Dose)), *levels])
    live.count_messages(["factory/dosing/consumption"] * count, at)
    live.set_broker(up)
    live.set_database(up)
    live.set_role(Role.COLLECTOR, evaluator.ceiling_text)
    live.set_alarms(evaluator.take_snapshot(at, is_journal_live=True))
    return CrowdedPlant(settings, live, at)


@dataclass
class KeyCost:
    name: str
    cpu_s: float
    """Of the thread that draws: independent of what else the machine does."""


@dataclass
class CrowdedConsole:
    app: DosingApp
    pilot: Pilot[None]
    costs: list[KeyCost] = field(default_factory=list)

    @property
    def screen(self) -> str:
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)

    async def press_measured(self, key: str, name: str = "") -> str:
        """Press a key, draw, and note the time that the screen's thread has worked for it."""
        begun = time.thread_time()
        await self.pilot.press(key)
        await self.pilot.pause()
        self.costs.append(KeyCost(f"{name} {key}".strip(), time.thread_time() - begun))
        return self.screen

    async def draw_measured(self, name: str) -> str:
        """One tick: status, alarms, and the tiles in sight."""
        begun = time.thread_time()
        self.app._run_tick()
        await self.pilot.pause()
        self.costs.append(KeyCost(f"{name} frame", time.thread_time() - begun))
        return self.screen

    async def wait_for_text(self, text: str) -> str:
        await wait_for(lambda: text in self.screen, lambda: f"{text!r} is not on\n{self.screen}")
        return self.screen

    async def wait_for_answers(self) -> None:
        await wait_until_drawn(self.app)
        await self.pilot.pause()

    def report_costs(self) -> str:
        return "\n".join(f"{cost.cpu_s * 1000:8.0f} ms  {cost.name}" for cost in self.costs)


@asynccontextmanager
async def open_crowded_console(
    plant: CrowdedPlant, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[CrowdedConsole]:
    clock = Clock()
    clock.now = plant.at
    backend = Backend(plant.settings, RemoteLiveState(), clock)
    await asyncio.to_thread(backend._open_reader)
    app = DosingApp(plant.settings, plant.live, backend, clock)
    try:
        async with app.run_test(size=size) as pilot:
            console = CrowdedConsole(app, pilot)
            await console.wait_for_answers()
            yield console
    finally:
        assert backend._reader is not None
        backend._reader.close()
