"""What a station's silence and its clock say."""

from datetime import timedelta

from dosing_tui.domain.alarm_rules.detection import Finding, Outlook
from dosing_tui.domain.alarm_rules.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.rule_state import Memory, Station
from dosing_tui.domain.alarms.models import AlarmKey, Priority
from dosing_tui.domain.messages.models import Reading, TimeQuality

SETTLING = timedelta(minutes=1)
"""After the broker came, what it had queued is on its way."""
FEWEST_SAMPLES = 5

_NO_TIME = frozenset({TimeQuality.UPTIME, TimeQuality.WINDOW})


def note_heard(station: Station, reading: Reading) -> None:
    note_known(station, reading)
    if reading.time_quality is TimeQuality.DEVICE:
        station.skews.append((reading.received_at - reading.time).total_seconds())
    elif reading.time_quality in _NO_TIME:
        station.skews.append(None)


def note_known(station: Station, reading: Reading) -> None:
    """A reading of the past."""
    if station.heard_at is None or station.heard_at < reading.received_at:
        station.heard_at = reading.received_at
    if station.batch is not None and station.batch.last_at < reading.received_at:
        station.batch.last_at = reading.received_at


def silence(memory: Memory, device: str, outlook: Outlook, limits: AlarmLimits) -> Finding:
    """Nothing is said of a station while the broker is away, nor before its queue is emptied."""
    key = AlarmKey("DEVICE_OFFLINE", device)
    limit = limits.offline_after
    heard = memory.stations[device].heard_at
    listening_since = max(outlook.broker.since or memory.started_at, memory.started_at)
    listening = outlook.now - listening_since
    silent = outlook.now - (heard or listening_since)
    words = f"Dosing system offline for {_age(silent)} ({device})"
    if heard is None:
        words = f"Dosing system offline: {device} has never reported"
    seconds = silent.total_seconds()
    active: bool | None = None
    if not outlook.broker.up:
        pass
    elif silent < limit:
        active = False if heard is not None and heard >= listening_since else None
    elif listening >= (SETTLING if heard else limit):
        active = True
    return Finding(key, active, words, seconds, limit.total_seconds())


def clock(memory: Memory, device: str, limits: AlarmLimits) -> Finding:
    """By the smallest of the last differences: one message that was held up says nothing of the clock."""
    key = AlarmKey("CLOCK_SKEW", device)
    samples = memory.stations[device].skews
    if len(samples) < FEWEST_SAMPLES:
        return Finding(key, None)
    told = [sample for sample in samples if sample is not None]
    if not told:
        return Finding(
            key, True, f"Station {device} sends no usable time: its counter or a clock that is wrong"
        )
    skew = min(told, key=abs)
    warn, alarm = limits.skew_warn.total_seconds(), limits.skew_alarm.total_seconds()
    priority = Priority.MEDIUM if abs(skew) > alarm else Priority.LOW
    words = f"Clock of station {device} is {abs(skew):.0f} s {'behind' if skew > 0 else 'ahead'}"
    active = True if abs(skew) > warn else False if abs(skew) <= warn * 0.8 else None
    return Finding(key, active, words, skew, warn, priority)


def _age(span: timedelta) -> str:
    """
    >>> _age(timedelta(minutes=12)), _age(timedelta(hours=26, minutes=5))
    ('12 min', '26 h 5 min')
    """
    minutes = int(span.total_seconds() // 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
