"""Abnormal conditions of this process that are no alarms, the worst first. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from dosing_tui.domain.alarms.models import Priority
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.live_state import LinkStatus, LiveSnapshot
from dosing_tui.tui.rendering import number_format

LINK_KEYS = frozenset({"broker", "database"})


@dataclass(frozen=True, slots=True)
class SystemNotice:
    """``key`` identifies the condition: the notice is the same while the condition lasts."""

    key: str
    priority: Priority
    text: str
    at: datetime


def find_notices(snapshot: LiveSnapshot, now: datetime) -> list[SystemNotice]:
    """Every abnormal condition without an active alarm, the worst first."""
    return sort_notices([*_find_link_notices(snapshot, now), *_find_process_notices(snapshot, now)])


def keep_start_times(
    notices: Iterable[SystemNotice], start_times: Mapping[str, datetime]
) -> list[SystemNotice]:
    """The same notices, each with the start of its condition."""
    return sort_notices(replace(notice, at=start_times.get(notice.key, notice.at)) for notice in notices)


def sort_notices(notices: Iterable[SystemNotice]) -> list[SystemNotice]:
    """By priority; among equals connections first, then the newest."""
    return sorted(notices, key=lambda n: (n.priority.rank, n.key not in LINK_KEYS, -n.at.timestamp(), n.key))


def _find_link_notices(snapshot: LiveSnapshot, now: datetime) -> Iterator[SystemNotice]:
    """A lost connection until its alarm is raised; from then on the alarm replaces the notice."""
    active_rules = _list_active_rules(snapshot)
    broker, database = snapshot.broker, snapshot.database
    if broker.status is LinkStatus.DOWN and "BROKER_DOWN" not in active_rules:
        text = _join_parts("Broker down", clean_line(broker.reason).removeprefix("Broker "))
        yield SystemNotice("broker", Priority.HIGH, text, broker.since or now)
    if broker.status is LinkStatus.PARTIAL and "TOPIC_REFUSED" not in active_rules:
        text = _join_parts("Topic refused", clean_line(broker.reason).removeprefix("Broker "))
        yield SystemNotice("topics", Priority.HIGH, text, broker.since or now)
    if database.status is LinkStatus.DOWN and "DB_DOWN" not in active_rules:
        spooled = snapshot.message_counts.spooled
        buffering = f"buffering {number_format.format_count(spooled)}" if spooled else ""
        text = _join_parts("Database down", buffering, clean_line(database.reason))
        yield SystemNotice("database", Priority.MEDIUM, text, database.since or now)


def _list_active_rules(snapshot: LiveSnapshot) -> frozenset[str]:
    """The rules with an active alarm, suppressed or not."""
    alarms = snapshot.alarms
    if alarms is None:
        return frozenset()
    every = (*alarms.annunciated_alarms, *alarms.shelved, *alarms.suppressed, *alarms.out_of_service)
    return frozenset(view.state.key.rule for view in every if view.state.active or view.state.hiding)


def _join_parts(*parts: str) -> str:
    return " · ".join(part.rstrip(".") for part in parts if part)


def _find_process_notices(snapshot: LiveSnapshot, now: datetime) -> Iterator[SystemNotice]:
    if not snapshot.message_counts.is_reconciled:
        yield SystemNotice(
            "books", Priority.MEDIUM, "Data integrity: counts not reconciled. See screen 7", now
        )
    if snapshot.notice:
        yield SystemNotice("notice", Priority.LOW, clean_line(snapshot.notice), now)


def format_idle_text(snapshot: LiveSnapshot) -> str:
    """Text of an empty banner. 'No active alarms' only if that is certain."""
    if snapshot.broker.status is LinkStatus.STARTING:
        return "Connecting to the broker …"
    if snapshot.database.status is LinkStatus.STARTING:
        return "Connecting to the database …"
    if snapshot.alarms is None:
        return "Loading alarms …"
    if snapshot.last_message_at is None and not snapshot.levels and not snapshot.doses:
        return "No data received yet"
    return "No active alarms"
