"""One dosing station: batch after batch, it says what the firmware would say. Pure: time is passed in."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from random import Random

from dosing_tui.simulator.equipment import Pump, Tank
from dosing_tui.simulator.payload_format import DoseLine, EventLine, LevelLine, Line
from dosing_tui.simulator.recipes import CAPACITY_G, PUMPS, Batch, next_batch

GAP_S = (300.0, 1_000.0)
"""Between two batches, when the crew works."""
HURRIED_GAP_S = (5.0, 30.0)
SETTLE_S = 3.0
LEVEL_AFTER_S = 0.04
COMPLETE_AFTER_S = 1.0
BOOT_S = 8.0
ABORTED_SHARE = 0.03
COUNTER_LIMIT = 2**32
"""millis() starts again at zero here, after 49.7 days."""


@dataclass(frozen=True, slots=True)
class Step:
    """The next thing to say, ``after_s`` seconds of plant time after the one before."""

    after_s: float
    say: Callable[[float], Line]
    after_reboot: bool = False


class Station:
    """``due`` is the plant time (unix s) of what it says next; ``step`` says it.

    No two batch events of a station are alike: a batch lasts at least into the next second of the clock,
    dosing on until then. That happens only beyond some six messages a second and station.
    """

    def __init__(self, seed: str, number: int, *, due: float, wears: str = "", low: str = "") -> None:
        """``wears``, ``low``: the chemical whose pump drifts, and the one whose tank is about to run low."""
        self.device_id = f"dosing_system_{number:02d}"
        self._booted_at: float | None = None
        self._random = Random(seed)
        self._pumps = {name: Pump(self._random, wears=name == wears) for name in PUMPS}
        self._tanks = {name: self._new_tank(name, name == low) for name in PUMPS}
        self._batch = next_batch(self._random)
        self._started = 0
        self._second = 0
        self._durations: set[tuple[int, int]] = set()
        self._plan: deque[Step] = deque()
        self.due = due
        self.idle = True
        """Nothing is being made; what comes next is a batch's start."""
        self.hurried = False
        """Batches follow each other almost at once."""
        self._plan_batch()

    def step(self, at: float) -> tuple[Line, bool]:
        """Say what is due, at the time ``at`` (unix s, never going back); and whether it follows a reboot."""
        step = self._plan.popleft()
        self.idle = False
        line = step.say(at)
        if not self._plan:
            self._plan_batch()
        self.due += self._plan[0].after_s
        return line, step.after_reboot

    @property
    def has_clock(self) -> bool:
        return self._booted_at is None

    def lose_clock(self, booted_at: float) -> None:
        """From now on there is no NTP: stamps count milliseconds since the boot (unix s)."""
        self._booted_at = booted_at

    def reboot(self, at: float) -> bool:
        """Start again in the middle of a batch: tanks full on paper, uptime from zero, batch forgotten.

        False: not now, as no batch is under way or full tanks were reported not long ago.
        """
        if self.idle or not all(tank.may_be_full(at) for tank in self._tanks.values()):
            return False
        if self._booted_at is not None:
            self._booted_at = at
        for tank in self._tanks.values():
            tank.fill_on_paper()
        self._plan = deque(
            Step(LEVEL_AFTER_S, partial(self._level, name), after_reboot=True) for name in PUMPS
        )
        self.due += BOOT_S
        return True

    def _new_tank(self, name: str, low: bool) -> Tank:
        if low:
            return Tank(CAPACITY_G[name], share=0.21, refill_below=0.05)
        return Tank(CAPACITY_G[name], self._random.uniform(0.35, 0.98), self._random.uniform(0.06, 0.28))

    def _plan_batch(self) -> None:
        for tank in self._tanks.values():
            tank.refill_if_low(self._random)
        batch = next_batch(self._random)
        self.idle = True
        gap_s = self._random.uniform(*(HURRIED_GAP_S if self.hurried else GAP_S))
        self._plan.append(Step(gap_s, partial(self._start, batch)))
        aborted = self._random.random() < ABORTED_SHARE
        made = self._random.randrange(len(batch.targets)) if aborted else len(batch.targets)
        for name, target_g in batch.targets[:made]:
            self._plan.extend(self._dose_steps(name, target_g))
        if not aborted:
            self._plan.append(Step(COMPLETE_AFTER_S, self._complete))

    def _dose_steps(self, name: str, target_g: float) -> Iterator[Step]:
        duration_ms = self._pumps[name].duration_ms()
        yield Step(duration_ms / 1000 + SETTLE_S, partial(self._dose, name, target_g, duration_ms))
        yield Step(LEVEL_AFTER_S, partial(self._level, name))

    def _start(self, batch: Batch, at: float) -> Line:
        if int(at) <= self._started:
            return self._dose_on(partial(self._start, batch), at)
        self._batch, self._started = batch, int(at)
        return self._event("start", at)

    def _complete(self, at: float) -> Line:
        if int(at) <= self._started:
            return self._dose_on(self._complete, at)
        return self._event("complete", at)

    def _dose_on(self, then: Callable[[float], Line], at: float) -> Line:
        name, target_g = self._random.choice(self._batch.targets)
        dose, level = self._dose_steps(name, target_g)
        self._plan.extendleft((Step(COMPLETE_AFTER_S, then), level))
        return dose.say(at)

    def _event(self, event: str, at: float) -> EventLine:
        return EventLine(self.device_id, event, self._batch.recipe, len(self._batch.targets), self._stamp(at))

    def _dose(self, name: str, target_g: float, duration_ms: int, at: float) -> DoseLine:
        pump = PUMPS[name]
        actual_g = self._tanks[name].take(self._pumps[name].dose_cg(target_g), at) / 100
        return DoseLine(
            self.device_id, pump, name, target_g, actual_g, actual_g - target_g,
            self._batch.recipe, self._batch.mode, self._unrepeated(pump, duration_ms, at), self._stamp(at),
        )  # fmt: skip

    def _level(self, name: str, at: float) -> LevelLine:
        tank = self._tanks[name]
        percent = 100 * tank.remaining_cg / tank.capacity_cg
        return LevelLine(self.device_id, name, tank.report(at), tank.capacity_cg / 100, percent)

    def _unrepeated(self, pump: int, duration_ms: int, at: float) -> int:
        """A duration that no other dose of this pump has in this second: two doses stay two."""
        if int(at) != self._second:
            self._second, self._durations = int(at), set()
        while (pump, duration_ms) in self._durations:
            duration_ms += 1
        self._durations.add((pump, duration_ms))
        return duration_ms

    def _stamp(self, at: float) -> int:
        """The clock's unix seconds; without one, milliseconds since the boot."""
        if self._booted_at is None:
            return int(at)
        return int((at - self._booted_at) * 1000) % COUNTER_LIMIT
