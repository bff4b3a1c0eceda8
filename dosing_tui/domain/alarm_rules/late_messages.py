"""Messages of a batch that arrive after its end: the batch they belong to, and what they prove wrong.

Only the station's own time proves that a message is late. A message without one belongs to the open batch,
except within ROUNDING of a complete event: stations stamp in whole seconds.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

from dosing_tui.domain.alarm_rules.shared.detection import Detection
from dosing_tui.domain.alarm_rules.shared.rule_state import ClosedBatch, RuleState, StationState
from dosing_tui.domain.batches.models import is_same_name
from dosing_tui.domain.messages.models import BatchEvent, Dose, Reading, TimeQuality

ROUNDING = timedelta(seconds=1)
LATE_AFTER = timedelta(seconds=60)
"""Delay from which a reading is late, and an alarm on it gives the time of the reading."""


MISSED_FOR = timedelta(minutes=1)
"""How long before it is noticed another program may have received messages."""
RECEIVED_ELSEWHERE = "another program with this client ID receives messages of this time."


def describe_own_time(detection: Detection, reading: Reading, zone: tzinfo) -> Detection:
    """Add the time of a late reading to its detection: the alarm is raised at the time of receipt."""
    if not detection.active and not detection.disproved_by:
        return detection
    own_time = f"{reading.time.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    if detection.disproved_by:
        note = f"{detection.disproved_by} was received late; its own time is {own_time}."
        return detection._replace(disproved_by=note)
    if reading.time_quality is TimeQuality.BACKLOG:
        return detection._replace(message=f"{detection.message} · received late, its own time is unknown")
    if reading.received_at - reading.time > LATE_AFTER:
        return detection._replace(message=f"{detection.message} · at {own_time}")
    return detection


def find_closed_batch(station: StationState, message: Dose | BatchEvent) -> ClosedBatch | None:
    """Return the ended batch to which a message belongs; None if it belongs to the open one, or to none."""
    open_batch, is_stamped = station.batch, message.time_quality is TimeQuality.DEVICE
    if open_batch is not None and (not is_stamped or message.time > open_batch.start_time):
        return None
    for closed in reversed(station.closed_batches):
        if is_stamped and message.time > closed.until:
            continue
        end = closed.complete
        until = closed.until if is_stamped or end is None else end.received_at + ROUNDING
        is_within = closed.batch.start_time <= message.time <= until
        if is_within and (is_stamped or end) and is_same_name(closed.batch.recipe, message.recipe):
            return closed
    return None


def is_late_start(station: StationState, start: BatchEvent) -> bool:
    """Return whether a start is of a batch that has ended: it opens none, and does not abort a later one."""
    if start.time_quality is not TimeQuality.DEVICE:
        return False
    end, open_batch = station.lone_end, station.batch
    if end is not None and start.time < end.time and is_same_name(end.recipe, start.recipe):
        station.lone_end = None
        return True
    is_late = start.received_at - start.time > LATE_AFTER
    return is_late and open_batch is not None and start.time < open_batch.start_time


def forget_incomplete(state: RuleState, now: datetime) -> Iterator[Detection]:
    """Another program receives some messages: forget what needs all of them, open batches and stock balances.

    Yields what was raised just before for lack of them, as withdrawn.
    """
    for station in state.stations.values():
        for closed in station.closed_batches:
            is_recent = now - closed.batch.last_message_at <= MISSED_FOR
            if closed.detection is not None and closed.detection.active and is_recent:
                yield closed.detection._replace(active=False, disproved_by=RECEIVED_ELSEWHERE)
        station.batch, station.lone_end = None, None
        station.closed_batches.clear()
    for tank in state.tanks.values():
        tank.forget_balance()
    state.tanks_with_gap.clear()


def revise_detection(
    closed: ClosedBatch, detection: Detection | None, message: Dose | BatchEvent
) -> Iterator[Detection]:
    """Replace the detection of a batch's end after a late message; yield the changes."""
    before = closed.detection
    name = (
        f"the dose of {message.chemical}"
        if isinstance(message, Dose)
        else f"the complete of {message.recipe}"
    )
    if before is not None and (detection is None or detection.key != before.key):
        yield before._replace(active=False, disproved_by=name)
    if detection is not None and (before is None or detection.key != before.key):
        yield detection
    elif detection is not None:
        detection = before  # it stands, in its first words
    closed.detection = detection
