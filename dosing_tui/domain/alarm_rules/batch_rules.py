"""What a batch event says, and how long an open batch may be silent."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from dosing_tui.domain.alarm_rules.detection import Finding
from dosing_tui.domain.alarm_rules.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.rule_state import Batch, Memory, Station
from dosing_tui.domain.alarms.models import AlarmKey
from dosing_tui.domain.batches.master_recipe import MasterRecipe, MasterVersion, select_version
from dosing_tui.domain.batches.models import is_same_name
from dosing_tui.domain.messages.models import BatchEvent, Dose

ENDED = frozenset({"abort", "error"})
MOST_DOSES = 64


def from_event(
    station: Station, event: BatchEvent, masters: Sequence[MasterVersion] = ()
) -> Iterator[Finding]:
    """``masters``: recipes as they should be, as far as there are any."""
    batch = station.batch
    station.told = True
    match event.event:
        case "start":
            if batch is not None:
                yield from _closed(station, event.device_id)
                yield _aborted(event.device_id, batch.recipe, "another was started before it was complete")
            station.batch = Batch(event.recipe, event.received_at, event.pumps, whole=True)
        case "complete":
            if batch is not None:
                yield from _closed(station, event.device_id)
                yield from _completed(batch, event, masters)
        case word if word in ENDED:
            yield from _closed(station, event.device_id)
            yield _aborted(event.device_id, event.recipe, f"the station says {word}")


def note_known(station: Station, event: BatchEvent) -> None:
    """An event of the past: the newest says whether a batch is open, unless a live one has."""
    if station.told:
        return
    if event.event == "start":
        station.batch = Batch(event.recipe, event.received_at, event.pumps, whole=False)
    elif event.event == "complete" or event.event in ENDED:
        station.batch = None


def note_dose(station: Station, dose: Dose) -> None:
    if station.batch is not None and len(station.batch.doses) < MOST_DOSES:
        station.batch.doses.append(dose.pump)
        station.batch.chemicals.append(dose.chemical)
        station.batch.mode = dose.mode


def waiting(memory: Memory, device: str, now: datetime, limits: AlarmLimits) -> Iterator[Finding]:
    """Whether the open batch has stalled; one that has for very long is not waited for."""
    station = memory.stations[device]
    batch = station.batch
    if batch is None:
        known = station.told or memory.seeded
        yield Finding(AlarmKey("BATCH_STALLED", device), False if known else None)
        return
    silent = now - batch.last_at
    if silent >= limits.abandoned_after:
        yield from _closed(station, device)
        yield _aborted(device, batch.recipe, f"nothing was heard for {silent.total_seconds() / 60:.0f} min")
        return
    key = AlarmKey("BATCH_STALLED", device)
    seconds = silent.total_seconds()
    words = f"Batch {batch.recipe} stalled: no message for {seconds:.0f} s ({device})"
    limit = limits.stalled_after.total_seconds()
    yield Finding(key, silent > limits.stalled_after, words, seconds, limit)


def _closed(station: Station, device: str) -> Iterator[Finding]:
    station.batch = None
    yield Finding(AlarmKey("BATCH_STALLED", device), active=False)


def _completed(batch: Batch, event: BatchEvent, masters: Sequence[MasterVersion]) -> Iterator[Finding]:
    """Only where the batch was seen from its start: against its recipe's master, else counted."""
    if batch.recipe != event.recipe:
        yield _aborted(event.device_id, batch.recipe, f"{event.recipe} was completed instead")
        return
    if not batch.whole:
        return
    master = select_version(masters, recipe=batch.recipe, mode=batch.mode, at=batch.started_at)
    if master is not None:
        yield from _compared(batch, event, master.recipe)
        return
    expected = event.pumps if event.pumps is not None else batch.expected
    if not expected:
        return
    key = AlarmKey("BATCH_INGREDIENT", event.device_id, event.recipe)
    found, different = len(batch.doses), len(set(batch.doses))
    if different != expected or found != different:
        words = f"Batch {event.recipe}: {found} doses from {different} pumps, {expected} expected"
        yield Finding(key, True, f"{words} ({event.device_id})", float(found), float(expected))


def _compared(batch: Batch, event: BatchEvent, master: MasterRecipe) -> Iterator[Finding]:
    """Ingredients that are missing, do not belong to the recipe, came twice or from another pump."""
    faults = []
    for one in master.ingredients:
        wanted = len(master.list_portions(one.chemical))
        if one is not master.find_ingredient(one.chemical):
            continue  # its doses were counted with the first
        pumps = [
            pump
            for pump, chemical in zip(batch.doses, batch.chemicals, strict=True)
            if is_same_name(chemical, one.chemical)
        ]
        if not pumps:
            faults.append(f"{one.chemical} is missing")
        elif len(pumps) != wanted:
            often = "once" if len(pumps) == 1 else f"{len(pumps)} times"
            faults.append(f"{one.chemical} came {often}{f', not {wanted} times' if wanted > 1 else ''}")
        elif wanted == 1 and one.pump is not None and pumps[0] != one.pump:
            faults.append(f"{one.chemical} came from pump {pumps[0]} instead of {one.pump}")
    extra = dict.fromkeys(
        chemical for chemical in batch.chemicals if master.find_ingredient(chemical) is None
    )
    faults += [f"{chemical} does not belong to it" for chemical in extra]
    if faults:
        words = f"Batch {event.recipe}: {', '.join(faults)} ({event.device_id})"
        key = AlarmKey("BATCH_INGREDIENT", event.device_id, event.recipe)
        yield Finding(key, True, words, float(len(batch.doses)), float(len(master.ingredients)))


def _aborted(device: str, recipe: str, why: str) -> Finding:
    return Finding(
        AlarmKey("BATCH_ABORTED", device, recipe), True, f"Batch {recipe} not completed: {why} ({device})"
    )
