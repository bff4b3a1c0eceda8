"""Readings -> batches. Pure: the same readings make the same batches, in whatever order they are given."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from dosing_tui.domain.batches.models import (
    DEFAULT_RULES,
    Batch,
    BatchMessage,
    Ingredient,
    MessageIdentity,
    SegmentationRules,
    StockChange,
    identify_message,
    is_same_name,
)
from dosing_tui.domain.batches.segmentation import OpenBatch, segment_messages
from dosing_tui.domain.batches.stock_balance import StockBalance, estimate_send_time
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading

_EVENT_RANKS = {"start": 0, "complete": 3, "abort": 3, "error": 3}
"""'start' sorts before doses (1), other events (2), and what ends a batch, in the same second."""


def reconstruct_batches(
    readings: Iterable[Reading], *, now: datetime, rules: SegmentationRules = DEFAULT_RULES
) -> list[Batch]:
    """The batches of all stations, by station and then by the time of their first message.

    Duplicates count once. ``now`` decides what is still under way.
    """
    messages: dict[str, dict[MessageIdentity, BatchMessage]] = defaultdict(dict)
    levels: dict[str, list[InventoryLevel]] = defaultdict(list)
    for reading in readings:
        if isinstance(reading, InventoryLevel):
            levels[reading.device_id].append(reading)
        else:
            _add_first(messages[reading.device_id], reading)
    return [
        batch
        for device in sorted(messages)
        for batch in _reconstruct_station(messages[device].values(), levels[device], now, rules)
    ]


def compute_batch_key(device_id: str, begins_at: datetime) -> str:
    """The key of a batch that began at this station at this time: 32 hexadecimal digits."""
    return sha256(f"{device_id}\n{begins_at.timestamp():.6f}".encode()).hexdigest()[:32]


def _add_first(messages: dict[MessageIdentity, BatchMessage], message: BatchMessage) -> None:
    """Of a message that came twice, what came first."""
    name = identify_message(message)
    had = messages.get(name)
    if had is None or message.received_at < had.received_at:
        messages[name] = message


def _reconstruct_station(
    messages: Iterable[BatchMessage],
    levels: Iterable[InventoryLevel],
    now: datetime,
    rules: SegmentationRules,
) -> list[Batch]:
    ordered = sorted(messages, key=_get_sort_key)
    tanks = StockBalance([m for m in ordered if isinstance(m, Dose)], levels, rules)
    found: list[Batch] = []
    taken: set[str] = set()
    for draft in sorted(segment_messages(ordered, now=now, rules=rules), key=lambda each: each.anchor):
        key, begins_at = compute_batch_key(draft.device_id, draft.begins_at), draft.begins_at
        while key in taken:  # two first messages in one instant: the second counts as a moment later
            begins_at += timedelta(microseconds=1)
            key = compute_batch_key(draft.device_id, begins_at)
        taken.add(key)
        found.append(_build_batch(draft, key, tanks, rules))
    return found


def _get_sort_key(message: BatchMessage) -> tuple[datetime, int, str, str, int]:
    if isinstance(message, Dose):
        return (message.time, 1, f"{message.pump:011d}", message.recipe, message.dedup)
    return (message.time, _EVENT_RANKS.get(message.event, 2), message.event, message.recipe, message.dedup)


def _build_batch(open_batch: OpenBatch, key: str, balance: StockBalance, rules: SegmentationRules) -> Batch:
    doses, events = tuple(open_batch.doses), tuple(open_batch.events)
    return Batch(
        key=key,
        device_id=open_batch.device_id,
        recipe=open_batch.recipe,
        mode=doses[0].mode if doses else "",
        status=open_batch.status,
        reason=open_batch.reason,
        begins_at=open_batch.begins_at,
        ends_at=open_batch.ends_at,
        last_at=open_batch.last_at,
        anchor=open_batch.anchor,
        pumps=open_batch.pumps,
        doses=doses,
        events=events,
        stock=_build_stock_changes(doses, events, balance, rules),
        anomalies=tuple(dict.fromkeys(open_batch.anomalies)),
        ingredients=group_ingredients(doses),
    )


def _build_stock_changes(
    doses: tuple[Dose, ...], events: tuple[BatchEvent, ...], balance: StockBalance, rules: SegmentationRules
) -> tuple[StockChange, ...]:
    moments = [estimate_send_time(m, rules) for m in doses] + [estimate_send_time(m, rules) for m in events]
    last: dict[str, datetime] = {}
    for dose in doses:
        last[dose.chemical] = max(estimate_send_time(dose, rules), last.get(dose.chemical, moments[0]))
    return balance.list_changes(min(moments), max(moments), last)


def group_ingredients(
    doses: Iterable[Dose], *, split_chemicals: Collection[str] = ()
) -> tuple[Ingredient, ...]:
    """Doses of the same chemical by the same pump together, in the order of their first.

    Doses of a chemical that is in ``split_chemicals`` stay alone.
    """
    together: dict[tuple[str, int, int], list[Dose]] = {}
    for number, dose in enumerate(doses, start=1):
        alone = any(is_same_name(name, dose.chemical) for name in split_chemicals)
        together.setdefault((dose.chemical, dose.pump, number if alone else 0), []).append(dose)
    return tuple([_build_ingredient(chemical, pump, same) for (chemical, pump, _), same in together.items()])


def _build_ingredient(chemical: str, pump: int, doses: list[Dose]) -> Ingredient:
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
