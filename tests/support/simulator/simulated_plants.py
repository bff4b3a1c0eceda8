"""Plants for tests, and their messages read back."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from dosing_tui.simulator.fault_injection import Fault
from dosing_tui.simulator.plant import PlantMessage, SimulatedPlant

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
DOSES, EVENTS, LEVELS = "factory/dosing/consumption", "factory/batch/events", "factory/inventory/levels"
ALL = frozenset(Fault)


def take_live(
    count: int,
    *,
    seed: int = 1,
    devices: int = 3,
    rate: float | None = 10.0,
    speed: float = 1.0,
    faults: Iterable[Fault] = (),
    start: datetime = NOW,
) -> list[PlantMessage]:
    """The first ``count`` messages of a plant without a past."""
    plant = SimulatedPlant(seed, devices, since=start)
    return list(islice(plant.generate_live(start, rate=rate, speed=speed, faults=frozenset(faults)), count))


def decode_fields(message: PlantMessage) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(message.payload)
    return found


def by_device(messages: Iterable[PlantMessage]) -> dict[str, list[PlantMessage]]:
    found: dict[str, list[PlantMessage]] = {}
    for message in messages:
        found.setdefault(decode_fields(message)["device_id"], []).append(message)
    return found


def group_by_tank(messages: Iterable[PlantMessage]) -> Iterator[tuple[tuple[str, str], PlantMessage]]:
    """Doses and levels with the tank they are about."""
    for message in messages:
        if message.topic in (DOSES, LEVELS):
            said = decode_fields(message)
            yield (said["device_id"], said["chemical"]), message


def to_centigrams(grams: float) -> int:
    return round(grams * 100)
