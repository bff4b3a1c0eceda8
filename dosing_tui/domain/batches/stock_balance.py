"""Stock balance: tank levels before and after a batch, by the send times of the messages."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import TypeVar

from msgspec import Struct

from dosing_tui.domain.batches.models import DEFAULT_RULES, BatchMessage, StockChange
from dosing_tui.domain.messages.models import Dose, InventoryLevel, TimeQuality

MessageT = TypeVar("MessageT", Dose, InventoryLevel)
_get_send_time = itemgetter(0)


def estimate_send_time(message: BatchMessage | InventoryLevel) -> datetime:
    """Estimate the send time by the collector's clock: levels have no device time, and it may be wrong."""
    if abs(message.received_at - message.time) <= DEFAULT_RULES.max_delay:
        return message.received_at
    return message.time


class BatchSpan(Struct, frozen=True):
    """Send times of a batch: of its first and last message, and of the last dose by chemical."""

    first: datetime
    last: datetime
    last_doses: Mapping[str, datetime]
    ended: datetime
    """From then on a level shows nothing that happened during the batch."""


class StockBalance:
    """Levels and doses of one station. Levels of a backlog are ignored: their time is unknown."""

    def __init__(self, doses: Iterable[Dose], levels: Iterable[InventoryLevel]) -> None:
        self._levels: dict[str, list[tuple[datetime, InventoryLevel]]] = defaultdict(list)
        """Send time and level, in order, by chemical."""
        self._doses: dict[str, list[tuple[datetime, Dose]]] = defaultdict(list)
        self._attributed_until: dict[str, datetime] = {}
        """Send time of the last level whose difference is a batch's, by chemical."""
        for at, level in self._sort_by_send_time(filter(_is_usable_level, levels)):
            self._levels[level.chemical].append((at, level))
        for at, dose in self._sort_by_send_time(doses):
            self._doses[dose.chemical].append((at, dose))

    def _sort_by_send_time(self, messages: Iterable[MessageT]) -> list[tuple[datetime, MessageT]]:
        sent = [(estimate_send_time(message), message) for message in messages]
        return sorted(sent, key=lambda pair: (pair[0], pair[1].dedup))

    def attribute_changes(self, span: BatchSpan) -> tuple[StockChange, ...]:
        """List the stock changes of the tanks with a message during a batch or shortly after it.

        Call it for the batches in order: a difference is attributed to the first of them only.
        """
        until = span.last + DEFAULT_RULES.level_grace
        ends = {
            chemical: _find_level_after(levels, span.first, until, span.last_doses.get(chemical))
            for chemical, levels in sorted(self._levels.items())
        }
        return tuple(
            self._build_change(chemical, span, end) for chemical, end in ends.items() if end is not None
        )

    def _build_change(self, chemical: str, span: BatchSpan, after: int) -> StockChange:
        levels, doses, first = self._levels[chemical], self._doses[chemical], span.first
        after_at, level = levels[after]
        before = bisect_right(levels, first, key=_get_send_time) - 1
        before_at, level_before = levels[before]
        begin, end = (bisect_right(doses, at, key=_get_send_time) for at in (before_at, after_at))
        is_old = (
            first - before_at > DEFAULT_RULES.max_level_age
            or end - begin > DEFAULT_RULES.max_doses_since_level
        )
        if before < 0 or is_old:
            return StockChange(
                chemical, None, level.remaining_g, level.percent_full, level.capacity_g, None, 0
            )
        return StockChange(
            chemical,
            before_g=level_before.remaining_g,
            after_g=level.remaining_g,
            percent_after=level.percent_full,
            capacity_g=level.capacity_g,
            taken_g=_sum_doses([dose for _, dose in doses[begin:end]]),
            doses=end - begin,
            attributed=self._attribute_difference(chemical, span, before_at, after_at),
        )

    def _attribute_difference(
        self, chemical: str, span: BatchSpan, before_at: datetime, after_at: datetime
    ) -> bool:
        """Whether the difference between two levels is the batch's, and no earlier batch's."""
        if after_at > span.ended or before_at < self._attributed_until.get(chemical, before_at):
            return False
        self._attributed_until[chemical] = after_at
        return True


def _is_usable_level(level: InventoryLevel) -> bool:
    return level.remaining_g is not None and level.time_quality is not TimeQuality.BACKLOG


def _find_level_after(
    levels: Sequence[tuple[datetime, InventoryLevel]],
    first: datetime,
    until: datetime,
    last_dose_at: datetime | None,
) -> int | None:
    """Return the index of the level after the batch's last dose, or else of the last one during the batch."""
    beyond = bisect_right(levels, until, key=_get_send_time)
    if last_dose_at is not None:
        found = bisect_left(levels, last_dose_at, key=_get_send_time)
        if found < beyond:
            return found
    return beyond - 1 if beyond and levels[beyond - 1][0] > first else None


def _sum_doses(doses: Sequence[Dose]) -> float | None:
    """Sum the doses in g; None if a mass is missing."""
    masses = [dose.actual_g for dose in doses if dose.actual_g is not None]
    return round(sum(masses), 6) if len(masses) == len(doses) else None
