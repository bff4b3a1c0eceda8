"""Connection alarms: broker down, topic refused, database down, spool high."""

from collections.abc import Iterator

from dosing_tui.domain.alarm_rules.detection import ConnectionState, Detection, EvaluationContext
from dosing_tui.domain.alarm_rules.limits import AlarmLimits
from dosing_tui.domain.alarms.models import AlarmKey


def check_connections(context: EvaluationContext, limits: AlarmLimits) -> Iterator[Detection]:
    yield _check_connection("BROKER_DOWN", "Broker down", context.broker, context, limits)
    for topic, is_refused in context.topics:
        known = is_refused if context.broker.is_up else None
        yield Detection(AlarmKey("TOPIC_REFUSED", "", topic), known, f"Broker refuses to deliver {topic}")
    buffering = f"Database down: buffering {context.spool_count:,} messages"
    if context.oldest_spooled_at is not None:
        age = (context.now - context.oldest_spooled_at).total_seconds()
        buffering += f", oldest {age / 60:.0f} min"
    yield _check_connection("DB_DOWN", buffering, context.database, context, limits)
    for part, fault in context.database_parts:
        is_faulty = bool(fault) if context.database.is_up else None
        yield Detection(AlarmKey("DB_PARTIAL", "", part), is_faulty, fault)
    yield _check_spool(context, limits)
    yield Detection(
        AlarmKey("SPOOL_FULL"), context.is_intake_stopped, "Spool full: messages wait at the broker"
    )


def _check_connection(
    rule: str, text: str, connection: ConnectionState, context: EvaluationContext, limits: AlarmLimits
) -> Detection:
    key = AlarmKey(rule)
    if connection.is_up is None or connection.since is None:
        return Detection(key, None)
    seconds = (context.now - connection.since).total_seconds()
    limit = limits.link_down_after.total_seconds()
    why = connection.reason.rstrip(".")
    active = None if not connection.is_up and seconds <= limit else not connection.is_up
    return Detection(key, active, f"{text} · {why}" if why else text, seconds, limit)


def _check_spool(context: EvaluationContext, limits: AlarmLimits) -> Detection:
    key = AlarmKey("SPOOL_HIGH")
    age = (context.now - context.oldest_spooled_at) if context.oldest_spooled_at else None
    if age is not None and age > limits.spool_age:
        words = (
            f"Spool: the oldest of {context.spool_count:,} readings is {age.total_seconds() / 60:.0f} min old"
        )
        return Detection(key, True, words, age.total_seconds(), limits.spool_age.total_seconds())
    percent = context.spool_percent
    words = f"Spool {percent:.0f} % full, {context.spool_count:,} readings buffered"
    return Detection(key, percent > limits.spool_percent, words, percent, limits.spool_percent)
