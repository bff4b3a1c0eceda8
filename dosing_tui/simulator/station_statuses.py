"""The status topics of simulated stations: a connection with a last will for each, and a report now and then.

Readings of all stations share one connection. A last will belongs to a connection, so each of the first
MAX_CONNECTIONS stations has one more of its own: if this program is killed, the broker publishes their wills.
These stations number their messages, readings and status alike, anew from each start of their firmware.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from random import Random
from threading import Lock
from time import monotonic
from uuid import uuid4

from dosing_tui.config.settings import MqttSettings
from dosing_tui.ipc.supervised_thread import SupervisedThread
from dosing_tui.mqtt.station_connection import StationConnection
from dosing_tui.simulator.payload_format import StatusLine, format_status, format_will

MAX_CONNECTIONS = 20
"""Of a larger plant the other stations have no status topic, as firmware of today."""
INTERVAL_S = 30.0
STOP_TIMEOUT_S = 5.0
FIRMWARE = ("1.4.2", "1.4.2", "1.4.2", "1.3.9")
HEAP_BYTES = (160_000, 220_000)
RSSI_DBM = (-75, -48)
NUMBER_LIMIT = 2**32
ORDER_TIMEOUT_S = 2.0
"""Longest wait for the status of a start: readings have another connection, and come after it."""
_OWN_RECORD = re.compile(rb'\{"device_id":"([^"]*)",.*\}', re.DOTALL)


class SimulatedStatus:
    """The figures of one station; the signal wanders. Thread-safe: readings take numbers, too."""

    def __init__(self, device: str, seed: str) -> None:
        self.device = device
        self._random = Random(seed)
        self._lock = Lock()
        self._boot_id = _create_boot_id()
        self._firmware = self._random.choice(FIRMWARE)
        self._rssi_dbm = self._random.uniform(*RSSI_DBM)
        self._began = monotonic() - self._random.uniform(3_600, 900_000)
        self._seq = 0

    def take_number(self) -> int:
        """The number of the next message."""
        with self._lock:
            self._seq = (self._seq + 1) % NUMBER_LIMIT
            return self._seq

    def restart(self) -> None:
        """The firmware starts: another boot, numbers and uptime from the beginning."""
        with self._lock:
            self._boot_id, self._seq, self._began = _create_boot_id(), 0, monotonic()

    def build_line(self) -> StatusLine:
        number = self.take_number()
        least, greatest = RSSI_DBM
        self._rssi_dbm = min(max(self._rssi_dbm + self._random.uniform(-2, 2), least), greatest)
        return StatusLine(
            self.device, "online", self._boot_id, number, round(self._rssi_dbm), self._firmware,
            self._random.randrange(*HEAP_BYTES), int(1_000 * (monotonic() - self._began)),
        )  # fmt: skip


class StationStatuses:
    """From ``start`` to ``stop``."""

    def __init__(self, mqtt: MqttSettings, devices: Iterable[str], *, seed: str) -> None:
        self._statuses = {
            device: SimulatedStatus(device, f"{seed}/{device}/status")
            for device in list(devices)[:MAX_CONNECTIONS]
        }
        self._connections = {
            device: StationConnection(
                mqtt, device, build_status=partial(_build_payload, status), will=format_will()
            )
            for device, status in self._statuses.items()
        }
        self._thread = SupervisedThread("simulated-status", self._publish_all, interval_s=INTERVAL_S)

    def start(self) -> None:
        for connection in self._connections.values():
            connection.start()
        self._thread.start()

    def stop(self) -> None:
        self._thread.stop(STOP_TIMEOUT_S)
        for connection in self._connections.values():
            with suppress(ValueError, RuntimeError):  # paho: a message that could not be queued
                connection.stop()

    def number_payload(self, device: str, payload: bytes) -> bytes:
        """The payload with the station's next number; unchanged for a station that does not number."""
        found = _OWN_RECORD.fullmatch(payload)
        if device not in self._statuses or found is None or found[1] != device.encode():
            return payload
        record, stamp, time = payload[:-1].rpartition(b',"timestamp":')
        number = b',"seq":%d' % self._statuses[device].take_number()
        return b"".join((record, number, stamp, time, b"}") if stamp else (time, number, b"}"))

    def lose_messages(self, device: str, count: int) -> None:
        """Numbers of messages that are never published."""
        for _ in range(count if device in self._statuses else 0):
            self._statuses[device].take_number()

    def restart_station(self, device: str) -> None:
        """Its firmware starts again, and says so first."""
        if device in self._statuses:
            self._statuses[device].restart()
            self._connections[device].publish_status(timeout_s=ORDER_TIMEOUT_S)

    def _publish_all(self) -> None:
        for connection in self._connections.values():
            connection.publish_status()


def _create_boot_id() -> str:
    """Never the same again: not of the seed, which the next run may have, too."""
    return uuid4().hex[:8]


def _build_payload(status: SimulatedStatus) -> bytes:
    return format_status(status.build_line())
