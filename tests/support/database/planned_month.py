"""A month of a plant whose batches are planned: what became of each is known before a message is written."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from msgspec import structs

from dosing_tui.domain.batches.models import Batch, BatchStatus
from dosing_tui.domain.materials.ledger import SETTING_KINDS, MaterialKind
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, TimeQuality
from tests.support.database.sample_month import LedgerEntry, PlantReadings
from tests.support.domain.material_book import BookEntry

BEGIN = datetime(2026, 10, 3, tzinfo=UTC)
DAYS = 28
"""The clocks of Berlin go back on the 23rd of them."""
STATIONS = ("station-1", "station-2")
RECIPES = {"CU-65/75": "BDO", "CU-85": "CATALYST", "FG-85/95": "CATALYST"}
"""Mode by recipe; every fourth CU-85 is made in the mode BDO."""
CHEMICALS = {1: "BDO", 2: "T-12"}
CAPACITY_G = 20_000.0
OUTCOMES = {"complete": 14, "abort": 2, "interrupted": 2, "silent": 1}
"""How often; interrupted: another batch is started before the end, silent: no end is received."""
_STATUS = {
    "complete": BatchStatus.COMPLETE,
    "abort": BatchStatus.ABORTED,
    "interrupted": BatchStatus.ABORTED,
    "silent": BatchStatus.INCOMPLETE,
}
_DEVICE = TimeQuality.DEVICE


def plan_month() -> PlantReadings:
    """Some masses and durations are missing; a station restarts every fifth day with full tanks.

    The last tank is never counted.
    """
    chance = random.Random(12)
    made: list[PlantReadings] = []
    for station in STATIONS:
        tanks = dict.fromkeys(CHEMICALS.values(), CAPACITY_G)
        for day in range(DAYS):
            if day % 5 == 4:  # a reboot: the tanks are said to be full
                tanks = dict.fromkeys(tanks, CAPACITY_G)
            starts = _list_starts(BEGIN + timedelta(days=day), chance)
            made += [_plan_batch(station, start, chance, tanks) for start in starts]
    names = [(station, chemical) for station in STATIONS for chemical in CHEMICALS.values()]
    materials = [entry for name in names[:-1] for entry in _plan_materials(*name, chance)]
    return replace(_join_plants(made), materials=tuple(materials))


def _plan_materials(station: str, chemical: str, chance: random.Random) -> list[LedgerEntry]:
    """A count, then one entry a day; some at the same instant, one of a mass that is not known."""
    kinds = [MaterialKind.COUNT, *chance.choices(list(MaterialKind), k=DAYS - 1)]
    made = []
    for day, kind in enumerate(kinds):
        at = BEGIN + timedelta(days=day, hours=chance.randint(0, 20), minutes=chance.randint(0, 59))
        mass_g = round(chance.uniform(1, 9_000), 2)
        if kind is MaterialKind.CORRECTION:
            mass_g -= 5_000
        made.append(BookEntry(at, kind, mass_g, 2 * day))
        if kind in SETTING_KINDS:  # what happens at its instant
            made.append(BookEntry(at, MaterialKind.PURGE, 7.5, 2 * day + 1))
    made[-1] = replace(made[-1], kind=MaterialKind.PRIME, mass_g=None)
    return [LedgerEntry(station, chemical, entry) for entry in made]


def _join_plants(plants: Sequence[PlantReadings]) -> PlantReadings:
    return PlantReadings(
        tuple(dose for plant in plants for dose in plant.doses),
        tuple(event for plant in plants for event in plant.events),
        tuple(level for plant in plants for level in plant.levels),
        tuple(batch for plant in plants for batch in plant.batches),
    )


def _list_starts(day: datetime, chance: random.Random) -> list[datetime]:
    """Every four hours, and around both midnights of Berlin."""
    starts = [day + timedelta(hours=4 * n, minutes=chance.randint(5, 50)) for n in range(5)]
    return [*starts, day + timedelta(hours=21, minutes=59), day + timedelta(hours=22, minutes=59)]


def _plan_batch(
    station: str, start: datetime, chance: random.Random, tanks: dict[str, float]
) -> PlantReadings:
    """An interrupted batch is followed by the complete one that interrupts it, five minutes later."""
    outcome = chance.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
    found = _make_batch(station, start, outcome, chance, tanks)
    if outcome != "interrupted":
        return found
    after = _make_batch(station, start + timedelta(minutes=5), "complete", chance, tanks)
    return _join_plants([found, after])


def _make_batch(
    station: str, start: datetime, outcome: str, chance: random.Random, tanks: dict[str, float]
) -> PlantReadings:
    recipe = chance.choice(list(RECIPES))
    mode = "BDO" if recipe == "CU-85" and chance.random() < 0.25 else RECIPES[recipe]
    doses = tuple(
        _make_dose(station, start + timedelta(seconds=61 * pump), recipe, mode, pump, chance)
        for pump in CHEMICALS
    )
    begin = BatchEvent(start, station, "start", recipe, 2, 1, start, _DEVICE)
    events = [begin]
    last_at = doses[-1].time
    if outcome in ("complete", "abort"):
        last_at = start + timedelta(seconds=125)
        events.append(structs.replace(begin, time=last_at, event=outcome, received_at=last_at))
    levels = tuple(_make_level(dose, tanks) for dose in doses)
    batch = Batch(
        "", station, recipe, mode, _STATUS[outcome], "", start, last_at, last_at,
        (station, start, "start", recipe, 1), 2, doses, tuple(events),
    )  # fmt: skip
    return PlantReadings(doses, tuple(events), levels, (batch,))


def _make_dose(station: str, at: datetime, recipe: str, mode: str, pump: int, chance: random.Random) -> Dose:
    target = 400.0 if mode == "BDO" else 40.0
    actual = None if chance.random() < 0.05 else round(target + chance.gauss(0.05, 0.4), 2)
    return Dose(
        at, station, pump, CHEMICALS[pump], target, actual,
        None if actual is None else round(actual - target, 6), recipe, mode,
        None if chance.random() < 0.05 else chance.randint(2_000, 60_000), 1, at, _DEVICE,
    )  # fmt: skip


def _make_level(dose: Dose, tanks: dict[str, float]) -> InventoryLevel:
    tanks[dose.chemical] = round(tanks[dose.chemical] - (dose.actual_g or dose.target_g or 0.0), 2)
    left = tanks[dose.chemical]
    at = dose.time + timedelta(seconds=1)
    return InventoryLevel(
        at, dose.device_id, dose.chemical, left, CAPACITY_G, round(100 * left / CAPACITY_G, 2), 1, at, _DEVICE
    )
