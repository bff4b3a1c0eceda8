"""Connection alarms: broker down, topic refused, database down, spool high."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from dosing_tui.domain.alarm_rules.shared.detection import ConnectionState, Detection, EvaluationContext
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.shared.link_history import LinkHistory
from dosing_tui.domain.alarm_rules.shared.rule_state import RuleState
from dosing_tui.domain.alarms.models import MAX_ITEM_CELLS, AlarmKey
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.quantities.quantity_text import (
    count_noun,
    format_duration,
    format_percent,
)


def check_connections(
    rule_state: RuleState, context: EvaluationContext, limits: AlarmLimits
) -> Iterator[Detection]:
    broker = rule_state.links.setdefault("BROKER_DOWN", LinkHistory())
    broker.update(context.broker, context.now, limits.link_down_after)
    yield _check_connection("BROKER_DOWN", "Broker down", context.broker, broker, context.now, limits)
    for topic, is_refused in context.topics:
        known = is_refused if context.broker.is_up else None
        name = clean_text(topic, limit=MAX_ITEM_CELLS)
        yield Detection(AlarmKey("TOPIC_REFUSED", "", name), known, f"Broker refuses to deliver {name}")
    buffering = "Database down"
    if context.spool_count:
        buffering += f": buffering {count_noun(context.spool_count, 'message')}"
    if context.oldest_spooled_at is not None:
        age = (context.now - context.oldest_spooled_at).total_seconds()
        buffering += f", oldest {format_duration(age // 60 * 60)}"
    database = rule_state.links.setdefault("DB_DOWN", LinkHistory())
    database.update(context.database, context.now, limits.link_down_after)
    yield _check_connection("DB_DOWN", buffering, context.database, database, context.now, limits)
    for part, fault in context.database_parts:
        is_faulty = bool(fault) if context.database.is_up else None
        yield Detection(AlarmKey("DB_PARTIAL", "", part), is_faulty, fault)
    yield _check_spool(context, limits)
    yield Detection(
        AlarmKey("SPOOL_FULL"), context.is_intake_stopped, "Spool full: messages wait at the broker"
    )


def check_removed_topics(context: EvaluationContext, alarms: Iterable[AlarmKey]) -> Iterator[Detection]:
    """End the alarms of topics that are no longer configured."""
    configured = {clean_text(topic, limit=MAX_ITEM_CELLS) for topic, _ in context.topics}
    for key in list(alarms):
        if key.rule == "TOPIC_REFUSED" and configured and key.item not in configured:
            yield Detection(key, False)


def _check_connection(
    rule: str,
    text: str,
    connection: ConnectionState,
    history: LinkHistory,
    now: datetime,
    limits: AlarmLimits,
) -> Detection:
    """Check one outage, and several together: each may be shorter than the limit."""
    key = AlarmKey(rule)
    if connection.is_up is None or connection.since is None:
        return Detection(key, None)
    seconds = (now - connection.since).total_seconds()
    limit = limits.link_down_after.total_seconds()
    down_s = history.measure_outages(now).total_seconds()
    is_single = not connection.is_up and seconds > limit
    if history.is_unstable and not is_single:
        text = f"{text.partition(' ')[0]} connection unstable: {count_noun(history.count, 'outage')}"
        text += f" in the last minute, {format_duration(round(down_s))} in all"
        return Detection(key, True, text, down_s, limit)
    why = connection.reason.rstrip(".")
    active = None if not connection.is_up and seconds <= limit else not connection.is_up
    return Detection(key, active, f"{text} · {why}" if why else text, seconds, limit)


def _check_spool(context: EvaluationContext, limits: AlarmLimits) -> Detection:
    key, count = AlarmKey("SPOOL_HIGH"), count_noun(context.spool_count, "reading")
    age = (context.now - context.oldest_spooled_at) if context.oldest_spooled_at else None
    if age is not None and age > limits.spool_age:
        oldest = format_duration(age.total_seconds())
        # the value of this alarm is a percentage: the age is in the text
        return Detection(key, True, f"Spool: the oldest of {count} is {oldest} old")
    percent = context.spool_percent
    words = f"Spool {format_percent(percent)} full, {count} buffered"
    return Detection(key, percent > limits.spool_percent, words, percent, limits.spool_percent)
