"""What is abnormal right now and no alarm, worst first. From the live picture alone. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from dosing_tui.domain.alarms.models import Priority
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.live_state import Link, Picture
from dosing_tui.tui.rendering import number_format

LINK_KEYS = frozenset({"broker", "database"})


@dataclass(frozen=True, slots=True)
class SystemNotice:
    """``key`` names the condition: it is the same notice as long as the condition lasts."""

    key: str
    priority: Priority
    text: str
    at: datetime


def find_notices(snapshot: Picture, now: datetime) -> list[SystemNotice]:
    """Every abnormal condition that no alarm tells of, the worst first."""
    return sort_notices([*_find_link_notices(snapshot, now), *_find_process_notices(snapshot, now)])


def keep_start_times(
    notices: Iterable[SystemNotice], start_times: Mapping[str, datetime]
) -> list[SystemNotice]:
    """The same notices, each with the time when its condition was first seen."""
    return sort_notices(replace(notice, at=start_times.get(notice.key, notice.at)) for notice in notices)


def sort_notices(notices: Iterable[SystemNotice]) -> list[SystemNotice]:
    """The worst first; of equals the links, for they put everything else in doubt, then the newest."""
    return sorted(notices, key=lambda n: (n.priority.rank, n.key not in LINK_KEYS, -n.at.timestamp(), n.key))


def _find_link_notices(snapshot: Picture, now: datetime) -> Iterator[SystemNotice]:
    """A link that is away, until its alarm is raised; then the alarm tells of it, or somebody hides that."""
    told = _list_active_rules(snapshot)
    broker, database = snapshot.broker, snapshot.database
    if broker.link is Link.DOWN and "BROKER_DOWN" not in told:
        text = _join_parts("Broker down", clean_line(broker.why).removeprefix("Broker "))
        yield SystemNotice("broker", Priority.HIGH, text, broker.since or now)
    if database.link is Link.DOWN and "DB_DOWN" not in told:
        spooled = snapshot.books.spooled
        buffering = f"buffering {number_format.format_count(spooled)}" if spooled else ""
        text = _join_parts("Database down", buffering, clean_line(database.why))
        yield SystemNotice("database", Priority.MEDIUM, text, database.since or now)


def _list_active_rules(snapshot: Picture) -> frozenset[str]:
    """The rules of which some alarm is active, hidden or not."""
    alarms = snapshot.alarms
    if alarms is None:
        return frozenset()
    every = (*alarms.listed, *alarms.shelved, *alarms.suppressed, *alarms.out_of_service)
    return frozenset(view.state.key.rule for view in every if view.state.active or view.state.hiding)


def _join_parts(*parts: str) -> str:
    return " · ".join(part.rstrip(".") for part in parts if part)


def _find_process_notices(snapshot: Picture, now: datetime) -> Iterator[SystemNotice]:
    if not snapshot.books.balanced:
        yield SystemNotice("books", Priority.MEDIUM, "The books do not balance: see 7 Books", now)
    if snapshot.notice:
        yield SystemNotice("notice", Priority.LOW, clean_line(snapshot.notice), now)


def format_idle_text(snapshot: Picture) -> str:
    """What is said when there is no notice: never that all is well before it is known."""
    if snapshot.broker.link is Link.STARTING:
        return "connecting to the broker …"
    if snapshot.database.link is Link.STARTING:
        return "connecting to the database …"
    if snapshot.alarms is None:
        return "waiting for the alarms …"
    return "nothing abnormal"
