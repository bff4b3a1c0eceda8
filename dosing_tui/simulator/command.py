"""``dosing-tui simulate``: publish until told to stop, then the tally as one line of JSON on stdout."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from threading import Event

from dosing_tui.config.settings import MqttSettings
from dosing_tui.errors import ConfigError
from dosing_tui.mqtt.connection import format_address
from dosing_tui.simulator.fault_injection import parse_faults
from dosing_tui.simulator.publish_loop import ProgressReporter, run_simulation


def run_simulate_command(
    mqtt: MqttSettings, *, broker: str, devices: int, rate: float | None, seed: int, speed: float,
    faults: str, qos: int, duration_s: float | None, report: ProgressReporter,
) -> int:  # fmt: skip
    """``broker`` is HOST[:PORT] or '' for the configured one; the exit status.

    Raises: ConfigError, BrokerError.
    """
    mqtt, chosen = override_address(mqtt, broker), parse_faults(faults)
    pace = f"{rate:g} messages a second" if rate else f"{speed:g} times the natural rhythm"
    with _stop_on_signals() as stop:
        report(f"Publishing to {format_address(mqtt)} as {devices} station(s), {pace}; Ctrl+C ends it.")
        tally = run_simulation(
            mqtt, devices=devices, rate=rate, seed=seed, speed=speed, faults=chosen, qos=qos,
            duration_s=duration_s, stop=stop, report=report,
        )  # fmt: skip
    sys.stdout.write(json.dumps(asdict(tally)) + "\n")
    return 0


def override_address(mqtt: MqttSettings, broker: str) -> MqttSettings:
    """The settings with HOST[:PORT] in place of theirs; '' leaves them, IPv6 stands in brackets or alone.

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
def _stop_on_signals() -> Iterator[Event]:
    """An event that SIGINT and SIGTERM set, so that the run ends with its tally."""
    stop = Event()
    chosen = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in chosen]
    try:
        yield stop
    finally:
        for number, handler in zip(chosen, before, strict=True):
            signal.signal(number, handler)
