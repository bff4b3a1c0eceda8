"""Readings -> batches. Pure: the same readings make the same batches, in whatever order they are given."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from dosing_tui.domain.batches.models import (
    RULES,
    Batch,
    Identity,
    Ingredient,
    Message,
    Rules,
    StockChange,
    identity,
    same_name,
)
from dosing_tui.domain.batches.segmentation import Draft, drafts
from dosing_tui.domain.batches.stock_balance import Tanks, heard
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading

_RANKS = {"start": 0, "complete": 3, "abort": 3, "error": 3}
"""'start' sorts before doses (1), other events (2), and what ends a batch, in the same second."""


def reconstruct(readings: Iterable[Reading], *, now: datetime, rules: Rules = RULES) -> list[Batch]:
    """The batches of all stations, by station and then by the time of their first message.

    Duplicates count once. ``now`` decides what is still under way.
    """
    messages: dict[str, dict[Identity, Message]] = defaultdict(dict)
    levels: dict[str, list[InventoryLevel]] = defaultdict(list)
    for reading in readings:
        if isinstance(reading, InventoryLevel):
            levels[reading.device_id].append(reading)
        else:
            _keep(messages[reading.device_id], reading)
    return [
        batch
        for device in sorted(messages)
        for batch in _of_station(messages[device].values(), levels[device], now, rules)
    ]


def key_of(device_id: str, begins_at: datetime) -> str:
    """The key of a batch that began at this station at this time: 32 hexadecimal digits."""
    return sha256(f"{device_id}\n{begins_at.timestamp():.6f}".encode()).hexdigest()[:32]


def _keep(known: dict[Identity, Message], message: Message) -> None:
    """Of a message that came twice, what came first."""
    name = identity(message)
    had = known.get(name)
    if had is None or message.received_at < had.received_at:
        known[name] = message


def _of_station(
    messages: Iterable[Message], levels: Iterable[InventoryLevel], now: datetime, rules: Rules
) -> list[Batch]:
    ordered = sorted(messages, key=_order)
    tanks = Tanks([m for m in ordered if isinstance(m, Dose)], levels, rules)
    found: list[Batch] = []
    taken: set[str] = set()
    for draft in sorted(drafts(ordered, now=now, rules=rules), key=lambda each: each.anchor):
        key, begins_at = key_of(draft.device_id, draft.begins_at), draft.begins_at
        while key in taken:  # two first messages in one instant: the second counts as a moment later
            begins_at += timedelta(microseconds=1)
            key = key_of(draft.device_id, begins_at)
        taken.add(key)
        found.append(_batch(draft, key, tanks, rules))
    return found


def _order(message: Message) -> tuple[datetime, int, str, str, int]:
    if isinstance(message, Dose):
        return (message.time, 1, f"{message.pump:011d}", message.recipe, message.dedup)
    return (message.time, _RANKS.get(message.event, 2), message.event, message.recipe, message.dedup)


def _batch(draft: Draft, key: str, tanks: Tanks, rules: Rules) -> Batch:
    doses, events = tuple(draft.doses), tuple(draft.events)
    return Batch(
        key=key,
        device_id=draft.device_id,
        recipe=draft.recipe,
        mode=doses[0].mode if doses else "",
        status=draft.status,
        reason=draft.reason,
        begins_at=draft.begins_at,
        ends_at=draft.ends_at,
        last_at=draft.last_at,
        anchor=draft.anchor,
        pumps=draft.pumps,
        doses=doses,
        events=events,
        stock=_stock(doses, events, tanks, rules),
        marks=tuple(dict.fromkeys(draft.marks)),
        ingredients=ingredients(doses),
    )


def _stock(
    doses: tuple[Dose, ...], events: tuple[BatchEvent, ...], tanks: Tanks, rules: Rules
) -> tuple[StockChange, ...]:
    moments = [heard(m, rules) for m in doses] + [heard(m, rules) for m in events]
    last: dict[str, datetime] = {}
    for dose in doses:
        last[dose.chemical] = max(heard(dose, rules), last.get(dose.chemical, moments[0]))
    return tanks.changes(min(moments), max(moments), last)


def ingredients(doses: Iterable[Dose], *, apart: Collection[str] = ()) -> tuple[Ingredient, ...]:
    """Doses of the same chemical by the same pump together, in the order of their first.

    Doses of a chemical that is in ``apart`` stay alone.
    """
    together: dict[tuple[str, int, int], list[Dose]] = {}
    for number, dose in enumerate(doses, start=1):
        alone = any(same_name(name, dose.chemical) for name in apart)
        together.setdefault((dose.chemical, dose.pump, number if alone else 0), []).append(dose)
    return tuple([_ingredient(chemical, pump, same) for (chemical, pump, _), same in together.items()])


def _ingredient(chemical: str, pump: int, doses: list[Dose]) -> Ingredient:
    """What a dose does not say, the whole does not know."""
    masses = [dose.actual_g for dose in doses if dose.actual_g is not None]
    times = [dose.duration_ms for dose in doses if dose.duration_ms is not None]
    return Ingredient(
        chemical,
        pump,
        target_g=next((dose.target_g for dose in doses if dose.target_g is not None), None),
        actual_g=round(sum(masses), 6) if len(masses) == len(doses) else None,
        duration_ms=sum(times) if len(times) == len(doses) else None,
        doses=len(doses),
    )
