"""Time-dependent rules, evaluated once a second without a reading."""

from collections.abc import Iterator

from dosing_tui.domain.alarm_rules import batch_rules, connection_rules, dose_rules, station_rules, tank_rules
from dosing_tui.domain.alarm_rules.detection import Detection, EvaluationContext
from dosing_tui.domain.alarm_rules.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.rule_state import RuleState, to_epoch_minute


def check_periodic_rules(
    rule_state: RuleState, context: EvaluationContext, limits: AlarmLimits
) -> Iterator[Detection]:
    now, minute = context.now, to_epoch_minute(context.now)
    yield from connection_rules.check_connections(context, limits)
    yield from tank_rules.check_lasting_gaps(rule_state, now)
    for device in rule_state.stations:
        yield station_rules.check_station_offline(rule_state, device, context, limits)
        yield station_rules.check_clock_skew(rule_state, device, limits)
        yield from batch_rules.check_stalled_batch(rule_state, device, now, limits)
        yield from dose_rules.check_hourly_errors(rule_state, device, minute, limits)
