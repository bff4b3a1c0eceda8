"""A plant that publishes the firmware's messages, one dose to one event to one level, at QoS 1.

As a process of its own: ``python -m tests.benchmarks.load HOST PORT PER_SECOND SECONDS [STATIONS [FIRST]]``.
SIGINT ends it early. Prints how many messages it published.
"""

import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence

from dosing_tui.config.settings import MqttSettings
from dosing_tui.simulator.payload_format import DoseLine, EventLine, FirmwareLine, LevelLine, format_payload
from tests.support.polling import wait_until

TICK_S = 0.01
STATIONS = 20
MOST_PER_STATION = 20
"""Messages a second; more stations publish when more are asked for."""
DOSED_G = 40.15
CAPACITY_G = 1_000_000_000.0
FULL_G = 0.95 * CAPACITY_G
BATCH_MESSAGES = 6
RECIPES = tuple(f"CU-{number}" for number in range(60, 100, 5))
TURN_MS = 300_000
"""A dose's duration is the moment of its publishing modulo this: no station takes longer for a dose."""
TOPICS: dict[type[FirmwareLine], bytes] = dict(
    zip((DoseLine, EventLine, LevelLine), (topic.encode() for topic in MqttSettings().topics), strict=True)
)
CONNECT = b"\x10\x0c\0\4MQTT\4\2\0\0\0\0"
"""Without a client ID, the broker gives each load one of its own: the same one would end the load before."""
CONNACK_BYTES = PUBACK_BYTES = 4
CHUNK = 500


class Station:
    """Batches of two doses: start, dose, level, dose, level, complete. No two messages are the same."""

    def __init__(self, number: int) -> None:
        self.device = f"dosing_system_{number:02}"
        self._remaining = {"T-12": FULL_G, "T-9": FULL_G}
        self._number = -1
        self._moment_ms = 0
        self._event_times: dict[tuple[str, str], int] = {}

    def next_line(self, now: float) -> FirmwareLine:
        """What it publishes at ``now``, in Unix seconds."""
        self._number += 1
        batch, step = divmod(self._number, BATCH_MESSAGES)
        recipe = RECIPES[batch % len(RECIPES)]
        if step in {0, 5}:
            event = "start" if step == 0 else "complete"
            at = max(int(now), self._event_times.get((event, recipe), 0) + 1)
            self._event_times[event, recipe] = at
            return EventLine(self.device, event, recipe, 2, at)
        pump = 1 + (step > 2)
        chemical = ("T-12", "T-9")[pump - 1]
        if step in {1, 3}:
            self._remaining[chemical] -= DOSED_G
            self._moment_ms = max(self._moment_ms + 1, int(now * 1000))
            took_ms = self._moment_ms % TURN_MS
            return DoseLine(
                self.device, pump, chemical, 40.0, DOSED_G, 0.15, recipe, "CATALYST", took_ms, int(now)
            )
        remaining = self._remaining[chemical]
        return LevelLine(self.device, chemical, remaining, CAPACITY_G, 100 * remaining / CAPACITY_G)


def encode_publish(line: FirmwareLine, number: int) -> bytes:
    """An MQTT PUBLISH packet at QoS 1."""
    topic = TOPICS[type(line)]
    body = len(topic).to_bytes(2) + topic + (1 + number % 65_535).to_bytes(2) + format_payload(line)
    high, low = divmod(len(body), 128)
    return (bytes((0x32, low | 128, high)) if high else bytes((0x32, low))) + body


class PlainPublisher:
    """MQTT 3.1.1 on a bare socket; acknowledgements are only counted.

    A library would take more of the processor than the consumers that are measured beside it.
    """

    def __init__(self, host: str, port: int) -> None:
        self.sent = 0
        self._acknowledged_bytes = 0
        self._socket = socket.create_connection((host, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(CONNECT)
        assert self._socket.recv(CONNACK_BYTES, socket.MSG_WAITALL) == b"\x20\x02\0\0"
        threading.Thread(target=self._count_acknowledgements, daemon=True).start()

    def send_packets(self, packets: Sequence[bytes]) -> None:
        self._socket.sendall(b"".join(packets))
        self.sent += len(packets)

    def wait_for_acknowledgements(self) -> None:
        wait_until(lambda: self._acknowledged_bytes >= self.sent * PUBACK_BYTES, 300)
        self._socket.close()

    def _count_acknowledgements(self) -> None:
        try:
            while data := self._socket.recv(65_536):
                self._acknowledged_bytes += len(data)
        except OSError:
            return


def publish_at_rate(
    host: str, port: int, per_s: int, seconds: float, stations: int = 0, first: int = 1
) -> int:
    """The stations take turns, a batch each; returns how many messages were published.

    ``stations``: 0 for as many as such a rate needs. ``first``: the number of the first.
    """
    count = stations or max(STATIONS, per_s // MOST_PER_STATION)
    plant = [Station(number) for number in range(first, first + count)]
    publisher, ended = PlainPublisher(host, port), threading.Event()
    signal.signal(signal.SIGINT, lambda *_: ended.set())
    began = time.time()
    while not ended.is_set() and (now := time.time()) < began + seconds:
        due = range(publisher.sent, int((now - began) * per_s))
        publisher.send_packets(
            [encode_publish(plant[n // BATCH_MESSAGES % count].next_line(time.time()), n) for n in due]
        )
        time.sleep(max(0.0, now + TICK_S - time.time()))
    publisher.wait_for_acknowledgements()
    return publisher.sent


def encode_backlog(count: int) -> list[bytes]:
    """What the stations collected during an outage that ends now: a message a second of each."""
    plant, began = [Station(number) for number in range(1, STATIONS + 1)], time.time() - count / STATIONS
    return [encode_publish(plant[n % STATIONS].next_line(began + n // STATIONS), n) for n in range(count)]


def publish_backlog(host: str, port: int, packets: Sequence[bytes]) -> int:
    """As fast as the broker takes them. Returns how many."""
    publisher = PlainPublisher(host, port)
    for first in range(0, len(packets), CHUNK):
        publisher.send_packets(packets[first : first + CHUNK])
    publisher.wait_for_acknowledgements()
    return publisher.sent


if __name__ == "__main__":
    place, door, rate, duration, *rest = sys.argv[1:]
    published = publish_at_rate(place, int(door), int(rate), float(duration), *map(int, rest))
    sys.stdout.write(f"{published}\n")
