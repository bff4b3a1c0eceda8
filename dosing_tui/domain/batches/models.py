"""What a batch is: its status, its messages, its stock, and the rules by which messages become batches."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from dosing_tui.domain.messages.models import BatchEvent, Dose

BatchMessage: TypeAlias = Dose | BatchEvent
MessageIdentity: TypeAlias = tuple[str, datetime, str, str, int]
"""What makes a message itself: station, time, what it is, of what, and its dedup."""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BatchStatus(StrEnum):
    """How a batch stands; the value is stored."""

    OPEN = "open"
    COMPLETE = "complete"
    ABORTED = "aborted"
    """An abort or error was reported, or something else was started while it was under way."""
    INCOMPLETE = "incomplete"
    """It fell silent. Its late messages still complete it."""
    NO_START = "no-start"
    """Doses without a start; with or without a complete."""
    COMPLETE_ONLY = "complete-only"
    """A complete, and nothing of what it completes."""


@dataclass(frozen=True, slots=True)
class SegmentationRules:
    """How far messages of one batch may lie apart."""

    max_start_skew: timedelta = timedelta(minutes=5)
    """A dose of the batch may seem to have begun so long before the start: the longest a pump runs, as the
    station's clock may have been set in between."""
    max_duration: timedelta = timedelta(hours=4)
    """No message later than this after its beginning belongs to a batch."""
    max_orphan_gap: timedelta = timedelta(seconds=330)
    """Doses without a start belong together if they follow so soon: a pump's time-out, and 30 s."""
    orphan_run_limit: timedelta = timedelta(hours=2)
    """Doses without a start that follow each other for longer are not one batch for ever: they are cut ..."""
    cut_interval: timedelta = timedelta(hours=1)
    """... at each full one of these in UTC that comes when they have lasted so long, and not before."""
    min_silence: timedelta = timedelta(minutes=15)
    """A batch that says nothing for so long is left alone ..."""
    silence_per_pump: timedelta = timedelta(minutes=5)
    """... or for its pumps' time-outs and one more, if that is longer."""
    repeat_window: timedelta = timedelta(seconds=60)
    """A second complete so soon after the first, less than a dose takes, is the same one said again."""
    level_grace: timedelta = timedelta(seconds=10)
    """How long after a dose its tank's level may come."""
    max_delay: timedelta = timedelta(seconds=60)
    """A message that came later than this after its time tells by its time alone when it was said."""
    max_level_age: timedelta = timedelta(hours=8)
    """The tank's level before a batch counts if it is at most so old."""

    def get_silence_limit(self, pumps: int | None) -> timedelta:
        """Silence after which a batch counts as left alone."""
        return max(self.min_silence, self.silence_per_pump * ((pumps or 0) + 1))

    def get_lookback(self) -> timedelta:
        """After so long it does not matter any more to which batch a message belonged.

        A batch that was started then is over, doses without a start have been cut twice since, and they
        are cut from then on at the same moments, whenever they are thought to have begun.
        """
        return self.max_duration + self.orphan_run_limit + 2 * self.cut_interval + self.max_orphan_gap

    def get_last_cut(self, moment: datetime) -> datetime:
        """The last moment, this one included, at which doses without a start may be cut."""
        return moment - (moment - _EPOCH) % self.cut_interval


DEFAULT_RULES = SegmentationRules()


@dataclass(frozen=True, slots=True)
class StockChange:
    """One tank over one batch, in g; None is 'not known'. ``taken_g`` is the sum of the doses meanwhile."""

    chemical: str
    before_g: float | None
    after_g: float | None
    percent_after: float | None
    capacity_g: float | None
    taken_g: float | None
    doses: int

    @property
    def lost_g(self) -> float | None:
        """What left the tank and was in no dose; below zero if the tank holds more than it should."""
        if self.before_g is None or self.after_g is None or self.taken_g is None:
            return None
        return round(self.before_g - self.after_g - self.taken_g, 3)


@dataclass(frozen=True, slots=True)
class Ingredient:
    """All doses of one chemical by one pump, the target counted once; None is 'not said'."""

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
        """Of the target."""
        error_g = self.error_g
        return None if error_g is None or not self.target_g else 100.0 * error_g / self.target_g


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch as its messages tell it: the same messages, in any order, make the same batch."""

    key: str
    """Stays the batch's own for good; a hash of the station and the time it began."""
    device_id: str
    recipe: str
    mode: str
    status: BatchStatus
    reason: str
    """Why it is not complete; '' if it is, or is under way."""
    begins_at: datetime
    ends_at: datetime | None
    """None while it is under way."""
    last_at: datetime
    """Time of its last message."""
    anchor: MessageIdentity
    """The first of its messages: by it a batch is found again when others have come to it."""
    pumps: int | None
    """How many ingredients the station says there are."""
    doses: tuple[Dose, ...]
    events: tuple[BatchEvent, ...]
    stock: tuple[StockChange, ...] = ()
    anomalies: tuple[str, ...] = ()
    """What was odd about how the messages fit together, as sentences."""
    ingredients: tuple[Ingredient, ...] = field(default=())
    """In the order in which they were dosed."""

    @property
    def anchor_time(self) -> datetime:
        return self.anchor[1]

    @property
    def duration_s(self) -> float | None:
        """From its beginning to its end."""
        return None if self.ends_at is None else (self.ends_at - self.begins_at).total_seconds()

    def iter_identities(self) -> Iterator[MessageIdentity]:
        """Of all its messages."""
        yield from map(identify_message, self.events)
        yield from map(identify_message, self.doses)


def identify_message(message: BatchMessage) -> MessageIdentity:
    """Redelivered, a message has the same."""
    if isinstance(message, Dose):
        return (message.device_id, message.time, "dose", str(message.pump), message.dedup)
    return (message.device_id, message.time, message.event, message.recipe, message.dedup)


def is_same_name(one: str, other: str) -> bool:
    """Whether two names of recipes or chemicals mean the same; one that was not said fits any.

    >>> is_same_name("CU-85", " cu-85"), is_same_name("", "CU-85"), is_same_name("CU-85", "FG-85/95")
    (True, True, False)
    """
    return one == other or not one or not other or one.strip().casefold() == other.strip().casefold()
