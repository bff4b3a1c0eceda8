"""Batch alarms: stalled and aborted batches, wrong ingredients."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from dosing_tui.domain.alarm_rules.late_messages import (
    ROUNDING,
    find_closed_batch,
    is_late_start,
    revise_detection,
)
from dosing_tui.domain.alarm_rules.shared.detection import Detection, EvaluationContext
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.shared.rule_state import BatchState, ClosedBatch, RuleState, StationState
from dosing_tui.domain.alarm_rules.station_rules import format_age
from dosing_tui.domain.alarms.models import AlarmKey
from dosing_tui.domain.batches.master_recipe import MasterRecipe, MasterVersion, select_version
from dosing_tui.domain.batches.models import is_same_name
from dosing_tui.domain.messages.models import BatchEvent, Dose
from dosing_tui.domain.quantities.quantity_text import count_noun, format_duration
from dosing_tui.domain.quantities.set_back_clock import limit_to_clock

ABORT_EVENTS = frozenset({"abort", "error"})
MAX_DOSES = 64
NEXT_START = "another was started before it was complete"


def check_batch_event(
    station: StationState, event: BatchEvent, master_recipes: Sequence[MasterVersion] = ()
) -> Iterator[Detection]:
    """Update the station's batch by a live event and yield the detections.

    ``master_recipes``: versions of the master recipes; empty if there are none.
    """
    batch = station.batch
    station.has_live_event = True
    match event.event:
        case "start":
            if is_late_start(station, event):
                return
            if batch is not None:
                yield from _abort_batch(station, event.device_id, batch.recipe, NEXT_START, until=event.time)
            station.batch = _open_batch(event, has_start=True)
        case "complete":
            if (closed := find_closed_batch(station, event)) is not None:
                closed.complete = closed.complete or event
                yield from _revise_completion(closed, event, master_recipes)
            elif batch is not None:
                found = next(_check_completion(batch, event, master_recipes), None)
                yield from _close_batch(
                    station, event.device_id, found, until=event.time + ROUNDING, complete=event
                )
            else:
                station.lone_end = event
        case word if word in ABORT_EVENTS:
            reason = f"the station reported {word}"
            yield from _abort_batch(station, event.device_id, event.recipe, reason, until=event.time)


def restore_batches(station: StationState, messages: Sequence[Dose | BatchEvent]) -> None:
    """Restore the open and the ended batches from stored messages, unless a live event was received."""
    if station.has_live_event:
        return
    for message in sorted(messages, key=lambda each: (each.time, each.received_at)):
        batch = station.batch
        if isinstance(message, Dose):
            if batch is not None:
                batch.last_message_at = max(batch.last_message_at, message.received_at)
                if len(batch.doses) < MAX_DOSES:
                    batch.doses.append((message.pump, message.chemical))
            continue
        is_start, is_complete = message.event == "start", message.event == "complete"
        if not is_start and not is_complete and message.event not in ABORT_EVENTS:
            continue
        if batch is not None:
            aborted = (
                _create_abort_detection(message.device_id, batch.recipe, NEXT_START) if is_start else None
            )
            end = message if is_complete else None
            batch.has_start = True  # all its messages are stored
            station.closed_batches.append(ClosedBatch(batch, message.time + ROUNDING, end, aborted))
        station.batch = _open_batch(message, has_start=False) if is_start else None


def _open_batch(event: BatchEvent, *, has_start: bool) -> BatchState:
    return BatchState(
        event.recipe, event.received_at, event.pumps, has_start, event.received_at, start_time=event.time
    )


def add_dose(
    station: StationState, dose: Dose, master_recipes: Sequence[MasterVersion] = ()
) -> Iterator[Detection]:
    """Add a dose to its batch: the open one, or the ended one that its own time is in."""
    closed = find_closed_batch(station, dose)
    if closed is not None and closed.complete is not None and closed.detection is None:
        # of a batch from before a restart, what its end raised
        closed.detection = next(_check_completion(closed.batch, closed.complete, master_recipes), None)
    batch = closed.batch if closed is not None else station.batch
    if batch is not None and len(batch.doses) < MAX_DOSES:
        batch.doses.append((dose.pump, dose.chemical))
        batch.mode = dose.mode
    if closed is not None:
        yield from _revise_completion(closed, dose, master_recipes)


def _revise_completion(
    closed: ClosedBatch, message: Dose | BatchEvent, master_recipes: Sequence[MasterVersion]
) -> Iterator[Detection]:
    """Check an ended batch again, with a message that arrived late."""
    if closed.complete is not None:
        found = next(_check_completion(closed.batch, closed.complete, master_recipes), None)
        yield from revise_detection(closed, found, message)


def check_stalled_batch(
    rule_state: RuleState, device: str, context: EvaluationContext, limits: AlarmLimits
) -> Iterator[Detection]:
    """Check whether the open batch has stalled, or is abandoned after ``limits.abandoned_after``.

    Only the silence that this process could hear counts.
    """
    station = rule_state.stations[device]
    batch = station.batch
    if batch is None:
        known = station.has_live_event or rule_state.is_history_loaded
        yield Detection(AlarmKey("BATCH_STALLED", device), False if known else None)
        return
    key, listening_since = AlarmKey("BATCH_STALLED", device), rule_state.get_listening_since(context)
    if listening_since is None:
        yield Detection(key, None)
        return
    batch.last_message_at = limit_to_clock(batch.last_message_at, context.now)
    silent = context.now - batch.last_message_at
    heard_silence = min(silent, context.now - listening_since)
    if heard_silence >= limits.abandoned_after:
        reason = f"no messages for {format_age(silent)}"
        yield from _abort_batch(station, device, batch.recipe, reason, until=context.now)
        return
    limit, seconds = limits.stalled_after, silent.total_seconds()
    active = True if heard_silence > limit else False if silent <= limit else None
    if not active and rule_state.is_normal(key):
        return
    words = f"Batch {batch.recipe} stalled: no message for {format_duration(seconds)} ({device})"
    yield Detection(key, active, words, seconds, limit.total_seconds())


def _close_batch(
    station: StationState,
    device: str,
    detection: Detection | None,
    *,
    until: datetime,
    complete: BatchEvent | None = None,
) -> Iterator[Detection]:
    """Close the open batch, if there is one; ``detection``: what its end raises."""
    if station.batch is not None:
        station.closed_batches.append(ClosedBatch(station.batch, until, complete, detection))
    station.batch = None
    yield Detection(AlarmKey("BATCH_STALLED", device), active=False)
    if detection is not None:
        yield detection


def _abort_batch(
    station: StationState, device: str, recipe: str, reason: str, *, until: datetime
) -> Iterator[Detection]:
    detection = _create_abort_detection(device, recipe, reason)
    yield from _close_batch(station, device, detection, until=until)


def _check_completion(
    batch: BatchState, event: BatchEvent, master_recipes: Sequence[MasterVersion]
) -> Iterator[Detection]:
    """Check a completed batch whose start was received.

    The doses are compared with the master recipe. Without one, only their number is checked.
    """
    if batch.recipe != event.recipe:
        yield _create_abort_detection(event.device_id, batch.recipe, f"{event.recipe} was completed instead")
        return
    if not batch.has_start:
        return
    master = select_version(master_recipes, recipe=batch.recipe, mode=batch.mode, at=batch.started_at)
    if master is not None:
        yield from _check_ingredients(batch, event, master.recipe)
        return
    expected = event.pumps if event.pumps is not None else batch.expected_doses
    if not expected:
        return
    key = AlarmKey("BATCH_INGREDIENT", event.device_id, event.recipe)
    found, different = len(batch.doses), len({pump for pump, _ in batch.doses})
    if different != expected or found != different:
        doses, pumps = count_noun(found, "dose"), count_noun(different, "pump")
        # first what differs: the rest may be cut
        first, rest = (pumps, doses) if different != expected else (doses, f"from {pumps}")
        words = f"Batch {event.recipe}: {first}, {expected} expected · {rest}"
        yield Detection(key, True, f"{words} ({event.device_id})", float(found), float(expected))


def _check_ingredients(batch: BatchState, event: BatchEvent, master: MasterRecipe) -> Iterator[Detection]:
    """Detect missing, extra and repeated ingredients, and doses from the wrong pump."""
    faults = []
    for one in master.ingredients:
        wanted = len(master.list_portions(one.chemical))
        if one is not master.find_ingredient(one.chemical):
            continue  # all doses of a chemical are counted with its first ingredient
        pumps = [pump for pump, chemical in batch.doses if is_same_name(chemical, one.chemical)]
        if not pumps:
            faults.append(f"{one.chemical} is missing")
        elif len(pumps) != wanted:
            often = "once" if len(pumps) == 1 else f"{len(pumps)} times"
            faults.append(f"{one.chemical} came {often}{f', not {wanted} times' if wanted > 1 else ''}")
        elif wanted == 1 and one.pump is not None and pumps[0] != one.pump:
            faults.append(f"{one.chemical} came from pump {pumps[0]} instead of {one.pump}")
    extra = dict.fromkeys(chemical for _, chemical in batch.doses if master.find_ingredient(chemical) is None)
    faults += [f"{chemical} does not belong to it" for chemical in extra]
    if faults:
        words = f"Batch {event.recipe}: {', '.join(faults)} ({event.device_id})"
        key = AlarmKey("BATCH_INGREDIENT", event.device_id, event.recipe)
        yield Detection(key, True, words, float(len(batch.doses)), float(len(master.ingredients)))


def _create_abort_detection(device: str, recipe: str, reason: str) -> Detection:
    return Detection(
        AlarmKey("BATCH_ABORTED", device, recipe), True, f"Batch {recipe} aborted: {reason} ({device})"
    )
