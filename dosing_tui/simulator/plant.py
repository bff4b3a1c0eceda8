"""A plant of dosing stations: all it says, in order of time, for ever. Pure; the same seed says the same.

A plant has a past and a present. ``history`` runs at the plant's natural rhythm: two shifts, breaks, quiet
nights, a few hundred messages per station and day. ``live`` goes on where the history ended, stock and open
batches included, and knows no breaks: somebody is watching.
"""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from random import Random

from dosing_tui.config.settings import MqttSettings
from dosing_tui.simulator.fault_injection import Expect, Fault, Mischief
from dosing_tui.simulator.payload_format import DoseLine, EventLine, LevelLine, Line
from dosing_tui.simulator.shift_pattern import next_working_moment
from dosing_tui.simulator.station import Station

WEARING = "T-12"
"""The chemical whose pump wears at the plant's first station: the one every recipe takes."""
RUNNING_LOW = "L25B"
"""The chemical that is about to run low at the plant's last station."""
FIRST_START_S = 60.0
"""When the plant goes live, every idle station starts a batch within this time."""
STAGGER_S = 600.0
UPTIME_S = (600.0, 20_000.0)
"""How long ago the station without a clock booted."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it is to be published at ``at``. ``fault`` is a Fault or ''."""

    at: datetime
    topic: str
    payload: bytes
    fault: str = ""
    expect: Expect = Expect.ACCEPT


class Plant:
    """Stations and the time they have reached. One iterator at a time; each goes on from the one before."""

    def __init__(self, seed: int, devices: int, *, since: datetime, mqtt: MqttSettings | None = None) -> None:
        """``mqtt`` gives the topics' prefix."""
        self._random = Random(f"{seed}/plant")
        self._now = since.timestamp()
        self._topics = _topics(mqtt or MqttSettings())
        self._lost: dict[str, str] = {}
        """Stations whose last line nobody heard, and by which fault."""
        self._stations = [self._new_station(seed, number, devices) for number in range(1, devices + 1)]

    def history(self, until: datetime, zone: tzinfo) -> Iterator[Message]:
        """What was said up to ``until``, without faults; nobody works at night in ``zone``."""
        end = until.timestamp()
        quiet = Mischief(frozenset(), self._random)
        for station in self._in_order():
            if station.due >= end:
                break
            opens = next_working_moment(station.due, zone) if station.idle else station.due
            if opens > station.due:
                station.due = opens + self._random.uniform(0, STAGGER_S)
            else:
                yield from self._say(station, station.due, quiet)
        self._now = end

    def live(
        self,
        start: datetime,
        *,
        rate: float | None = None,
        speed: float = 1.0,
        faults: frozenset[Fault] = frozenset(),
    ) -> Iterator[Message]:
        """What is said from ``start`` on, for ever, stamped with the time it is to be published.

        Without ``rate`` plant time passes ``speed`` times as fast as the clock. With it, the plant says
        ``rate`` messages a second, evenly, in the order it would have said them. Either way batches follow
        each other faster, while the durations in the messages stay those of the real pumps.
        """
        began = self._resume(hurried=rate is not None)
        mischief = Mischief(faults, self._random)
        if Fault.UPTIME in faults:
            self._stations[-1].lose_clock(start.timestamp() - self._random.uniform(*UPTIME_S))
        said = 0
        for station in self._in_order():
            after = said / rate if rate else (station.due - began) / speed
            at = start.timestamp() + after
            if mischief.is_due(Fault.REBOOT) and station.reboot(at):
                mischief.done(Fault.REBOOT)
                continue
            self._now = station.due
            for message in self._say(station, at, mischief):
                said += 1
                yield message

    def _say(self, station: Station, at: float, mischief: Mischief) -> Iterator[Message]:
        line, after_reboot = station.step(at)
        if lost := mischief.loses(line):
            self._lost[station.device_id] = lost
            return
        uptime = not station.has_clock and not isinstance(line, LevelLine)
        fault = Fault.REBOOT if after_reboot else Fault.UPTIME if uptime else ""
        fault = self._lost.pop(station.device_id, fault)
        when, topic = datetime.fromtimestamp(at, UTC), self._topics[type(line)]
        for spoken in mischief.speak(line, fault):
            yield Message(when, topic, spoken.payload, spoken.fault, spoken.expect)

    def _in_order(self) -> Iterator[Station]:
        """Over and over the station that is due first. It may be moved on, once, while it is had."""
        queue = [(station.due, number) for number, station in enumerate(self._stations)]
        heapq.heapify(queue)
        while True:
            number = queue[0][1]
            station = self._stations[number]
            yield station
            heapq.heapreplace(queue, (station.due, number))

    def _resume(self, *, hurried: bool) -> float:
        """Wake who waits for the morning; the plant time that is now."""
        for station in self._stations:
            station.hurried = hurried
            if station.idle:
                station.due = self._now + self._random.uniform(1, FIRST_START_S)
        return self._now

    def _new_station(self, seed: int, number: int, devices: int) -> Station:
        return Station(
            f"{seed}/{number}",
            number,
            due=self._now + self._random.uniform(1, FIRST_START_S),
            wears=WEARING if number == 1 else "",
            low=RUNNING_LOW if number == devices else "",
        )


def _topics(mqtt: MqttSettings) -> Mapping[type[Line], str]:
    dose, event, level = mqtt.topics
    return {DoseLine: dose, EventLine: event, LevelLine: level}
