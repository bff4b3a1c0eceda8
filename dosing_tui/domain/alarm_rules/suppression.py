"""Suppression by design (ISA-18.2): consequential alarms and expected conditions."""

from collections.abc import Mapping
from dataclasses import dataclass

from dosing_tui.domain.alarm_rules.rule_state import RuleState
from dosing_tui.domain.alarms.models import AlarmKey, AlarmState

_STATION_RULES = frozenset({"DOSE_OUT_OF_TOL", "DOSE_GROSS", "ERR_MEAN_1H", "ERR_RATE_1H", "CLOCK_SKEW"})
"""Rules suppressed while their station is offline. BATCH_STALLED is excluded: it has a higher priority."""
_BROKER_RULES = frozenset({"DEVICE_OFFLINE", "BATCH_STALLED"})

_BROKER_DOWN = AlarmKey("BROKER_DOWN")


@dataclass(frozen=True, slots=True)
class SuppressionContext:
    """Inputs of the suppression rules."""

    states: Mapping[AlarmKey, AlarmState]
    rule_state: RuleState
    is_shift_scheduled: bool


def get_suppression_reason(key: AlarmKey, context: SuppressionContext) -> str:
    """Return why an alarm is suppressed by design, '' if it is not."""
    if key.rule in _BROKER_RULES and _is_active(context, _BROKER_DOWN):
        return "the broker is down"
    if key.rule in _STATION_RULES and _is_active(context, AlarmKey("DEVICE_OFFLINE", key.device)):
        return "the station is offline"
    if key.rule == "STOCK_LOW" and _is_active(context, AlarmKey("STOCK_CRITICAL", key.device, key.item)):
        return "the tank is nearly empty"
    if (
        key.rule == "DEVICE_OFFLINE"
        and not context.is_shift_scheduled
        and not _is_batch_open(context, key.device)
    ):
        return "no batch is open and no shift is scheduled"
    return ""


def _is_active(context: SuppressionContext, key: AlarmKey) -> bool:
    state = context.states.get(key)
    return state is not None and state.active and state.hiding is None


def _is_batch_open(context: SuppressionContext, device: str) -> bool:
    station = context.rule_state.stations.get(device)
    return station is not None and station.batch is not None
