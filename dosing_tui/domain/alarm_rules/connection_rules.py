"""What the links and the spool say."""

from collections.abc import Iterator

from dosing_tui.domain.alarm_rules.detection import Finding, LinkView, Outlook
from dosing_tui.domain.alarm_rules.limits import AlarmLimits
from dosing_tui.domain.alarms.models import AlarmKey


def states(outlook: Outlook, limits: AlarmLimits) -> Iterator[Finding]:
    yield _down("BROKER_DOWN", "Broker down", outlook.broker, outlook, limits)
    buffering = f"Database down: buffering {outlook.spooled:,} messages"
    if outlook.spooled_since is not None:
        age = (outlook.now - outlook.spooled_since).total_seconds()
        buffering += f", oldest {age / 60:.0f} min"
    yield _down("DB_DOWN", buffering, outlook.database, outlook, limits)
    yield _spool(outlook, limits)


def _down(rule: str, words: str, link: LinkView, outlook: Outlook, limits: AlarmLimits) -> Finding:
    key = AlarmKey(rule)
    if link.up is None or link.since is None:
        return Finding(key, None)
    seconds = (outlook.now - link.since).total_seconds()
    limit = limits.link_down_after.total_seconds()
    why = link.why.rstrip(".")
    active = None if not link.up and seconds <= limit else not link.up
    return Finding(key, active, f"{words} · {why}" if why else words, seconds, limit)


def _spool(outlook: Outlook, limits: AlarmLimits) -> Finding:
    key = AlarmKey("SPOOL_HIGH")
    age = (outlook.now - outlook.spooled_since) if outlook.spooled_since else None
    if age is not None and age > limits.spool_age:
        words = (
            f"Spool: the oldest of {outlook.spooled:,} readings waits for {age.total_seconds() / 60:.0f} min"
        )
        return Finding(key, True, words, age.total_seconds(), limits.spool_age.total_seconds())
    percent = outlook.spool_percent
    words = f"Spool {percent:.0f} % full, {outlook.spooled:,} readings wait"
    return Finding(key, percent > limits.spool_percent, words, percent, limits.spool_percent)
