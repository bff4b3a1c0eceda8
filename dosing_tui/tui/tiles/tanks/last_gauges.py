"""The gauges of the tanks, from one picture to the next."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct

from dosing_tui.domain.alarms.models import AlarmKey, AlarmState
from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.domain.messages.tank_level import LevelBand, StockLimits
from dosing_tui.domain.quantities.value_age import AGE_LIMITS, ValueKind, is_old
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import sanitize_text
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.shared.tank_levels import Urgency, get_urgency
from dosing_tui.tui.tiles.shared.tank_mark import TankMark, choose_tank_mark, index_alarms

_MINUTE = timedelta(minutes=1)


class TankGauge(Struct, frozen=True):
    station: str
    """Its compact label; '' where there is only one station."""
    chemical: str
    band: LevelBand
    limits: tuple[float, float]
    mark: TankMark
    percent: float | None
    remaining_g: float | None
    capacity_g: float | None
    age: str
    is_old: bool = False
    """Drawn dim, with its age beside the value."""

    @property
    def name(self) -> str:
        """Station and chemical in full."""
        return f"{self.station} {self.chemical}".strip()


class _KnownGauge(NamedTuple):
    level: InventoryLevel
    gauge: TankGauge
    urgency: Urgency
    until: datetime
    """Until then the gauge looks the same: the level's age is shown by the minute."""


class LastGauges:
    """The gauges of the last picture: those of tanks without news are not built again. For one thread."""

    def __init__(self) -> None:
        self._surroundings: tuple[object, ...] = ()
        """All that gauges depend on beside their own level and its age."""
        self._built_at: datetime | None = None
        self._gauges: list[_KnownGauge] = []
        """In the order of the levels."""
        self._by_urgency: list[_KnownGauge] = []
        """The most urgent first."""

    def build_gauges(
        self, context: RenderContext, levels: Sequence[InventoryLevel], names: Mapping[str, str]
    ) -> tuple[TankGauge, ...]:
        """The most urgent first."""
        now, limits, active = context.now, context.limits.stock, index_alarms(context.snapshot.alarms)
        surroundings = (names, limits, active, len(levels))
        if surroundings != self._surroundings or self._built_at is None or now < self._built_at:
            self._gauges = [_build_gauge(context, level, names, limits, active) for level in levels]
            self._by_urgency = sorted(self._gauges, key=_get_urgency)
        else:
            outdated = [
                number
                for number, (level, last) in enumerate(zip(levels, self._gauges, strict=True))
                if last.level is not level or now >= last.until
            ]
            self._replace({n: _build_gauge(context, levels[n], names, limits, active) for n in outdated})
        self._surroundings, self._built_at = surroundings, now
        return tuple([each.gauge for each in self._by_urgency])

    def _replace(self, new: Mapping[int, _KnownGauge]) -> None:
        """``new``: by their numbers. The order of the others stays, so that little is to be sorted."""
        if new:
            by_old = {id(self._gauges[number]): each for number, each in new.items()}
            ordered = [by_old.get(id(each), each) for each in self._by_urgency]
            self._by_urgency = sorted(ordered, key=_get_urgency)
            for number, each in new.items():
                self._gauges[number] = each


_get_urgency = attrgetter("urgency")


def _build_gauge(
    context: RenderContext, level: InventoryLevel, names: Mapping[str, str], limits: StockLimits,
    active: Mapping[AlarmKey, AlarmState],
) -> _KnownGauge:  # fmt: skip
    gauge = _build_tank_gauge(context, level, names, limits, active)
    return _KnownGauge(
        level, gauge, get_urgency(level, limits), _find_next_look(level.received_at, context.now)
    )


def _find_next_look(received_at: datetime, now: datetime) -> datetime:
    """When the words for an age change, or it becomes old, whichever is sooner."""
    minute = received_at + ((now - received_at) // _MINUTE + 1) * _MINUTE
    # old is what is older than its limit
    old_at = received_at + AGE_LIMITS[ValueKind.LEVEL] + timedelta.resolution
    return min(minute, old_at) if now < old_at else minute


def _build_tank_gauge(
    context: RenderContext, level: InventoryLevel, names: Mapping[str, str], limits: StockLimits,
    active: Mapping[AlarmKey, AlarmState],
) -> TankGauge:  # fmt: skip
    band = limits.find_band(level)
    return TankGauge(
        station=sanitize_text(names[level.device_id]) if len(names) > 1 else "",
        chemical=sanitize_text(level.chemical), band=band, limits=limits.get_limits(level.chemical),
        mark=choose_tank_mark(level, band, active),
        percent=level.percent_full, remaining_g=level.remaining_g, capacity_g=level.capacity_g,
        age=_format_age(context, level), is_old=_is_old(context, level),
    )  # fmt: skip


def _format_age(context: RenderContext, level: InventoryLevel) -> str:
    seconds = (context.now - level.received_at).total_seconds()
    return f"{number_format.format_age(seconds)} ago" if seconds >= 60 else ""


def _is_old(context: RenderContext, level: InventoryLevel) -> bool:
    return is_old(ValueKind.LEVEL, level.received_at, context.now)
