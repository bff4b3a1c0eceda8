"""How a tank's level looks: shape and word by its band, colour only by an alarm of the tank. Pure."""

from collections.abc import Mapping

from msgspec import Struct

from dosing_tui.domain.alarms.models import AlarmKey, AlarmState, Priority
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot
from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.domain.messages.tank_level import LevelBand
from dosing_tui.tui.rendering.palette import DEVIATION, STRONG, CellStyle, ColourRole
from dosing_tui.tui.rendering.priority_style import PRIORITY_MARKS

_RULE_WORDS = {"STOCK_CRITICAL": "critical", "STOCK_LOW": "low"}
"""The worse first."""


class TankMark(Struct, frozen=True):
    """``style`` is that of shape and percentage, ``bar`` the colour of the gauge."""

    shape: str
    word: str
    style: CellStyle
    bar: ColourRole


_BAND_MARKS: Mapping[LevelBand, TankMark] = {
    LevelBand.LOW: TankMark("●", "low", DEVIATION, ColourRole.BAR),
    LevelBand.WARN: TankMark("○", "reorder", STRONG, ColourRole.BAR),
    LevelBand.NORMAL: TankMark(" ", "", STRONG, ColourRole.BAR),
    LevelBand.UNKNOWN: TankMark("?", "no level", STRONG, ColourRole.BAR),
}


def index_alarms(alarms: AlarmSnapshot | None) -> Mapping[AlarmKey, AlarmState]:
    """The annunciated alarms by their keys, once for all tanks."""
    return {view.state.key: view.state for view in alarms.annunciated_alarms} if alarms else {}


def choose_tank_mark(
    level: InventoryLevel, band: LevelBand, active: Mapping[AlarmKey, AlarmState]
) -> TankMark:
    """Shape and colour of the alarm of this tank's level, else shape and word of its band."""
    for rule, word in _RULE_WORDS.items():
        state = active.get(AlarmKey(rule, level.device_id, level.chemical))
        if state is not None and state.active:
            return _build_alarm_mark(state.priority, word)
    return _BAND_MARKS[band]


def _build_alarm_mark(priority: Priority, word: str) -> TankMark:
    mark = PRIORITY_MARKS[priority]
    return TankMark(mark.shape, word, CellStyle(mark.colour, bold=True), mark.colour)
