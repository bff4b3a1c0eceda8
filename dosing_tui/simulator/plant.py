"""A plant of dosing stations: endless messages in order of time. Pure; reproducible by its seed.

``generate_history`` runs at the plant's natural pace: two shifts, breaks, no work at night, a few hundred
messages per station and day. ``generate_live`` continues where the history ended, with its stock and open
batches, and has no breaks.
"""

import heapq
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.config.settings import MqttSettings
from dosing_tui.simulator.fault_injection import ExpectedOutcome, Fault, FaultInjector
from dosing_tui.simulator.payload_format import DoseLine, EventLine, LevelLine
from dosing_tui.simulator.shift_pattern import find_next_working_time
from dosing_tui.simulator.station import BATCH_GAP_S, SHORT_GAP_S, SimulatedStation

WEARING_CHEMICAL = "T-12"
"""The chemical whose pump wears at the first station: every recipe contains it."""
LOW_CHEMICAL = "L25B"
"""The chemical that runs low soon at the last station."""
FIRST_START_S = 60.0
"""When the plant first runs, every station starts a batch within this time."""
STAGGER_S = 600.0
UPTIME_S = (600.0, 20_000.0)
"""How long ago the station without a clock booted."""


class PlantMessage(Struct, frozen=True):
    """One message for publishing at ``at``. ``fault`` is a Fault or ''."""

    at: datetime
    topic: str
    payload: bytes
    fault: str = ""
    outcome: ExpectedOutcome = ExpectedOutcome.ACCEPT
    device_id: str = ""
    """The station that publishes it, whatever the payload says."""
    lost_before: int = 0
    """Messages of the station that were lost since its last one."""
    is_first_after_start: bool = False
    """The station's firmware has started since its last message."""


class SimulatedPlant:
    """Stations and their plant time. One iterator at a time; each continues where the previous ended."""

    def __init__(self, seed: int, devices: int, *, since: datetime, mqtt: MqttSettings | None = None) -> None:
        """``mqtt`` gives the topics' prefix; a level + of it is the station."""
        self._random = Random(f"{seed}/plant")
        self._now = since.timestamp()
        topics = (mqtt or MqttSettings()).topics
        self._topics = dict(zip((DoseLine, EventLine, LevelLine), topics, strict=True))
        self.batch_gap_s = BATCH_GAP_S
        """Least and greatest time between two batches of a station, except at a given rate."""
        self.first_start_s = FIRST_START_S
        """Time within which the idle stations start a batch, one after the other, when it goes live."""
        self._lost_line_faults: dict[str, str] = {}
        """Device -> the fault that lost its last message."""
        self._lost_counts: Counter[str] = Counter()
        """Device -> messages lost since its last one."""
        self._restarted: set[str] = set()
        """Stations without a message since their reboot."""
        self._stations = [
            SimulatedStation(
                f"{seed}/{number}",
                number,
                due_at=self._now + self._random.uniform(1, FIRST_START_S),
                wearing_chemical=WEARING_CHEMICAL if number == 1 else "",
                low_chemical=LOW_CHEMICAL if number == devices else "",
            )
            for number in range(1, devices + 1)
        ]

    @property
    def device_ids(self) -> tuple[str, ...]:
        return tuple(station.device_id for station in self._stations)

    def set_levels(self, levels: Mapping[tuple[str, str], float]) -> None:
        """Continue with these levels in g, by station and chemical; other tanks stay as they are."""
        for station in self._stations:
            device = station.device_id
            station.set_levels({name: mass for (each, name), mass in levels.items() if each == device})

    def generate_history(self, until: datetime, zone: tzinfo) -> Iterator[PlantMessage]:
        """Messages up to ``until``, without faults; no work at night in ``zone``."""
        end = until.timestamp()
        quiet = FaultInjector(frozenset(), self._random)
        self._set_batch_gaps(self.batch_gap_s)
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
        until: datetime | None = None,
    ) -> Iterator[PlantMessage]:
        """Messages from ``start`` up to ``until``, or endless, with the time at which to publish each.

        At the natural pace (``speed`` 1, no ``rate``) every dose takes its time. Otherwise batches take less
        than their doses say they took: plant time passes ``speed`` times as fast as the clock, or the plant
        publishes ``rate`` messages a second, evenly, in the same order.
        """
        began, end_s = self._now, math.inf if until is None else (until - start).total_seconds()
        self._set_batch_gaps(self.batch_gap_s if rate is None else SHORT_GAP_S)
        share_s = self.first_start_s / len(self._stations)
        for number, station in enumerate(self._stations):
            if station.is_idle:
                station.due_at = began + share_s * (number + self._random.uniform(0.1, 1))
        injector = FaultInjector(faults, self._random)
        if Fault.UPTIME in faults:
            self._stations[-1].booted_at = start.timestamp() - self._random.uniform(*UPTIME_S)
        count = 0
        for station in self._iterate_due_stations():
            after_s = count / rate if rate else (station.due_at - began) / speed
            if after_s >= end_s:
                self._now = began + end_s * speed if rate is None else self._now
                return
            at = start.timestamp() + after_s
            if injector.is_due(Fault.REBOOT) and station.try_reboot(at):
                self._note_reboot(station, injector)
                continue
            self._now = station.due_at
            for message in self._emit_step(station, at, injector):
                yield (
                    message if rate is None else replace(message, at=start + timedelta(seconds=count / rate))
                )
                count += 1

    def _note_reboot(self, station: SimulatedStation, injector: FaultInjector) -> None:
        self._restarted.add(station.device_id)
        injector.schedule_next(Fault.REBOOT)

    def _set_batch_gaps(self, gap_s: tuple[float, float]) -> None:
        for station in self._stations:
            station.batch_gap_s = gap_s

    def _emit_step(
        self, station: SimulatedStation, at: float, injector: FaultInjector
    ) -> Iterator[PlantMessage]:
        line, after_reboot = station.run_next_step(at)
        if lost := injector.drop_event(line):
            self._lost_line_faults[station.device_id] = lost
            self._lost_counts[station.device_id] += 1
            return
        uptime = station.booted_at is not None and not isinstance(line, LevelLine)
        fault = Fault.REBOOT if after_reboot else Fault.UPTIME if uptime else ""
        fault = self._lost_line_faults.pop(station.device_id, fault)
        when, topic = (
            datetime.fromtimestamp(at, UTC),
            self._topics[type(line)].replace("+", station.device_id),
        )
        for payload, name, outcome in injector.emit_messages(line, fault):
            is_first = station.device_id in self._restarted
            self._restarted.discard(station.device_id)
            lost_before = self._lost_counts.pop(station.device_id, 0)
            yield PlantMessage(when, topic, payload, name, outcome, station.device_id, lost_before, is_first)

    def _iterate_due_stations(self) -> Iterator[SimulatedStation]:
        """Endlessly the station that is due first. The caller may change its ``due_at`` once per step."""
        queue = [(station.due_at, number) for number, station in enumerate(self._stations)]
        heapq.heapify(queue)
        while True:
            number = queue[0][1]
            station = self._stations[number]
            yield station
            heapq.heapreplace(queue, (station.due_at, number))
