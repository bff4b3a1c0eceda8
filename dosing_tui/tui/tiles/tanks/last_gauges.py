"""The gauges of the tanks, from one picture to the next."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct

from dosing_tui.domain.alarms.models import AlarmKey, AlarmState
from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.domain.messages.tank_level import LevelBand, StockLimits
from dosing_tui.domain.quantities.value_age import ValueKind, is_old
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
    since: datetime
    until: datetime
    """In this time the words for the level's age are the same: it is shown by the minute."""


class LastGauges:
    """The gauges of the last picture: those of tanks without news are not built again. For one thread."""

    def __init__(self) -> None:
        self._surroundings: tuple[object, ...] = ()
        """All that gauges depend on beside their own level and its age."""
        self._gauges: dict[tuple[str, str], _KnownGauge] = {}

    def build_gauges(
        self, context: RenderContext, levels: Sequence[InventoryLevel], names: Mapping[str, str]
    ) -> tuple[TankGauge, ...]:
        """The most urgent first."""
        limits, active = context.limits.stock, index_alarms(context.snapshot.alarms)
        surroundings = (names, limits, active)
        known = self._gauges if surroundings == self._surroundings else {}
        found, now = {}, context.now
        for level in levels:
            last = known.get(level.identity)
            if last is None or not _is_current(context, level, last):
                gauge = _build_tank_gauge(context, level, names, limits, active)
                minutes = (now - level.received_at) // _MINUTE
                until = level.received_at + (minutes + 1) * _MINUTE
                last = _KnownGauge(level, gauge, get_urgency(level, limits), now, until)
            found[level.identity] = last
        self._surroundings, self._gauges = surroundings, found
        return tuple(each.gauge for each in sorted(found.values(), key=attrgetter("urgency")))


def _is_current(context: RenderContext, level: InventoryLevel, known: _KnownGauge) -> bool:
    """The level is the same, and neither the words for its age nor what it looks like has changed."""
    is_in_minute = known.level is level and known.since <= context.now < known.until
    return is_in_minute and _is_old(context, level) is known.gauge.is_old


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
