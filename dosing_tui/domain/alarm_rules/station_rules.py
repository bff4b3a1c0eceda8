"""Station alarms: offline and clock skew."""

from datetime import timedelta

from dosing_tui.domain.alarm_rules.detection import Detection, EvaluationContext, is_above
from dosing_tui.domain.alarm_rules.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.rule_state import RuleState, StationState
from dosing_tui.domain.alarms.models import AlarmKey, Priority
from dosing_tui.domain.messages.models import Reading, TimeQuality

QUEUE_DRAIN_TIME = timedelta(minutes=1)
"""Time for the broker's queued messages to arrive after a reconnect."""
MIN_CLOCK_SAMPLES = 5

_UNUSABLE_TIME = frozenset({TimeQuality.UPTIME, TimeQuality.WINDOW})


def update_station(station: StationState, reading: Reading) -> None:
    update_last_message(station, reading)
    if reading.time_quality is TimeQuality.DEVICE:
        station.clock_offsets.append((reading.received_at - reading.time).total_seconds())
    elif reading.time_quality in _UNUSABLE_TIME:
        station.clock_offsets.append(None)


def update_last_message(station: StationState, reading: Reading) -> None:
    """Update the time of the last message, also by a stored reading."""
    station.last_message_at = max(station.last_message_at or reading.received_at, reading.received_at)
    if station.batch is not None:
        station.batch.last_message_at = max(station.batch.last_message_at, reading.received_at)


def check_station_offline(
    rule_state: RuleState, device: str, context: EvaluationContext, limits: AlarmLimits
) -> Detection:
    """Check the time since the last message; unknown while the broker is down or its queue drains."""
    key = AlarmKey("DEVICE_OFFLINE", device)
    limit = limits.offline_after
    heard = rule_state.stations[device].last_message_at
    listening_since = max(context.broker.since or rule_state.started_at, rule_state.started_at)
    listening = context.now - listening_since
    silent = context.now - (heard or listening_since)
    words = f"Dosing system offline for {format_age(silent)} ({device})"
    if heard is None:
        words = f"Dosing system offline: {device} has never reported"
    active: bool | None = None
    if context.broker.is_up and silent < limit:
        active = False if heard is not None and heard >= listening_since else None
    elif context.broker.is_up and listening >= (QUEUE_DRAIN_TIME if heard else limit):
        active = True
    return Detection(key, active, words, silent.total_seconds(), limit.total_seconds())


def check_clock_skew(rule_state: RuleState, device: str, limits: AlarmLimits) -> Detection:
    """Check the smallest of the last clock offsets, so that one delayed message has no effect."""
    key = AlarmKey("CLOCK_SKEW", device)
    samples = rule_state.stations[device].clock_offsets
    if len(samples) < MIN_CLOCK_SAMPLES:
        return Detection(key, None)
    told = [sample for sample in samples if sample is not None]
    if not told:
        return Detection(
            key, True, f"Station {device} sends no usable time: its counter or a clock that is wrong"
        )
    skew = min(told, key=abs)
    warn, alarm = limits.skew_warn.total_seconds(), limits.skew_alarm.total_seconds()
    priority = Priority.MEDIUM if abs(skew) > alarm else Priority.LOW
    words = f"Clock of station {device} is {abs(skew):.0f} s {'behind' if skew > 0 else 'ahead'}"
    return Detection(key, is_above(abs(skew), warn, returns_at=warn * 0.8), words, skew, warn, priority)


def format_age(span: timedelta) -> str:
    """Format a duration in minutes, hours and minutes, or days and hours.

    >>> [format_age(timedelta(minutes=minutes)) for minutes in (12, 125, 7205)]
    ['12 min', '2 h 5 min', '5 d 0 h']
    """
    minutes = int(span.total_seconds() // 60)
    hours = minutes // 60
    if hours >= 24:
        return f"{hours // 24} d {hours % 24} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
