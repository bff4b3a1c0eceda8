"""Runs the simulated plant in a daemon thread, which ends with this process."""

import threading
from collections.abc import Callable

from dosing_tui.config.settings import MqttSettings
from dosing_tui.errors import BrokerError, DemoError
from dosing_tui.ipc.supervised_thread import start_one_shot
from dosing_tui.simulator.fault_injection import Fault
from dosing_tui.simulator.plant import SimulatedPlant
from dosing_tui.simulator.publish_loop import PublishTally, run_simulation


class SimulatorThread:
    """Publishes at QoS 1 between ``start`` and ``stop``, which returns the counts and expected outcomes."""

    def __init__(
        self,
        mqtt: MqttSettings,
        plant: SimulatedPlant,
        *,
        rate: float | None,
        faults: frozenset[Fault],
        report: Callable[[str], None],
    ) -> None:
        self._mqtt = mqtt
        self._plant = plant
        self._rate = rate
        self._faults = faults
        self._report = report
        self._stop_event = threading.Event()
        self._tally: PublishTally | Exception = PublishTally()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = start_one_shot("simulated-plant", self._run_simulation)

    def stop(self) -> PublishTally:
        """Returns when the broker has acknowledged all messages.

        Raises: DemoError, if the plant could not reach its broker at the start.
        """
        self._stop_event.set()
        if self._thread:
            self._thread.join()
        if isinstance(self._tally, Exception):
            raise DemoError(f"The simulated plant could not publish: {self._tally}") from self._tally
        return self._tally

    def _run_simulation(self) -> None:
        try:
            self._tally = run_simulation(
                self._mqtt, devices=0, rate=self._rate, seed=0, speed=1.0, faults=self._faults, qos=1,
                duration_s=None, stop=self._stop_event, report=self._report, plant=self._plant,
            )  # fmt: skip
        except Exception as error:
            # ``stop`` raises the failure in the main thread
            self._tally = error
            if not isinstance(error, BrokerError):
                raise
