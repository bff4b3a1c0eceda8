"""Counts the messages of a station that never arrived, by the gaps in its sequence numbers.

A number is lost when it has not come within SETTLE_TIME after a later one: a repetition is no gap, nor is a
message that others overtook on the way. A new ``boot_id`` begins a new count. Without one, a counter that
begins anew is recognized by numbers that follow each other, far from those before. Rules: docs/presence.md.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dosing_tui.domain.messages.reading_identity import RecentValues
from dosing_tui.domain.presence.counter_run import WRAP, CounterRun, SavedRun
from dosing_tui.domain.presence.models import MessageLoss
from dosing_tui.domain.presence.sequence_stamp import SequenceStamp
from dosing_tui.domain.quantities.set_back_clock import is_due

SETTLE_TIME = timedelta(seconds=10)
"""Time that a message may be overtaken by others: a station sends again what was not acknowledged."""
MAX_SETTLE_TIME = timedelta(minutes=10)
"""The same while overtaken messages arrive, of any station: the broker may send new ones before its queue."""
MAX_GAP = 1_000
"""Without a ``boot_id``, numbers further apart are no gap: the counter was set."""
MAX_BOOT_GAP = 1_000_000
BACK_WINDOW = 64
"""Without a ``boot_id``, a number up to so far behind is a repetition: messages in flight at once."""
RESTART_RUN = 3
"""Numbers in a row that prove that a counter without ``boot_id`` began anew."""
MAX_BOOTS = 3
"""Boots of a station whose late messages are recognized."""
MAX_TRACKED_STATIONS = 2_000


@dataclass(slots=True)
class StationCounter:
    runs: deque[CounterRun] = field(default_factory=lambda: deque(maxlen=MAX_BOOTS))
    far: list[int] = field(default_factory=list)
    """Numbers in a row that belong to no run."""

    def find_run(self, boot_id: str | None, number: int, at: datetime) -> CounterRun | None:
        """The run that the number belongs to: that of its boot, or the one that it continues."""
        if len(self.runs) == 1 and self.runs[0].is_followed_by(boot_id, number):
            return self.runs[0]  # nearly always
        if boot_id is not None:
            run = next((one for one in reversed(self.runs) if one.boot_id == boot_id), None)
            return run if run and abs(run.measure_distance(number)) <= MAX_BOOT_GAP else None
        newest = self._find_continued(number, at)
        if newest is not None:
            return newest
        lacking = next((run for run in reversed(self.runs) if run.lacks(number)), None)
        if lacking is not None:
            return lacking
        near = [run for run in reversed(self.runs) if -BACK_WINDOW <= run.measure_distance(number) <= MAX_GAP]
        return min(near, key=lambda run: _rank_distance(run.measure_distance(number)), default=None)

    def _find_continued(self, number: int, at: datetime) -> CounterRun | None:
        """The boot that runs, if the number fits; else an earlier one whose messages may still be on the way.

        The numbers of the boot that runs, repetitions too, pass those that an earlier boot lacks.
        """
        newest = self.runs[-1] if self.runs else None
        if newest and (newest.lacks(number) or abs(newest.measure_distance(number)) <= BACK_WINDOW):
            return newest
        recent = (run for run in reversed(self.runs) if at - run.used_at <= SETTLE_TIME)
        return next((run for run in recent if run.is_followed_by(None, number)), None)

    def is_restart(self, number: int) -> bool:
        """Enter a number that belongs to no run; whether it is one of a new run."""
        follows = self.far and 0 < (number - self.far[-1]) % WRAP <= RESTART_RUN
        if self.far and number == self.far[-1]:
            return False
        self.far = [*self.far, number] if follows else [number]
        return len(self.far) >= RESTART_RUN


class SequenceTracker:
    """Not thread-safe. The first number of a station, and of each boot, begins a count."""

    def __init__(self) -> None:
        self._counters: RecentValues[str, StationCounter] = RecentValues(MAX_TRACKED_STATIONS)
        self._open_devices: set[str] = set()
        """Stations with a gap that may still close."""
        self._news: list[MessageLoss] = []
        self._overtaken_at: datetime | None = None
        """When a message arrived last, of any station, that others had overtaken."""

    def add_stamps(self, stamps: Iterable[SequenceStamp], at: datetime, *, is_resent: bool = False) -> None:
        """Enter the numbers of a message. ``is_resent``: by the broker, which proves no new counter."""
        for stamp in stamps:
            counter = self._counters.get(stamp.device_id)
            if counter is None:
                counter = StationCounter()
                self._news.append(MessageLoss(stamp.device_id, at, 0, stamp.number, stamp.number))
            self._counters.store(stamp.device_id, counter)
            self._add_number(counter, stamp, at, is_resent=is_resent)

    def save_runs(self) -> dict[str, list[SavedRun]]:
        """Station -> its runs, to go on with them after a restart."""
        return {
            device: [run.save() for run in counter.runs] for device, counter in self._counters.list_items()
        }

    def restore_runs(self, saved: Mapping[str, Iterable[SavedRun]], at: datetime) -> None:
        for device, runs in saved.items():
            counter = StationCounter()
            counter.runs.extend(CounterRun.restore(run, at) for run in runs)
            if counter.runs:
                self._counters.store(device, counter)
                self._open_devices.add(device)

    def restart(self) -> None:
        """Forget all numbers: each station's next message begins its count."""
        for _device, counter in self._counters.list_items():
            counter.runs.clear()
            counter.far = []
        self._open_devices.clear()

    def postpone_gaps(self, now: datetime) -> None:
        """Messages wait at the broker: what is missing may be among them, and has its time from now on."""
        for device in self._open_devices:
            for run in self._list_runs(device):
                run.postpone_gaps(now)

    def settle(self, now: datetime) -> list[MessageLoss]:
        """What is lost since the last call, what was but has arrived, and whose count has begun."""
        losses, self._news = self._news, []
        is_overtaken = self._overtaken_at is not None and not is_due(self._overtaken_at, now, SETTLE_TIME)
        wait = MAX_SETTLE_TIME if is_overtaken else SETTLE_TIME
        for device in list(self._open_devices):
            runs = self._list_runs(device)
            for run in runs:
                run.postpone_gaps(now, only_set_back=True)
            losses += [
                MessageLoss(device, now, gap.length, gap.first, (gap.first + gap.length - 1) % WRAP)
                for run in runs
                for gap in run.take_lost(now - wait)
            ]
            if not any(run.missing for run in runs):
                self._open_devices.discard(device)
        return losses

    def _list_runs(self, device: str) -> Iterable[CounterRun]:
        counter = self._counters.get(device)
        return counter.runs if counter else ()

    def _add_number(
        self, counter: StationCounter, stamp: SequenceStamp, at: datetime, *, is_resent: bool
    ) -> None:
        number = stamp.number % WRAP
        run = counter.find_run(stamp.boot_id, number, at)
        if run is None:
            is_begin = not counter.runs or stamp.boot_id is not None
            if is_begin or (not is_resent and counter.is_restart(number)):
                counter.far = []
                counter.runs.append(CounterRun(stamp.boot_id, number, at))
            return
        if run.missing and run.lacks(number):
            self._overtaken_at = at
        if run.add_number(number, at):
            self._news.append(MessageLoss(stamp.device_id, at, -1, number, number))
        if run.missing:
            self._open_devices.add(stamp.device_id)


def _rank_distance(ahead: int) -> tuple[bool, int]:
    """A number that continues a run before one that repeats another, the nearest first."""
    return ahead <= 0, abs(ahead)
