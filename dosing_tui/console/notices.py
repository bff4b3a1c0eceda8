"""What is abnormal right now, worst first. From the live picture alone: it needs no database. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum

from dosing_tui.config.settings import Settings
from dosing_tui.console import words
from dosing_tui.console.canvas import plain
from dosing_tui.live import Link, Picture
from dosing_tui.plant import stock
from dosing_tui.plant.text import clean_line

SILENT_AFTER = timedelta(minutes=10)
"""An expected station that says nothing for so long is reported."""
FIRST_WAIT = timedelta(minutes=1)
"""How long after the broker came an expected station may be unheard of."""


LINKS = frozenset({"broker", "database"})


class Severity(IntEnum):
    HIGH = 0
    MED = 1
    LOW = 2

    @property
    def shape(self) -> str:
        return "■▲◆"[self.value]


@dataclass(frozen=True, slots=True)
class Notice:
    """``key`` names the condition: it is the same notice as long as the condition lasts."""

    key: str
    severity: Severity
    text: str
    at: datetime


def conditions(picture: Picture, settings: Settings, now: datetime) -> list[Notice]:
    """Every abnormal condition, the worst first."""
    found = [
        *_links(picture, now),
        *_stock(picture, settings),
        *_stations(picture, settings, now),
        *_process(picture, now),
    ]
    return ranked(found)


def lasting(found: Iterable[Notice], began: Mapping[str, datetime]) -> list[Notice]:
    """The same notices, each with the time when its condition was first seen."""
    return ranked(replace(notice, at=began.get(notice.key, notice.at)) for notice in found)


def ranked(found: Iterable[Notice]) -> list[Notice]:
    """The worst first; of equals the links, for they put everything else in doubt, then the newest."""
    return sorted(found, key=lambda n: (n.severity, n.key not in LINKS, -n.at.timestamp(), n.key))


def _links(picture: Picture, now: datetime) -> Iterator[Notice]:
    broker, database = picture.broker, picture.database
    if broker.link is Link.DOWN:
        text = _sentence("Broker down", clean_line(broker.why).removeprefix("Broker "))
        yield Notice("broker", Severity.HIGH, text, broker.since or now)
    if database.link is Link.DOWN:
        spooled = picture.books.spooled
        buffering = f"buffering {words.count(spooled)}" if spooled else ""
        text = _sentence("Database down", buffering, clean_line(database.why))
        yield Notice("database", Severity.HIGH, text, database.since or now)


def _sentence(*parts: str) -> str:
    return " · ".join(part.rstrip(".") for part in parts if part)


def _stock(picture: Picture, settings: Settings) -> Iterator[Notice]:
    names = words.short_names(tuple(level.device_id for level in picture.levels))
    for level in picture.levels:
        low = stock.notice(level, settings.limits.stock_low_percent)
        if low is not None:
            station = f" (station {plain(names[level.device_id], 24)})" if len(names) > 1 else ""
            key = f"stock/{level.device_id}/{level.chemical}"
            yield Notice(key, Severity.HIGH, f"{clean_line(low)}{station}", level.time)


def _stations(picture: Picture, settings: Settings, now: datetime) -> Iterator[Notice]:
    """Nothing is said of stations while the broker is away: that would be its fault, not theirs."""
    broker = picture.broker
    if broker.link is not Link.UP:
        return
    heard = dict(picture.devices)
    since = broker.since or now
    for device in settings.plant.devices:
        name = plain(device, 32)
        last = heard.get(device)
        if last is None and now - since >= FIRST_WAIT:
            yield Notice(f"unheard/{device}", Severity.MED, f"Station {name} has never reported", since)
        elif last is not None and now - last >= SILENT_AFTER and now - since >= FIRST_WAIT:
            text = f"Station {name} silent for {words.age((now - last).total_seconds())}"
            yield Notice(f"silent/{device}", Severity.MED, text, last)


def _process(picture: Picture, now: datetime) -> Iterator[Notice]:
    if not picture.books.balanced:
        yield Notice("books", Severity.MED, "The books do not balance: see 7 Books", now)
    if picture.notice:
        yield Notice("notice", Severity.LOW, clean_line(picture.notice), now)


def all_clear(picture: Picture) -> str:
    """What is said when there is no notice: never that all is well before both links are up."""
    if picture.broker.link is Link.STARTING:
        return "connecting to the broker …"
    if picture.database.link is Link.STARTING:
        return "connecting to the database …"
    return "nothing abnormal"
