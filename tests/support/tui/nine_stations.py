"""Nine stations with twelve chemicals each, whose names share their beginnings: readings and alarms.

``python -m tests.support.tui.nine_stations`` shows them on the console, without servers.
"""

import os
import random
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from msgspec import structs
from msgspec.structs import replace

from dosing_tui.config.loader import load_settings
from dosing_tui.config.settings import PlantSettings
from dosing_tui.domain.alarm_rules.evaluator import Evaluator
from dosing_tui.domain.alarm_rules.shared.detection import ConnectionState, EvaluationContext
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarms.models import AlarmKey
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading, TimeQuality
from dosing_tui.live_snapshot import LinkState, LinkStatus, MessageCounts, Role
from dosing_tui.live_state import LiveState
from dosing_tui.tui.app.main import get_utc_now, run_app
from tests.support.tui.sample_plant import FakeSource, History

STATIONS = tuple(f"dosing_system_{number:02}" for number in range(1, 10))
CHEMICALS = (
    "Natriumhypochlorit 12 %", "Natriumhypochlorit 15 %", "Natriumhydroxid 30 %", "Natriumhydroxid 50 %",
    "Polyaluminiumchlorid 10", "Polyaluminiumchlorid 18", "polyacrylamide_anionic_A110",
    "polyacrylamide_cationic_A110", "Aktivator grün A1", "Aktivator grün B1", "T-12", "T-9",
)  # fmt: skip
"""Twelve: in pairs that differ at the end or in the middle."""
RECIPES = ("CU-65/75 BDO soft", "CU-65/75 BDO hard", "FG-85/95")
CAPACITY_G = 20_000.0
LOW_TANKS: Mapping[tuple[int, int], float] = {
    (2, 0): 3.1,
    (2, 1): 12.5,
    (5, 6): 18.2,
    (5, 7): 4.4,
    (8, 11): 16.0,
}
"""(station, chemical), counted from 0 -> percent full."""
OFFLINE = 7
"""The station, counted from 0, whose messages ended an hour ago."""


def compute_percent(station: int, chemical: int) -> float:
    return LOW_TANKS.get((station, chemical), 24.0 + (station * 29 + chemical * 17) % 75)


def build_levels(at: datetime) -> list[InventoryLevel]:
    """A level of each of the 108 tanks."""
    return [
        InventoryLevel(
            time=moment, device_id=device, chemical=chemical,
            remaining_g=CAPACITY_G * percent / 100, capacity_g=CAPACITY_G, percent_full=percent,
            dedup=station * 100 + number, received_at=moment, time_quality=TimeQuality.DEVICE,
        )
        for station, device in enumerate(STATIONS) for number, chemical in enumerate(CHEMICALS)
        for percent in [compute_percent(station, number)]
        for moment in [_find_last_message(at, station) - timedelta(seconds=number)]
    ]  # fmt: skip


def build_batches(at: datetime) -> Iterator[Reading]:
    """In time order per station: a batch that is complete, and for all but three one that runs."""
    for station, device in enumerate(STATIONS):
        end = _find_last_message(at, station) - timedelta(seconds=20 + 9 * station)
        for number, is_complete in enumerate((True, False)):
            if station % 4 == 3 and not is_complete:
                continue
            start = end - timedelta(seconds=(600, 150)[number])
            recipe = RECIPES[(station + number) % len(RECIPES)]
            yield _build_event(device, "start", recipe, start)
            for pump in range(1, 5 if is_complete else 2 + station % 3):
                yield _build_dose(device, pump, recipe, start + timedelta(seconds=30 * pump), station)
            if is_complete:
                yield _build_event(device, "complete", recipe, start + timedelta(seconds=200))


def build_evaluator(at: datetime) -> Evaluator:
    """What the rules say of these readings: low tanks, gross errors, a station that is offline."""
    evaluator = Evaluator(AlarmLimits(), expected_stations=STATIONS, started_at=at - timedelta(hours=2))
    for reading in sorted([*build_levels(at), *build_batches(at)], key=lambda each: each.received_at):
        evaluator.on_reading(reading)
    up = ConnectionState(is_up=True, since=at - timedelta(hours=2))
    evaluator.on_tick(EvaluationContext(at, broker=up, database=up))
    return evaluator


def build_live_state(at: datetime) -> LiveState:
    """As it is after a while of collecting."""
    live, up = LiveState(), LinkState(LinkStatus.UP, at - timedelta(hours=2))
    live.seed_readings([*build_batches(at), *build_levels(at)])
    live.count_messages(["factory/dosing/consumption"] * 42, at - timedelta(seconds=1))
    live.set_broker(up)
    live.set_database(up)
    live.set_message_counts(MessageCounts(received=12_482, stored=12_470, duplicates=7, rejected=5))
    live.set_role(Role.COLLECTOR)
    live.set_alarms(build_evaluator(at).take_snapshot(at, is_journal_live=True))
    return live


class NineStationsSource(FakeSource):
    """Answers panels; new messages never come."""

    def start_collector(self) -> None:
        pass

    def open_reader(self) -> None:
        """There is nothing to connect to."""

    def stop(self) -> None:
        """There is nothing to end."""


def build_source(at: datetime) -> NineStationsSource:
    """A day of batches of all stations behind it, and the journal of its alarms."""
    source = NineStationsSource(build_history(at))
    entries = build_evaluator(at).projection.pending_entries
    source.entries = [structs.replace(entry, id=number) for number, entry in enumerate(entries, start=1)]
    return source


def build_history(at: datetime) -> History:
    """Batches of all stations over a day, and those of the present."""
    dice, doses, events = random.Random(9), list[Dose](), list[BatchEvent]()
    for station, device in enumerate(STATIONS):
        start = at - timedelta(hours=26) + timedelta(minutes=2 * station)
        while start < at - timedelta(minutes=20):
            recipe = dice.choice(RECIPES)
            events.append(_build_event(device, "start", recipe, start))
            for pump in range(1, 5):
                moment = start + timedelta(seconds=30 * pump)
                doses.append(
                    _build_dose(device, pump, recipe, moment, station, round(dice.gauss(0.03, 0.25), 2))
                )
            events.append(_build_event(device, "complete", recipe, start + timedelta(seconds=200)))
            start += timedelta(minutes=dice.randrange(12, 40))
    present = list(build_batches(at))
    doses += [reading for reading in present if isinstance(reading, Dose)]
    events += [reading for reading in present if isinstance(reading, BatchEvent)]
    return History(tuple(sorted(doses, key=lambda d: d.time)), tuple(sorted(events, key=lambda e: e.time)))


def list_tank_alarms() -> list[tuple[AlarmKey, str]]:
    """Four alarms for each tank, with the messages that the rules give them."""
    return [
        (AlarmKey(rule, device, chemical), text.format(chemical=chemical, device=device))
        for device in STATIONS for chemical in CHEMICALS
        for rule, text in (
            ("STOCK_LOW", "Low inventory: {chemical} at 18.3 % · last dose 40.00 g"),
            ("STOCK_CRITICAL", "Tank nearly empty: {chemical} at 4.1 %"),
            ("DOSE_OUT_OF_TOL", "Dose out of tolerance: {chemical} +0.61 g of 40.00 g (pump 3, {device})"),
            ("DOSE_GROSS", "Gross dosing error: {chemical} +3.10 g of 40.00 g (pump 3, {device})"),
        )
    ]  # fmt: skip


def _find_last_message(at: datetime, station: int) -> datetime:
    return at - (timedelta(hours=1) if station == OFFLINE else timedelta(seconds=3 * station))


def _build_event(device: str, event: str, recipe: str, at: datetime) -> BatchEvent:
    return BatchEvent(
        time=at, device_id=device, event=event, recipe=recipe, pumps=4, dedup=0, received_at=at,
        time_quality=TimeQuality.DEVICE,
    )  # fmt: skip


def _build_dose(
    device: str, pump: int, recipe: str, at: datetime, station: int, error: float | None = None
) -> Dose:
    if error is None:
        error = 3.4 if station == 4 and pump == 2 else round((pump * 37 + station * 11) % 9 / 20 - 0.2, 2)
    return Dose(
        time=at, device_id=device, pump=pump, chemical=CHEMICALS[(pump * 3 + station) % len(CHEMICALS)],
        target_g=40.0, actual_g=40.0 + error, error_g=error, recipe=recipe, mode="CATALYST",
        duration_ms=28_000 + 100 * pump, dedup=0, received_at=at, time_quality=TimeQuality.DEVICE,
    )  # fmt: skip


def main() -> int:
    """With the settings of the environment, e.g. DOSING_CONSOLE_THEME=light."""
    settings = replace(
        load_settings(None, os.environ).settings, plant=PlantSettings(name="Plant 1", devices=STATIONS)
    )
    at = get_utc_now()
    return run_app(settings, build_live_state(at), build_source(at))


if __name__ == "__main__":
    sys.exit(main())
