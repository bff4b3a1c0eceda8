"""A plant that says a fixed number of messages a second, each with the moment it was said in it.

Run as a process of its own: ``python -m tests.benchmarks.load HOST PORT PER_SECOND SECONDS [STATIONS]``.
SIGINT ends it early. Prints how many messages it said. Where mosquitto_pub is installed it does the talking,
so that this costs little.
"""

import shutil
import signal
import subprocess
import sys
import threading
import time
from typing import Protocol

from dosing_tui.config.settings import MqttSettings
from dosing_tui.mqtt.publisher import Publisher

TICK_S = 0.01
STATIONS = 20
DOSED_G = 40.15
CAPACITY_G = 1_000_000_000.0
DOSE = (
    '{{"device_id":"{station.device}","pump":{pump},"chemical":"{chemical}","target_g":40.00,"actual_g":40.15,'
    '"error_g":0.15,"recipe":"CU-85","mode":"CATALYST","duration_ms":9000,"seq":{seq},"timestamp":{at}}}\n'
)
EVENT = (
    '{{"device_id":"{station.device}","event":"{event}","recipe":"CU-85","pumps":2,'
    '"seq":{seq},"timestamp":{at}}}\n'
)
LEVEL = (
    '{{"device_id":"{station.device}","chemical":"{chemical}","remaining_g":{remaining:.2f},'
    '"capacity_g":1000000000.00,"percent_full":50.0,"seq":{seq},"timestamp":{at}}}\n'
)
DOSES, EVENTS, LEVELS = range(3)
"""The topics, in the order of the settings."""
SEQ_PER_S, SEQ_TURN = 100_000, 2**31


class Station:
    """Says batches of two doses: start, dose, level, dose, level, complete; seq tells when."""

    def __init__(self, number: int) -> None:
        self.device = f"dosing_system_{number:02}"
        self._remaining = {"T-12": CAPACITY_G / 2, "T-9": CAPACITY_G / 2}
        self._step, self._seq = 0, 0

    def next_message(self, said: float) -> tuple[int, str]:
        """Which topic, and what."""
        step, self._step = self._step, (self._step + 1) % 6
        self._seq = max(self._seq + 1, int(said * SEQ_PER_S) % SEQ_TURN)
        common = {"station": self, "seq": self._seq, "at": int(said)}
        if step in {0, 5}:
            return EVENTS, EVENT.format(**common, event="start" if step == 0 else "complete")
        pump = 1 + (step > 2)
        chemical = ("T-12", "T-9")[pump - 1]
        if step in {1, 3}:
            self._remaining[chemical] -= DOSED_G
            return DOSES, DOSE.format(**common, pump=pump, chemical=chemical)
        return LEVELS, LEVEL.format(**common, chemical=chemical, remaining=self._remaining[chemical])


def main(host: str, port: str, per_s: int, seconds: float, count: int) -> int:
    """The stations take turns."""
    stations = [Station(number) for number in range(1, count + 1)]
    voice: Voice = Tool(host, port) if shutil.which("mosquitto_pub") else Library(host, port)
    ended = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: ended.set())
    begun, number = time.time(), 0
    while not ended.is_set() and (now := time.time()) < begun + seconds:
        due = int((now - begun) * per_s)
        while number < due:
            voice.send_line(*stations[number % count].next_message(time.time()))
            number += 1
        voice.flush_lines()
        time.sleep(max(0.0, now + TICK_S - time.time()))
    voice.finish_sending()
    return number


class Voice(Protocol):
    def send_line(self, topic: int, line: str) -> None: ...
    def flush_lines(self) -> None: ...
    def finish_sending(self) -> None: ...


class Tool:
    """One mosquitto_pub for each topic."""

    def __init__(self, host: str, port: str) -> None:
        command = ("mosquitto_pub", "-h", host, "-p", port, "-q", "1", "-l", "-t")
        self._tools = [
            # what ends the talk ends it here, and not in the middle of a line
            subprocess.Popen([*command, topic], stdin=subprocess.PIPE, text=True, start_new_session=True)
            for topic in MqttSettings().topics
        ]
        self._mouths = [tool.stdin for tool in self._tools if tool.stdin]

    def send_line(self, topic: int, line: str) -> None:
        self._mouths[topic].write(line)

    def flush_lines(self) -> None:
        for mouth in self._mouths:
            mouth.flush()

    def finish_sending(self) -> None:
        for tool in self._tools:
            tool.communicate()


class Library:
    """Where that tool is not installed; costs more of the processor."""

    def __init__(self, host: str, port: str) -> None:
        self._publisher = Publisher(MqttSettings(host=host, port=int(port)), client_id="load")
        self._publisher.start()

    def send_line(self, topic: int, line: str) -> None:
        self._publisher.publish_message(MqttSettings().topics[topic], line.strip().encode(), 1)

    def flush_lines(self) -> None:
        self._publisher.run_callbacks()

    def finish_sending(self) -> None:
        self._publisher.wait_for_publish(60)
        self._publisher.stop()


if __name__ == "__main__":
    host, port, per_s, seconds, *rest = sys.argv[1:]
    count = int(rest[0]) if rest else STATIONS
    sys.stdout.write(f"{main(host, port, int(per_s), float(seconds), count)}\n")
