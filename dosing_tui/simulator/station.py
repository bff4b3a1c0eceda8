"""One dosing station: emits the firmware's lines, batch after batch. Pure: time is passed in."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from random import Random

from msgspec import Struct

from dosing_tui.simulator.equipment import SimulatedPump, SimulatedTank
from dosing_tui.simulator.payload_format import DoseLine, EventLine, FirmwareLine, LevelLine
from dosing_tui.simulator.recipes import CAPACITY_G, PUMPS, BatchPlan, choose_next_batch

BATCH_GAP_S = (300.0, 1_000.0)
"""Between two batches, when the crew works."""
SHORT_GAP_S = (5.0, 30.0)
SETTLING_TIME_S = 3.0
LEVEL_AFTER_S = 0.04
COMPLETE_AFTER_S = 1.0
BOOT_S = 8.0
ABORTED_SHARE = 0.03
COUNTER_LIMIT = 2**32
"""millis() starts again at zero here, after 49.7 days."""


class StationStep(Struct, frozen=True):
    """The next line, ``delay_s`` seconds of plant time after the previous one."""

    delay_s: float
    make_line: Callable[[float], FirmwareLine]
    is_after_reboot: bool = False


class SimulatedStation:
    """``due_at`` is the plant time (unix s) of its next line; ``run_next_step`` makes it.

    No two batch events of a station are equal: a batch lasts at least into the next second of the clock, with
    more doses until then. That happens only above six messages a second and station.
    """

    def __init__(
        self, seed: str, number: int, *, due_at: float, wearing_chemical: str = "", low_chemical: str = ""
    ) -> None:
        """``wearing_chemical``: its pump drifts; ``low_chemical``: its tank runs low soon."""
        self.device_id = f"dosing_system_{number:02d}"
        self.booted_at: float | None = None
        """Without NTP timestamps are milliseconds since this moment (unix s). None: the clock is right."""
        self._random = Random(seed)
        self._pumps = {
            name: SimulatedPump(self._random, is_wearing=name == wearing_chemical) for name in PUMPS
        }
        self._tanks = {name: self._create_tank(name, name == low_chemical) for name in PUMPS}
        self._batch = choose_next_batch(self._random)
        self._batch_start_s = 0
        self._dose_second_s = 0
        self._used_durations: set[tuple[int, int]] = set()
        self._plan: deque[StationStep] = deque()
        self.due_at = due_at
        self.is_idle = True
        """No batch is running; the next line is a batch's start."""
        self.batch_gap_s = BATCH_GAP_S
        """Least and greatest time between two batches, for those that are planned from now on."""
        self._plan_batch()

    def run_next_step(self, at: float) -> tuple[FirmwareLine, bool]:
        """The line due at ``at`` (unix s, never decreasing), and whether it follows a reboot."""
        step = self._plan.popleft()
        self.is_idle = False
        line = step.make_line(at)
        if not self._plan:
            self._plan_batch()
        self.due_at += self._plan[0].delay_s
        return line, step.is_after_reboot

    def set_levels(self, levels: Mapping[str, float]) -> None:
        """Levels in g by chemical; without those of tanks that it does not have."""
        for name, tank in self._tanks.items():
            if name in levels:
                tank.remaining_cg = min(round(levels[name] * 100), tank.capacity_cg)

    def try_reboot(self, at: float) -> bool:
        """Reboot during a batch: calculated stocks full, uptime from zero, batch abandoned.

        False if no batch is running, if full tanks were reported recently, or in the second of a dose: the
        numbers start again, and no station gives two doses of one second the same number.
        """
        if self.is_idle or int(at) == self._dose_second_s:
            return False
        if any(tank.is_recent_level(tank.capacity_cg, at) for tank in self._tanks.values()):
            return False
        if self.booted_at is not None:
            self.booted_at = at
        for tank in self._tanks.values():
            tank.remaining_cg = tank.capacity_cg
        self._plan = deque(
            StationStep(LEVEL_AFTER_S, partial(self._make_level, name), is_after_reboot=True)
            for name in PUMPS
        )
        self.due_at += BOOT_S
        return True

    def _create_tank(self, name: str, is_low: bool) -> SimulatedTank:
        share, refill_below = (
            (0.21, 0.05) if is_low else (self._random.uniform(0.35, 0.98), self._random.uniform(0.06, 0.28))
        )
        return SimulatedTank(CAPACITY_G[name], share, refill_below)

    def _plan_batch(self) -> None:
        for tank in self._tanks.values():
            tank.refill_if_low(self._random)
        batch = choose_next_batch(self._random)
        self.is_idle = True
        gap_s = self._random.uniform(*self.batch_gap_s)
        self._plan.append(StationStep(gap_s, partial(self._make_event, "start", batch)))
        aborted = self._random.random() < ABORTED_SHARE
        dose_count = self._random.randrange(len(batch.targets)) if aborted else len(batch.targets)
        for name, target_g in batch.targets[:dose_count]:
            self._plan.extend(self._make_dose_steps(name, target_g))
        if not aborted:
            self._plan.append(StationStep(COMPLETE_AFTER_S, partial(self._make_event, "complete", batch)))

    def _make_dose_steps(self, name: str, target_g: float) -> Iterator[StationStep]:
        duration_ms = self._pumps[name].sample_duration_ms()
        yield StationStep(
            duration_ms / 1000 + SETTLING_TIME_S, partial(self._make_dose, name, target_g, duration_ms)
        )
        yield StationStep(LEVEL_AFTER_S, partial(self._make_level, name))

    def _make_event(self, event: str, batch: BatchPlan, at: float) -> FirmwareLine:
        """The event; in the second of the latest start another dose, and the event after it."""
        if int(at) <= self._batch_start_s:
            return self._extend_dosing(partial(self._make_event, event, batch), at)
        if event == "start":
            self._batch, self._batch_start_s = batch, int(at)
        return EventLine(self.device_id, event, batch.recipe, len(batch.targets), self._make_timestamp(at))

    def _extend_dosing(self, next_line: Callable[[float], FirmwareLine], at: float) -> FirmwareLine:
        name, target_g = self._random.choice(self._batch.targets)
        dose, level = self._make_dose_steps(name, target_g)
        self._plan.extendleft((StationStep(COMPLETE_AFTER_S, next_line), level))
        return dose.make_line(at)

    def _make_dose(self, name: str, target_g: float, duration_ms: int, at: float) -> DoseLine:
        pump = PUMPS[name]
        actual_g = self._tanks[name].withdraw_mass(self._pumps[name].dispense_dose(target_g), at) / 100
        return DoseLine(
            self.device_id,
            pump,
            name,
            target_g,
            actual_g,
            actual_g - target_g,
            self._batch.recipe,
            self._batch.mode,
            self._make_unique_duration(pump, duration_ms, at),
            self._make_timestamp(at),
        )

    def _make_level(self, name: str, at: float) -> LevelLine:
        tank = self._tanks[name]
        percent = 100 * tank.remaining_cg / tank.capacity_cg
        return LevelLine(self.device_id, name, tank.report_level(at), tank.capacity_cg / 100, percent)

    def _make_unique_duration(self, pump: int, duration_ms: int, at: float) -> int:
        """A duration that no other dose of this pump has in this second, so that no two doses are equal."""
        if int(at) != self._dose_second_s:
            self._dose_second_s, self._used_durations = int(at), set()
        while (pump, duration_ms) in self._used_durations:
            duration_ms += 1
        self._used_durations.add((pump, duration_ms))
        return duration_ms

    def _make_timestamp(self, at: float) -> int:
        """The clock's unix seconds; without one, milliseconds since the boot."""
        return int(at) if self.booted_at is None else int((at - self.booted_at) * 1000) % COUNTER_LIMIT
