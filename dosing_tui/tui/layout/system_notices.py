"""What is abnormal right now and no alarm, worst first. From the live picture alone. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from dosing_tui.domain.alarms.models import Priority
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.live_state import Link, Picture
from dosing_tui.tui.rendering import number_format

LINKS = frozenset({"broker", "database"})


@dataclass(frozen=True, slots=True)
class Notice:
    """``key`` names the condition: it is the same notice as long as the condition lasts."""

    key: str
    priority: Priority
    text: str
    at: datetime


def conditions(picture: Picture, now: datetime) -> list[Notice]:
    """Every abnormal condition that no alarm tells of, the worst first."""
    return ranked([*_links(picture, now), *_process(picture, now)])


def lasting(found: Iterable[Notice], began: Mapping[str, datetime]) -> list[Notice]:
    """The same notices, each with the time when its condition was first seen."""
    return ranked(replace(notice, at=began.get(notice.key, notice.at)) for notice in found)


def ranked(found: Iterable[Notice]) -> list[Notice]:
    """The worst first; of equals the links, for they put everything else in doubt, then the newest."""
    return sorted(found, key=lambda n: (n.priority.rank, n.key not in LINKS, -n.at.timestamp(), n.key))


def _links(picture: Picture, now: datetime) -> Iterator[Notice]:
    """A link that is away, until its alarm is raised; then the alarm tells of it, or somebody hides that."""
    told = _rules_told(picture)
    broker, database = picture.broker, picture.database
    if broker.link is Link.DOWN and "BROKER_DOWN" not in told:
        text = _sentence("Broker down", clean_line(broker.why).removeprefix("Broker "))
        yield Notice("broker", Priority.HIGH, text, broker.since or now)
    if database.link is Link.DOWN and "DB_DOWN" not in told:
        spooled = picture.books.spooled
        buffering = f"buffering {number_format.count(spooled)}" if spooled else ""
        text = _sentence("Database down", buffering, clean_line(database.why))
        yield Notice("database", Priority.MEDIUM, text, database.since or now)


def _rules_told(picture: Picture) -> frozenset[str]:
    """The rules of which some alarm is active, hidden or not."""
    alarms = picture.alarms
    if alarms is None:
        return frozenset()
    every = (*alarms.listed, *alarms.shelved, *alarms.suppressed, *alarms.out_of_service)
    return frozenset(view.state.key.rule for view in every if view.state.active or view.state.hiding)


def _sentence(*parts: str) -> str:
    return " · ".join(part.rstrip(".") for part in parts if part)


def _process(picture: Picture, now: datetime) -> Iterator[Notice]:
    if not picture.books.balanced:
        yield Notice("books", Priority.MEDIUM, "The books do not balance: see 7 Books", now)
    if picture.notice:
        yield Notice("notice", Priority.LOW, clean_line(picture.notice), now)


def all_clear(picture: Picture) -> str:
    """What is said when there is no notice: never that all is well before it is known."""
    if picture.broker.link is Link.STARTING:
        return "connecting to the broker …"
    if picture.database.link is Link.STARTING:
        return "connecting to the database …"
    if picture.alarms is None:
        return "waiting for the alarms …"
    return "nothing abnormal"
