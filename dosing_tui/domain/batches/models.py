"""Batch model: status, messages, stock changes, and the rules that assign messages to batches."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.messages.models import BatchEvent, Dose

BatchMessage: TypeAlias = Dose | BatchEvent
MessageIdentity: TypeAlias = tuple[str, datetime, str, str, int]
"""Message identity: station, time, kind, item and deduplication number."""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BatchStatus(StrEnum):
    """Status of a batch; the value is stored."""

    OPEN = "open"
    COMPLETE = "complete"
    ABORTED = "aborted"
    """An abort or error was reported, or another batch was started before its end."""
    INCOMPLETE = "incomplete"
    """No end event was received in time. Late messages can still complete it."""
    NO_START = "no-start"
    """Orphan doses: doses without a start event, with or without a complete event."""
    COMPLETE_ONLY = "complete-only"
    """A complete event without a start event or doses."""


class SegmentationRules(Struct, frozen=True):
    """Maximum distances in time between the messages of one batch."""

    max_start_skew: timedelta = timedelta(minutes=5)
    """Maximum apparent lead of a dose over the start event: the pump time-out, in case the clock was set."""
    max_duration: timedelta = timedelta(hours=4)
    """Maximum duration of a batch: later messages do not belong to it."""
    max_orphan_gap: timedelta = timedelta(seconds=330)
    """Maximum gap between orphan doses of one batch: the pump time-out plus 30 s."""
    orphan_run_limit: timedelta = timedelta(hours=2)
    """Maximum duration of a run of orphan doses. A longer run is divided ..."""
    cut_interval: timedelta = timedelta(hours=1)
    """... at multiples of this interval in UTC, after ``orphan_run_limit`` has elapsed."""
    dense_run_doses: int = 500
    """A run with so many orphan doses is no batch. It is divided at multiples of the first of these intervals
    (UTC) that held so many; everything that is under way ends there."""
    dense_intervals: tuple[timedelta, ...] = (
        timedelta(seconds=10),
        timedelta(minutes=1),
        timedelta(minutes=10),
        timedelta(hours=1),
    )
    max_batch_doses: int = 1_000
    """Maximum number of doses of a started batch: later ones do not belong to it."""
    min_silence: timedelta = timedelta(minutes=15)
    """Minimum time without a message after which a batch is incomplete ..."""
    silence_per_pump: timedelta = timedelta(minutes=5)
    """... or this time for each pump plus one, if that is longer."""
    repeat_window: timedelta = timedelta(seconds=60)
    """Maximum gap between repeated complete events. It is shorter than a dose takes."""
    level_grace: timedelta = timedelta(seconds=10)
    """Maximum delay of a tank level after its dose."""
    max_delay: timedelta = timedelta(seconds=60)
    """Maximum transmission delay. Above it, the send time is the message's own time."""
    max_cut_off: timedelta = timedelta(seconds=2)
    """Maximum lead of a station's time, cut to whole seconds, over the receipt of an earlier message."""
    max_level_age: timedelta = timedelta(hours=8)
    """Maximum age of the tank level before a batch."""
    max_doses_since_level: int = 1_000
    """Maximum number of doses from the tank since the level before a batch: else it is too old."""

    def get_silence_limit(self, pumps: int | None) -> timedelta:
        """Return the time without a message after which a batch is incomplete."""
        return max(self.min_silence, self.silence_per_pump * ((pumps or 0) + 1))

    def get_lookback(self) -> timedelta:
        """Return the period to read before a range, so that its batches do not depend on earlier messages.

        A batch started before it has ended. Runs of orphan doses have been divided twice since, so that later
        divisions are the same for every assumed start.
        """
        return self.max_duration + self.orphan_run_limit + 2 * self.cut_interval + self.max_orphan_gap

    def get_last_cut(self, moment: datetime, interval: timedelta | None = None) -> datetime:
        """Return the last time up to ``moment`` at which orphan doses can be divided.

        ``interval``: its multiples; default is ``cut_interval``.
        """
        return moment - (moment - _EPOCH) % (interval or self.cut_interval)


DEFAULT_RULES = SegmentationRules()


class StockChange(Struct, frozen=True):
    """Stock change of one tank over one batch, in g; None means unknown. ``taken_g``: sum of the doses."""

    chemical: str
    before_g: float | None
    after_g: float | None
    percent_after: float | None
    capacity_g: float | None
    taken_g: float | None
    doses: int
    attributed: bool = True
    """Whether a difference is this batch's: the batch had not ended, and no earlier one has it."""

    @property
    def lost_g(self) -> float | None:
        """Unaccounted loss in g; negative if the tank contains more than expected."""
        if self.before_g is None or self.after_g is None or self.taken_g is None:
            return None
        return round(self.before_g - self.after_g - self.taken_g, 3)


class Ingredient(Struct, frozen=True):
    """All doses of one chemical by one pump, with one target; masses in g, None means missing."""

    chemical: str
    pump: int
    target_g: float | None
    actual_g: float | None
    duration_ms: int | None
    doses: int

    @property
    def error_g(self) -> float | None:
        if self.target_g is None or self.actual_g is None:
            return None
        return round(self.actual_g - self.target_g, 6)

    @property
    def error_percent(self) -> float | None:
        """Error in percent of the target."""
        error_g = self.error_g
        return None if error_g is None or not self.target_g else 100.0 * error_g / self.target_g


class Batch(Struct, frozen=True):
    """Batch reconstructed from its messages; the result does not depend on their order."""

    key: str
    """Permanent key: a hash of the station and the original start time."""
    device_id: str
    recipe: str
    mode: str
    status: BatchStatus
    reason: str
    """Reason why it is not complete; '' if it is complete or running."""
    begins_at: datetime
    ends_at: datetime | None
    """End; None while it is running."""
    last_at: datetime
    """Time of its last message."""
    anchor: MessageIdentity
    """Identity of its first message, which identifies the batch when later messages are added."""
    pumps: int | None
    """Number of ingredients published by the station."""
    doses: tuple[Dose, ...]
    events: tuple[BatchEvent, ...]
    stock: tuple[StockChange, ...] = ()
    anomalies: tuple[str, ...] = ()
    """Inconsistencies between its messages, as sentences."""
    ingredients: tuple[Ingredient, ...] = ()
    """Ingredients in the order of dosing."""
    ends_all_before: bool = False
    """Whether every earlier batch of its station ended with its first message: nothing before it matters."""

    @property
    def anchor_time(self) -> datetime:
        return self.anchor[1]

    @property
    def duration_s(self) -> float | None:
        """Time from start to end, in s."""
        return None if self.ends_at is None else (self.ends_at - self.begins_at).total_seconds()

    @property
    def station_names(self) -> str:
        """The station's own name of it; '' if it sent none."""
        messages: tuple[BatchMessage, ...] = (*self.events, *self.doses)
        return ", ".join(dict.fromkeys(each.batch_id for each in messages if each.batch_id))

    @property
    def operators(self) -> str:
        """Who was at the station, as it says; '' if it said nothing."""
        messages: tuple[BatchMessage, ...] = (*self.events, *self.doses)
        return ", ".join(dict.fromkeys(each.operator for each in messages if each.operator))

    def iter_identities(self) -> Iterator[MessageIdentity]:
        """Iterate over the identities of all its messages."""
        yield from map(identify_message, self.events)
        yield from map(identify_message, self.doses)


def identify_message(message: BatchMessage) -> MessageIdentity:
    """Return the identity of a message; a redelivery has the same."""
    if isinstance(message, Dose):
        return (message.device_id, message.time, "dose", str(message.pump), message.dedup)
    return (message.device_id, message.time, message.event, message.recipe, message.dedup)


def is_same_name(one: str, other: str) -> bool:
    """Compare names of recipes or chemicals; an empty name matches all.

    >>> is_same_name("CU-85", " cu-85"), is_same_name("", "CU-85"), is_same_name("CU-85", "FG-85/95")
    (True, True, False)
    """
    return one == other or not one or not other or fold_name(one) == fold_name(other)
