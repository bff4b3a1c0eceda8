"""Suppression by design (ISA-18.2): consequential alarms and expected conditions."""

from collections.abc import Mapping

from dosing_tui.domain.alarm_rules.shared.rule_state import RuleState
from dosing_tui.domain.alarms.models import AlarmKey, AlarmState

_STATION_RULES = frozenset({"DOSE_OUT_OF_TOL", "DOSE_GROSS", "ERR_MEAN_1H", "ERR_RATE_1H", "CLOCK_SKEW"})
"""Rules suppressed while their station is offline. BATCH_STALLED is excluded: it has a higher priority."""
_BROKER_RULES = frozenset({"DEVICE_OFFLINE", "BATCH_STALLED", "TOPIC_REFUSED"})


def get_suppression_reason(
    key: AlarmKey,
    states: Mapping[AlarmKey, AlarmState],
    rule_state: RuleState,
    *,
    is_shift_scheduled: bool,
) -> str:
    """Return why an alarm is suppressed by design, '' if it is not."""

    def is_active(rule: str, device: str = "", item: str = "") -> bool:
        state = states.get(AlarmKey(rule, device, item))
        return state is not None and state.active and state.hiding is None

    if key.rule in _BROKER_RULES and is_active("BROKER_DOWN"):
        return "the broker is down"
    if key.rule == "DB_PARTIAL" and is_active("DB_DOWN"):
        return "the database is down"
    if key.rule in _STATION_RULES and is_active("DEVICE_OFFLINE", key.device):
        return "the station is offline"
    if key.rule in ("STOCK_LOW", "STOCK_COVER_LOW") and is_active("STOCK_CRITICAL", key.device, key.item):
        return "the tank is nearly empty"
    if key.rule == "DEVICE_OFFLINE" and not is_shift_scheduled:
        station = rule_state.stations.get(key.device)
        if station is None or station.batch is None:
            return "no batch is open and no shift is scheduled"
    return ""
