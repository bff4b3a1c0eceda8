"""Order of one station's messages, some with the station's time, some only with that of their receipt.

A station's time is often cut to whole seconds, and its clock may be ahead or behind. A message without it is
later by its transmission. Compared by their times alone, the last dose of a batch would follow its complete.
"""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from dosing_tui.domain.batches.models import DEFAULT_RULES, BatchMessage
from dosing_tui.domain.messages.models import BatchEvent, Dose, TimeQuality

END_REASONS = {"complete": "", "abort": "its abort was reported", "error": "an error was reported"}
"""End events, with the reason why the batch is not complete."""
_EVENT_RANKS = {"start": 0, **dict.fromkeys(END_REASONS, 3)}
"""Ranks within one instant: start before doses (1), other events (2) and end events."""
_Mark = tuple[datetime, datetime]
"""Time and receipt of a start or an end event with the station's time."""


def group_instants(messages: Collection[BatchMessage]) -> list[list[BatchMessage]]:
    """Group unique messages into instants, in order, each ordered by rank.

    A dose or an end event without the station's time belongs to the instant of a start or an end that it only
    seems to follow: one that was received after it, or whose time is that of a second just cut off.
    """
    marks = sorted((m.time, m.received_at) for m in messages if _is_mark(m))
    placed = sorted(
        ((_find_instant(message, marks), *_get_rank(message), message) for message in messages),
        key=itemgetter(slice(0, -1)),
    )
    return [[message for *_, message in group] for _, group in groupby(placed, key=itemgetter(0))]


def _is_mark(message: BatchMessage) -> bool:
    is_stamped = message.time_quality is TimeQuality.DEVICE
    return is_stamped and isinstance(message, BatchEvent) and message.event in _EVENT_RANKS


def _find_instant(message: BatchMessage, marks: Sequence[_Mark]) -> datetime:
    """Return the time of the earliest start or end that the message precedes or may precede, else its own."""
    is_movable = isinstance(message, Dose) or message.event in END_REASONS
    if message.time_quality is TimeQuality.DEVICE or not is_movable:
        return message.time
    nearest = bisect_left(marks, (message.time - DEFAULT_RULES.max_delay,))
    for at, received_at in marks[nearest:]:
        if at > message.time:
            break
        is_live = received_at - at <= DEFAULT_RULES.max_delay
        if message.time - at <= DEFAULT_RULES.max_cut_off or (is_live and message.received_at < received_at):
            return at
    return message.time


def _get_rank(message: BatchMessage) -> tuple[int, datetime, str, str, int]:
    if isinstance(message, Dose):
        return (1, message.time, f"{message.pump:011d}", message.recipe, message.dedup)
    rank = _EVENT_RANKS.get(message.event, 2)
    return (rank, message.time, message.event, message.recipe, message.dedup)
