"""The status topics of simulated stations: a connection with a last will for each, and a report now and then.

Readings of all stations share one connection. A last will belongs to a connection, so each of the first
MAX_CONNECTIONS stations has one more of its own: if this program is killed, the broker publishes their wills.
"""

from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from random import Random
from time import monotonic

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


class SimulatedStatus:
    """The figures of one station; the signal wanders."""

    def __init__(self, device: str, seed: str) -> None:
        self.device = device
        self._random = Random(seed)
        self._boot_id = f"{self._random.getrandbits(32):08x}"
        self._firmware = self._random.choice(FIRMWARE)
        self._rssi_dbm = self._random.uniform(*RSSI_DBM)
        self._began = monotonic() - self._random.uniform(3_600, 900_000)
        self._seq = 0

    def build_line(self) -> StatusLine:
        self._seq += 1
        least, greatest = RSSI_DBM
        self._rssi_dbm = min(max(self._rssi_dbm + self._random.uniform(-2, 2), least), greatest)
        return StatusLine(
            self.device, "online", self._boot_id, self._seq, round(self._rssi_dbm), self._firmware,
            self._random.randrange(*HEAP_BYTES), int(1_000 * (monotonic() - self._began)),
        )  # fmt: skip


class StationStatuses:
    """From ``start`` to ``stop``."""

    def __init__(self, mqtt: MqttSettings, devices: Iterable[str], *, seed: str) -> None:
        self._connections = [
            StationConnection(mqtt, device, build_status=partial(_build_payload, status), will=format_will())
            for device in list(devices)[:MAX_CONNECTIONS]
            for status in (SimulatedStatus(device, f"{seed}/{device}/status"),)
        ]
        self._thread = SupervisedThread("simulated-status", self._publish_all, interval_s=INTERVAL_S)

    def start(self) -> None:
        for connection in self._connections:
            connection.start()
        self._thread.start()

    def stop(self) -> None:
        self._thread.stop(STOP_TIMEOUT_S)
        for connection in self._connections:
            with suppress(ValueError, RuntimeError):  # paho: a message that could not be queued
                connection.stop()

    def _publish_all(self) -> None:
        for connection in self._connections:
            connection.publish_status()


def _build_payload(status: SimulatedStatus) -> bytes:
    return format_status(status.build_line())
