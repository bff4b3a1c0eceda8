"""Reconstruct batches from readings. The result does not depend on the order of the readings."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256

from dosing_tui.domain.batches.message_order import END_REASONS, group_instants
from dosing_tui.domain.batches.models import (
    DEFAULT_RULES,
    Batch,
    BatchMessage,
    BatchStatus,
    Ingredient,
    MessageIdentity,
    StockChange,
    identify_message,
    is_same_name,
)
from dosing_tui.domain.batches.segmentation import OpenBatch, segment_messages
from dosing_tui.domain.batches.stock_balance import BatchSpan, StockBalance, estimate_send_time
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading


def reconstruct_batches(
    readings: Iterable[Reading], *, now: datetime, stock_doses: Iterable[Dose] = ()
) -> list[Batch]:
    """Reconstruct the batches of all stations, by station and time of the first message.

    Duplicates are ignored. ``now`` decides which batches are still running. ``stock_doses`` precede the
    readings: they count for the stock only.
    """
    messages: dict[str, dict[MessageIdentity, BatchMessage]] = defaultdict(dict)
    levels: dict[str, list[InventoryLevel]] = defaultdict(list)
    for reading in readings:
        if isinstance(reading, InventoryLevel):
            levels[reading.device_id].append(reading)
        else:
            _add_first(messages[reading.device_id], reading)
    earlier: dict[str, list[Dose]] = defaultdict(list)
    for dose in stock_doses:
        earlier[dose.device_id].append(dose)
    return [
        batch
        for device in sorted(messages)
        for batch in _reconstruct_station(messages[device].values(), levels[device], earlier[device], now)
    ]


def compute_batch_key(device_id: str, begins_at: datetime) -> str:
    """Compute the batch key from station and start time: 32 hexadecimal digits."""
    return sha256(f"{device_id}\n{begins_at.timestamp():.6f}".encode()).hexdigest()[:32]


def _add_first(messages: dict[MessageIdentity, BatchMessage], message: BatchMessage) -> None:
    """Add a message; of duplicates, keep the one received first."""
    name = identify_message(message)
    had = messages.get(name)
    if had is None or message.received_at < had.received_at:
        messages[name] = message


def _reconstruct_station(
    messages: Collection[BatchMessage],
    levels: Iterable[InventoryLevel],
    stock_doses: Iterable[Dose],
    now: datetime,
) -> list[Batch]:
    instants = group_instants(messages)
    doses = (m for instant in instants for m in instant if isinstance(m, Dose))
    tanks = StockBalance([*stock_doses, *doses], levels)
    return [_build_batch(draft, key, tanks) for draft, key in _draft_batches(instants, now)]


def _draft_batches(instants: Iterable[list[BatchMessage]], now: datetime) -> Iterator[tuple[OpenBatch, str]]:
    """The batches of a station, by time of the first message, each with its key."""
    taken: set[str] = set()
    for draft in sorted(segment_messages(instants, now=now), key=lambda each: each.anchor):
        key, begins_at = compute_batch_key(draft.anchor[0], draft.begins_at), draft.begins_at
        while key in taken:  # two batches start at the same time: the second key uses a later time
            begins_at += timedelta(microseconds=1)
            key = compute_batch_key(draft.anchor[0], begins_at)
        taken.add(key)
        yield draft, key


def find_running_batch(messages: Iterable[BatchMessage], *, now: datetime) -> Batch | None:
    """The last batch of a station that runs, as ``reconstruct_batches`` finds it; no other one is built."""
    unique: dict[MessageIdentity, BatchMessage] = {}
    for message in messages:
        _add_first(unique, message)
    drafts = _draft_batches(group_instants(unique.values()), now)
    running = [each for each in drafts if each[0].status is BatchStatus.OPEN]
    if not running:
        return None
    return _build_batch(*running[-1], StockBalance((), ()))


def _build_batch(open_batch: OpenBatch, key: str, balance: StockBalance) -> Batch:
    doses, events = tuple(open_batch.doses), tuple(open_batch.events)
    return Batch(
        key=key,
        device_id=open_batch.anchor[0],
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
        stock=_build_stock_changes(doses, events, balance),
        anomalies=tuple(dict.fromkeys(open_batch.anomalies)),
        ingredients=group_ingredients(doses),
        ends_all_before=open_batch.ends_all_before,
    )


def _build_stock_changes(
    doses: tuple[Dose, ...], events: tuple[BatchEvent, ...], balance: StockBalance
) -> tuple[StockChange, ...]:
    messages: tuple[BatchMessage, ...] = (*doses, *events)
    moments = [estimate_send_time(message) for message in messages]
    sent = sorted((max(at, moments[0]), dose.chemical) for at, dose in zip(moments, doses, strict=False))
    first, last = min(moments), max(moments)
    has_ended = any(event.event in END_REASONS for event in events)
    ended = last + (DEFAULT_RULES.max_cut_off if has_ended else DEFAULT_RULES.level_grace)
    return balance.attribute_changes(BatchSpan(first, last, {chemical: at for at, chemical in sent}, ended))


def group_ingredients(
    doses: Iterable[Dose], *, split_chemicals: Collection[str] = ()
) -> tuple[Ingredient, ...]:
    """Group doses by chemical and pump, in the order of the first dose.

    Doses of the chemicals in ``split_chemicals`` are not grouped.
    """
    together: dict[tuple[str, int, int], list[Dose]] = {}
    for number, dose in enumerate(doses, start=1):
        alone = any(is_same_name(name, dose.chemical) for name in split_chemicals)
        together.setdefault((dose.chemical, dose.pump, number if alone else 0), []).append(dose)
    return tuple([_build_ingredient(chemical, pump, same) for (chemical, pump, _), same in together.items()])


def _build_ingredient(chemical: str, pump: int, doses: list[Dose]) -> Ingredient:
    """Build an ingredient from its doses; a sum is None if one of its values is missing."""
    masses = [dose.actual_g for dose in doses if dose.actual_g is not None]
    times = [taken_ms for dose in doses if (taken_ms := dose.plausible_duration_ms) is not None]
    return Ingredient(
        chemical,
        pump,
        target_g=next((dose.target_g for dose in doses if dose.target_g is not None), None),
        actual_g=round(sum(masses), 6) if len(masses) == len(doses) else None,
        duration_ms=sum(times) if len(times) == len(doses) else None,
        doses=len(doses),
    )
