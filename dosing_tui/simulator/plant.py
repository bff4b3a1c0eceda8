"""A plant of dosing stations: all it says, in order of time, for ever. Pure; the same seed says the same.

A plant has a past and a present. ``generate_history`` runs at the plant's natural rhythm: two shifts, breaks, quiet
nights, a few hundred messages per station and day. ``generate_live`` goes on where the history ended, stock and open
batches included, and knows no breaks: somebody is watching.
"""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from random import Random

from dosing_tui.config.settings import MqttSettings
from dosing_tui.simulator.fault_injection import ExpectedOutcome, Fault, FaultInjector
from dosing_tui.simulator.payload_format import DoseLine, EventLine, FirmwareLine, LevelLine
from dosing_tui.simulator.shift_pattern import find_next_working_time
from dosing_tui.simulator.station import SimulatedStation

WEARING_CHEMICAL = "T-12"
"""The chemical whose pump wears at the plant's first station: the one every recipe takes."""
LOW_CHEMICAL = "L25B"
"""The chemical that is about to run low at the plant's last station."""
FIRST_START_S = 60.0
"""When the plant goes live, every idle station starts a batch within this time."""
STAGGER_S = 600.0
UPTIME_S = (600.0, 20_000.0)
"""How long ago the station without a clock booted."""


@dataclass(frozen=True, slots=True)
class PlantMessage:
    """One message as it is to be published at ``at``. ``fault`` is a Fault or ''."""

    at: datetime
    topic: str
    payload: bytes
    fault: str = ""
    outcome: ExpectedOutcome = ExpectedOutcome.ACCEPT


class SimulatedPlant:
    """Stations and the time they have reached. One iterator at a time; each goes on from the one before."""

    def __init__(self, seed: int, devices: int, *, since: datetime, mqtt: MqttSettings | None = None) -> None:
        """``mqtt`` gives the topics' prefix."""
        self._random = Random(f"{seed}/plant")
        self._now = since.timestamp()
        self._topics = _map_topics(mqtt or MqttSettings())
        self._lost_line_faults: dict[str, str] = {}
        """Stations whose last line nobody heard, and by which fault."""
        self._stations = [self._create_station(seed, number, devices) for number in range(1, devices + 1)]

    def generate_history(self, until: datetime, zone: tzinfo) -> Iterator[PlantMessage]:
        """What was said up to ``until``, without faults; nobody works at night in ``zone``."""
        end = until.timestamp()
        quiet = FaultInjector(frozenset(), self._random)
        for station in self._iterate_due_stations():
            if station.due_at >= end:
                break
            opens = find_next_working_time(station.due_at, zone) if station.is_idle else station.due_at
            if opens > station.due_at:
                station.due_at = opens + self._random.uniform(0, STAGGER_S)
            else:
                yield from self._emit_step(station, station.due_at, quiet)
        self._now = end

    def generate_live(
        self,
        start: datetime,
        *,
        rate: float | None = None,
        speed: float = 1.0,
        faults: frozenset[Fault] = frozenset(),
    ) -> Iterator[PlantMessage]:
        """What is said from ``start`` on, for ever, stamped with the time it is to be published.

        Without ``rate`` plant time passes ``speed`` times as fast as the clock. With it, the plant says
        ``rate`` messages a second, evenly, in the order it would have said them. Either way batches follow
        each other faster, while the durations in the messages stay those of the real pumps.
        """
        began = self._resume_stations(short_gaps=rate is not None)
        mischief = FaultInjector(faults, self._random)
        if Fault.UPTIME in faults:
            self._stations[-1].lose_clock(start.timestamp() - self._random.uniform(*UPTIME_S))
        said = 0
        for station in self._iterate_due_stations():
            after = said / rate if rate else (station.due_at - began) / speed
            at = start.timestamp() + after
            if mischief.is_due(Fault.REBOOT) and station.try_reboot(at):
                mischief.schedule_next(Fault.REBOOT)
                continue
            self._now = station.due_at
            for message in self._emit_step(station, at, mischief):
                said += 1
                yield message

    def _emit_step(
        self, station: SimulatedStation, at: float, injector: FaultInjector
    ) -> Iterator[PlantMessage]:
        line, after_reboot = station.run_next_step(at)
        if lost := injector.drop_event(line):
            self._lost_line_faults[station.device_id] = lost
            return
        uptime = not station.has_clock and not isinstance(line, LevelLine)
        fault = Fault.REBOOT if after_reboot else Fault.UPTIME if uptime else ""
        fault = self._lost_line_faults.pop(station.device_id, fault)
        when, topic = datetime.fromtimestamp(at, UTC), self._topics[type(line)]
        for spoken in injector.emit_messages(line, fault):
            yield PlantMessage(when, topic, spoken.payload, spoken.fault, spoken.outcome)

    def _iterate_due_stations(self) -> Iterator[SimulatedStation]:
        """Over and over the station that is due first. It may be moved on, once, while it is had."""
        queue = [(station.due_at, number) for number, station in enumerate(self._stations)]
        heapq.heapify(queue)
        while True:
            number = queue[0][1]
            station = self._stations[number]
            yield station
            heapq.heapreplace(queue, (station.due_at, number))

    def _resume_stations(self, *, short_gaps: bool) -> float:
        """Wake who waits for the morning; the plant time that is now."""
        for station in self._stations:
            station.has_short_gaps = short_gaps
            if station.is_idle:
                station.due_at = self._now + self._random.uniform(1, FIRST_START_S)
        return self._now

    def _create_station(self, seed: int, number: int, devices: int) -> SimulatedStation:
        return SimulatedStation(
            f"{seed}/{number}",
            number,
            due_at=self._now + self._random.uniform(1, FIRST_START_S),
            wearing_chemical=WEARING_CHEMICAL if number == 1 else "",
            low_chemical=LOW_CHEMICAL if number == devices else "",
        )


def _map_topics(mqtt: MqttSettings) -> Mapping[type[FirmwareLine], str]:
    dose, event, level = mqtt.topics
    return {DoseLine: dose, EventLine: event, LevelLine: level}
