"""When an alarm would only say what is known or expected: suppressed by design, with the reason."""

from collections.abc import Mapping
from dataclasses import dataclass

from dosing_tui.domain.alarm_rules.rule_state import Memory
from dosing_tui.domain.alarms.models import AlarmKey, AlarmState

_OF_THE_STATION = frozenset({"DOSE_OUT_OF_TOL", "DOSE_GROSS", "ERR_MEAN_1H", "ERR_RATE_1H", "CLOCK_SKEW"})
"""Not BATCH_STALLED: a mixture that waits is more urgent than the silence of its station, not part of it."""
_OF_THE_BROKER = frozenset({"DEVICE_OFFLINE", "BATCH_STALLED"})

_BROKER = AlarmKey("BROKER_DOWN")


@dataclass(frozen=True, slots=True)
class Scene:
    """What suppression goes by."""

    states: Mapping[AlarmKey, AlarmState]
    memory: Memory
    on_duty: bool


def reason(key: AlarmKey, scene: Scene) -> str:
    """Why this alarm is to be silent now; '' if it is not."""
    if key.rule in _OF_THE_BROKER and _active(scene, _BROKER):
        return "the broker is down"
    if key.rule in _OF_THE_STATION and _active(scene, AlarmKey("DEVICE_OFFLINE", key.device)):
        return "the station is offline"
    if key.rule == "STOCK_LOW" and _active(scene, AlarmKey("STOCK_CRITICAL", key.device, key.item)):
        return "the tank is nearly empty"
    if key.rule == "DEVICE_OFFLINE" and not scene.on_duty and not _in_batch(scene, key.device):
        return "no batch is open and no shift is scheduled"
    return ""


def _active(scene: Scene, key: AlarmKey) -> bool:
    state = scene.states.get(key)
    return state is not None and state.active and state.hiding is None


def _in_batch(scene: Scene, device: str) -> bool:
    station = scene.memory.stations.get(device)
    return station is not None and station.batch is not None
