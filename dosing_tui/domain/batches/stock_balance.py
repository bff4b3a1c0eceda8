"""Stock balance: tank levels before and after a batch, by the send times of the messages."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dosing_tui.domain.batches.models import BatchMessage, SegmentationRules, StockChange
from dosing_tui.domain.messages.models import Dose, InventoryLevel, TimeQuality


def estimate_send_time(message: BatchMessage | InventoryLevel, rules: SegmentationRules) -> datetime:
    """Estimate the send time by the collector's clock: levels have no device time, and it may be wrong."""
    if abs(message.received_at - message.time) <= rules.max_delay:
        return message.received_at
    return message.time


@dataclass(frozen=True, slots=True)
class _TankHistory:
    """Levels and doses of one chemical with their send times, in parallel sorted lists."""

    level_times: list[datetime] = field(default_factory=list)
    levels: list[InventoryLevel] = field(default_factory=list)
    dose_times: list[datetime] = field(default_factory=list)
    doses: list[Dose] = field(default_factory=list)


class StockBalance:
    """Levels and doses of one station. Levels of a backlog are ignored: their time is unknown."""

    def __init__(
        self, doses: Iterable[Dose], levels: Iterable[InventoryLevel], rules: SegmentationRules
    ) -> None:
        self._rules = rules
        self._tanks: dict[str, _TankHistory] = {}
        for at, level in sorted(
            [(estimate_send_time(level, rules), level) for level in levels if _is_usable_level(level)],
            key=lambda pair: (pair[0], pair[1].dedup),
        ):
            tank = self._tanks.setdefault(level.chemical, _TankHistory())
            tank.level_times.append(at)
            tank.levels.append(level)
        for at, dose in sorted(
            [(estimate_send_time(dose, rules), dose) for dose in doses],
            key=lambda pair: (pair[0], pair[1].dedup),
        ):
            if (known := self._tanks.get(dose.chemical)) is not None:
                known.dose_times.append(at)
                known.doses.append(dose)
        self._sorted_tanks = sorted(self._tanks.items())

    def list_changes(
        self, first: datetime, last: datetime, last_doses: Mapping[str, datetime]
    ) -> tuple[StockChange, ...]:
        """List the stock changes of the tanks with a message during a batch or shortly after it.

        ``last_doses``: send time of the batch's last dose, by chemical.
        """
        until = last + self._rules.level_grace
        found: list[StockChange] = []
        for chemical, tank in self._sorted_tanks:
            after = _find_level_after(tank.level_times, first, until, last_doses.get(chemical))
            if after is not None:
                found.append(self._build_change(chemical, tank, first, after))
        return tuple(found)

    def _build_change(self, chemical: str, tank: _TankHistory, first: datetime, after: int) -> StockChange:
        level = tank.levels[after]
        before = bisect_right(tank.level_times, first) - 1
        if before < 0 or first - tank.level_times[before] > self._rules.max_level_age:
            return StockChange(
                chemical, None, level.remaining_g, level.percent_full, level.capacity_g, None, 0
            )
        doses = tank.doses[
            bisect_right(tank.dose_times, tank.level_times[before]) : bisect_right(
                tank.dose_times, tank.level_times[after]
            )
        ]
        return StockChange(
            chemical,
            before_g=tank.levels[before].remaining_g,
            after_g=level.remaining_g,
            percent_after=level.percent_full,
            capacity_g=level.capacity_g,
            taken_g=_sum_doses(doses),
            doses=len(doses),
        )


def _is_usable_level(level: InventoryLevel) -> bool:
    return level.remaining_g is not None and level.time_quality is not TimeQuality.BACKLOG


def _find_level_after(
    moments: Sequence[datetime], first: datetime, until: datetime, last_dose_at: datetime | None
) -> int | None:
    """Return the index of the level after the batch's last dose, or else of the last one during the batch."""
    beyond = bisect_right(moments, until)
    if last_dose_at is not None and (found := bisect_left(moments, last_dose_at)) < beyond:
        return found
    return beyond - 1 if beyond and moments[beyond - 1] > first else None


def _sum_doses(doses: Sequence[Dose]) -> float | None:
    """Sum the doses in g; None if a mass is missing."""
    masses = [dose.actual_g for dose in doses if dose.actual_g is not None]
    return round(sum(masses), 6) if len(masses) == len(doses) else None
