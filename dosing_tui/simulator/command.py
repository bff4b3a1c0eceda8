"""``dosing-tui simulate``: publish until interrupted, then the tally as one line of JSON on stdout."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from threading import Event

from dosing_tui.config.settings import MqttSettings
from dosing_tui.errors import ConfigError
from dosing_tui.simulator.faults import parse_faults
from dosing_tui.simulator.run import Report, simulate


def run(
    mqtt: MqttSettings, *, broker: str, devices: int, rate: float | None, seed: int, speed: float,
    faults: str, qos: int, duration_s: float | None, report: Report,
) -> int:  # fmt: skip
    """``broker`` is HOST[:PORT] or '' for the configured one; the exit status.

    Raises: ConfigError, BrokerError.
    """
    mqtt = at(mqtt, broker)
    chosen = parse_faults(faults)
    with _stopped_by_signals() as stop:
        report(f"Publishing {devices} station(s) to {mqtt.host}:{mqtt.port}; Ctrl+C ends it.")
        tally = simulate(
            mqtt, devices=devices, rate=rate, seed=seed, speed=speed, faults=chosen, qos=qos,
            duration_s=duration_s, stop=stop, report=report,
        )  # fmt: skip
    sys.stdout.write(json.dumps(asdict(tally)) + "\n")
    return 0


def at(mqtt: MqttSettings, broker: str) -> MqttSettings:
    """
    >>> at(MqttSettings(), "plant:1884").port
    1884
    >>> at(MqttSettings(), "[::1]").host
    '::1'

    Raises: ConfigError.
    """
    if not broker:
        return mqtt
    host, colon, port = broker.rpartition(":")
    if not colon or broker.endswith("]"):
        host, port = broker, str(mqtt.port)
    if not host or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65_535:
        raise ConfigError(f"--broker: {broker!r} is not HOST or HOST:PORT.")
    return replace(mqtt, host=host.strip("[]"), port=int(port))


@contextmanager
def _stopped_by_signals() -> Iterator[Event]:
    """An event that SIGINT and SIGTERM set, so that the run ends with its tally."""
    stop = Event()
    chosen = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in chosen]
    try:
        yield stop
    finally:
        for number, handler in zip(chosen, before, strict=True):
            signal.signal(number, handler)
