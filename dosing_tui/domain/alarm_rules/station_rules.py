"""Station alarms: offline, lost messages and clock skew."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec.structs import replace

from dosing_tui.domain.alarm_rules.shared.detection import Detection, EvaluationContext, is_above
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.shared.rule_state import (
    ESTABLISHED_MESSAGES,
    RuleState,
    StationState,
)
from dosing_tui.domain.alarms.models import AlarmKey, Priority
from dosing_tui.domain.messages.models import Reading, TimeQuality
from dosing_tui.domain.presence.models import (
    ConnectionReport,
    MessageLoss,
    StationNews,
    StationPresence,
    StationReport,
)
from dosing_tui.domain.quantities.quantity_text import count_noun, format_duration
from dosing_tui.domain.quantities.set_back_clock import is_set_back, limit_to_clock

QUEUE_DRAIN_TIME = timedelta(minutes=1)
"""Time for the broker's queued messages to arrive after a reconnect."""
MIN_CLOCK_SAMPLES = 5
SAMPLE_INTERVAL = timedelta(seconds=5)
"""Minimum interval between two samples of a clock: messages sent together are one sample."""
MIN_CLOCK_SPAN = timedelta(seconds=30)
"""Minimum time over which equal offsets prove a wrong clock."""
CLOCK_JITTER_S = 5.0
"""Maximum difference between the offsets of one clock, in s."""

_UNUSABLE_TIME = frozenset({TimeQuality.UPTIME, TimeQuality.WINDOW})


def update_station(station: StationState, reading: Reading) -> None:
    update_last_message(station, reading)
    add_clock_reading(station, reading.time_quality, reading.time, reading.received_at)


def add_clock_reading(
    station: StationState, quality: TimeQuality, time: datetime, received_at: datetime
) -> None:
    """Add what a reading says of its station's clock."""
    if quality is TimeQuality.DEVICE:
        _add_clock_sample(station, received_at, (received_at - time).total_seconds())
    elif quality in _UNUSABLE_TIME:
        _add_clock_sample(station, received_at, None)


def _add_clock_sample(station: StationState, received_at: datetime, offset_s: float | None) -> None:
    """Add a clock offset; of those received within SAMPLE_INTERVAL, only the smallest is kept."""
    samples = station.clock_offsets
    if not samples or received_at - samples[-1][0] >= SAMPLE_INTERVAL:
        samples.append((received_at, offset_s))
        return
    since, other = samples[-1]
    if offset_s is not None and (other is None or abs(offset_s) <= abs(other)):
        samples[-1] = since, offset_s


def update_last_message(station: StationState, reading: Reading) -> None:
    """Update the time of the last message, also by a stored reading."""
    at, batch = reading.received_at, station.batch
    if station.last_message_at is None or at > station.last_message_at:
        station.last_message_at = at
    if station.message_count < ESTABLISHED_MESSAGES:
        station.message_count += 1
    if batch is not None and at > batch.last_message_at:
        batch.last_message_at = at


def check_station_offline(
    rule_state: RuleState, device: str, context: EvaluationContext, limits: AlarmLimits
) -> Detection:
    """Check the time since the last message; unknown while nobody listens or the broker's queue drains.

    A last will counts at once. A retained status is a state of unknown age: it raises nothing, and one that
    is online ends what a last will began.
    """
    key = AlarmKey("DEVICE_OFFLINE", device)
    limit = limits.offline_after
    station = rule_state.stations[device]
    _follow_set_back_clock(station, context.now)
    heard, presence = station.last_message_at, station.presence or StationPresence(device)
    is_offline = presence.is_offline(heard)
    listening_since = rule_state.get_listening_since(context)
    if listening_since is None:
        return Detection(key, None)
    listening = context.now - listening_since
    silent = context.now - (heard or listening_since)
    active: bool | None = None
    if is_offline and not presence.is_retained:
        words = f"Dosing system offline: disconnected from the broker ({device})"
        return Detection(key, True, words, silent.total_seconds())
    if silent < limit:
        is_heard = heard is not None and heard >= listening_since and not is_offline
        active = False if is_heard or presence.status is ConnectionReport.ONLINE else None
    elif listening >= (QUEUE_DRAIN_TIME if heard else limit):
        active = True
    if not active and rule_state.is_normal(key):
        return Detection(key, active)  # every station, each second
    words = f"Dosing system offline for {format_age(silent)} ({device})"
    if heard is None:
        words = f"Dosing system offline: {device} has never reported"
    return Detection(key, active, words, silent.total_seconds(), limit.total_seconds())


def _follow_set_back_clock(station: StationState, now: datetime) -> None:
    """Silence counts from now on; whether the last will came after the last message stays as it was."""
    heard, presence = station.last_message_at, station.presence
    if presence is not None and presence.reported_at is not None and is_set_back(presence.reported_at, now):
        is_offline = presence.is_offline(heard)
        reported_at = now if is_offline else now - timedelta(microseconds=1)
        station.presence = replace(presence, reported_at=reported_at)
    if heard is not None:
        station.last_message_at = limit_to_clock(heard, now)


def note_news(rule_state: RuleState, news: StationNews) -> bool:
    """Note a station's status or loss of messages; whether an alarm may follow from it."""
    if isinstance(news, StationReport) and _is_leftover(rule_state, news):
        return False
    station = rule_state.get_station(news.device_id)
    if isinstance(news, MessageLoss):
        station.new_losses.append(news)
        return news.count > 0
    before = station.presence
    station.presence = (before or StationPresence(news.device_id)).apply_report(news)
    if news.is_sign_of_life:
        station.last_message_at = max(station.last_message_at or news.received_at, news.received_at)
    return station.presence != before


def _is_leftover(rule_state: RuleState, report: StationReport) -> bool:
    """Whether only a kept 'offline' is known of the station: it may have been taken away long ago."""
    is_online = report.status is ConnectionReport.ONLINE
    return report.is_retained and not is_online and report.device_id not in rule_state.stations


def check_lost_messages(station: StationState) -> Iterator[Detection]:
    """Report the messages that were lost since the last check."""
    losses, station.new_losses = [loss for loss in station.new_losses if loss.count > 0], []
    if not losses:
        return
    device, count = losses[0].device_id, sum(loss.count for loss in losses)
    words = f"{count_noun(count, 'message')} of {device} lost"
    if len(losses) == 1:
        first, last = losses[0].first, losses[0].last
        words += f" (number {first})" if first == last else f" (numbers {first} to {last})"
    yield Detection(AlarmKey("MESSAGES_LOST", device), True, words, float(count))


def check_clock_skew(rule_state: RuleState, device: str, limits: AlarmLimits) -> Detection:
    """Check the smallest of the last clock offsets, so that one delayed message has no effect.

    A wrong clock runs: its offset stays. The offsets of a backlog, sent faster than it happened, do not.
    """
    key = AlarmKey("CLOCK_SKEW", device)
    samples = rule_state.stations[device].clock_offsets
    if len(samples) < MIN_CLOCK_SAMPLES:
        return Detection(key, None)
    told = [(at, offset) for at, offset in samples if offset is not None]
    if not told:
        return Detection(
            key, True, f"Station {device} sends no usable time: its counter or a clock that is wrong"
        )
    skew = min((offset for _, offset in told), key=abs)
    warn, alarm = limits.skew_warn.total_seconds(), limits.skew_alarm.total_seconds()
    active = is_above(abs(skew), warn, returns_at=warn * 0.8)
    if not active and rule_state.is_normal(key):
        return Detection(key, active)  # every station, each second
    steady = [at for at, offset in told if abs(offset - skew) <= CLOCK_JITTER_S]
    is_steady = len(steady) >= MIN_CLOCK_SAMPLES and steady[-1] - steady[0] >= MIN_CLOCK_SPAN
    priority = Priority.MEDIUM if abs(skew) > alarm else Priority.LOW
    offset, side = format_duration(round(abs(skew))), "behind" if skew > 0 else "ahead"
    words = f"Clock of station {device} is {offset} {side}"
    return Detection(key, active if is_steady or not active else None, words, skew, warn, priority)


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
