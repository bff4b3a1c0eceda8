"""``dosing-tui simulate``: publish until a stop signal, then print the counts as one line of JSON."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from signal import SIGINT, SIGTERM, Signals, signal
from threading import Event
from types import FrameType

from msgspec.structs import asdict, replace

from dosing_tui.config.settings import MqttSettings
from dosing_tui.errors import ConfigError
from dosing_tui.mqtt.connection_faults import format_address
from dosing_tui.simulator.fault_injection import parse_faults
from dosing_tui.simulator.publish_loop import ProgressReporter, run_simulation


def run_simulate_command(
    mqtt: MqttSettings, *, broker: str, devices: int, rate: float | None, seed: int, speed: float,
    faults: str, qos: int, duration_s: float | None, report: ProgressReporter,
) -> int:  # fmt: skip
    """``broker`` is HOST[:PORT] or '' for the configured one; the exit status.

    Raises: ConfigError, BrokerError.
    """
    mqtt, fault_set = override_address(mqtt, broker), parse_faults(faults)
    pace = f"{rate:g} messages a second" if rate else f"{speed:g} times the natural pace"
    stop = Event()
    with handle_signals(lambda *_: stop.set(), SIGINT, SIGTERM):  # the counts are printed in any case
        report(f"Publishing to {format_address(mqtt)} as {devices} station(s), {pace}; Ctrl+C ends it.")
        tally = run_simulation(
            mqtt, devices=devices, rate=rate, seed=seed, speed=speed, faults=fault_set, qos=qos,
            duration_s=duration_s, stop=stop, report=report,
        )  # fmt: skip
    sys.stdout.write(json.dumps(asdict(tally)) + "\n")
    return 0


def override_address(mqtt: MqttSettings, broker: str) -> MqttSettings:
    """The settings with HOST[:PORT] instead of their own; IPv6 in brackets, or without a port.

    Raises: ConfigError.
    """
    if not broker:
        return mqtt
    host, colon, port = broker.rpartition(":")
    if not colon or port.endswith("]") or (":" in host and not host.endswith("]")):
        host, port = broker, str(mqtt.port)
    host = host.removeprefix("[").removesuffix("]")
    if not host or "/" in host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise ConfigError(f"--broker: '{broker}' is not HOST or HOST:PORT.")
    return replace(mqtt, host=host, port=int(port))


@contextmanager
def handle_signals(handler: Callable[[int, FrameType | None], object], *numbers: Signals) -> Iterator[None]:
    """Set ``handler`` for these signals; restores the previous handlers at the end. Main thread only."""
    previous_handlers = {number: signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, previous in previous_handlers.items():
            signal(number, previous)
