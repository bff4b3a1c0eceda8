"""A plant that says a fixed number of messages a second, each with the moment it was said in it.

Run as a process of its own: ``python -m tests.benchmarks.load HOST PORT PER_SECOND SECONDS``. Prints how
many messages it said. Where mosquitto_pub is installed it does the talking, so that this costs little.
"""

import shutil
import subprocess
import sys
import time
from typing import Protocol

from dosing_tui.broker.publisher import Publisher
from dosing_tui.config.settings import MqttSettings

TICK_S = 0.01
DOSE = (
    '{{"device_id":"dosing_system_{device:02}","pump":{pump},"chemical":"T-12","target_g":40.00,"actual_g":40.15,'
    '"error_g":0.15,"recipe":"{said:.6f}","mode":"CATALYST","duration_ms":{number},"timestamp":{said:.0f}}}\n'
)
EVENT = (
    '{{"device_id":"dosing_system_{device:02}","event":"start","recipe":"{said:.6f}","pumps":2,'
    '"timestamp":{said:.0f}}}\n'
)
LEVEL = (
    '{{"device_id":"dosing_system_{device:02}","chemical":"T-9","remaining_g":{number}.00,"capacity_g":20000.00,'
    '"percent_full":50.0}}\n'
)


def main(host: str, port: str, per_s: int, seconds: float) -> int:
    """Doses, events and levels in turn, as in a batch of two pumps."""
    voice: Voice = Tool(host, port) if shutil.which("mosquitto_pub") else Library(host, port)
    begun, number = time.time(), 0
    while (now := time.time()) < begun + seconds:
        due = int((now - begun) * per_s)
        while number < due:
            line = (DOSE, EVENT, LEVEL)[number % 3].format(
                device=number % 20, pump=1 + number % 4, number=number, said=time.time()
            )
            voice.say(number % 3, line)
            number += 1
        voice.flush()
        time.sleep(max(0.0, now + TICK_S - time.time()))
    voice.end()
    return number


class Voice(Protocol):
    def say(self, topic: int, line: str) -> None: ...
    def flush(self) -> None: ...
    def end(self) -> None: ...


class Tool:
    """One mosquitto_pub for each topic."""

    def __init__(self, host: str, port: str) -> None:
        command = ("mosquitto_pub", "-h", host, "-p", port, "-q", "1", "-l", "-t")
        self._tools = [
            subprocess.Popen([*command, topic], stdin=subprocess.PIPE, text=True)
            for topic in MqttSettings().topics
        ]
        self._mouths = [tool.stdin for tool in self._tools if tool.stdin]

    def say(self, topic: int, line: str) -> None:
        self._mouths[topic].write(line)

    def flush(self) -> None:
        for mouth in self._mouths:
            mouth.flush()

    def end(self) -> None:
        for tool in self._tools:
            tool.communicate()


class Library:
    """Where that tool is not installed; costs more of the processor."""

    def __init__(self, host: str, port: str) -> None:
        self._publisher = Publisher(MqttSettings(host=host, port=int(port)), client_id="load")
        self._publisher.start()

    def say(self, topic: int, line: str) -> None:
        self._publisher.publish(MqttSettings().topics[topic], line.strip().encode(), 1)

    def flush(self) -> None:
        self._publisher.poll()

    def end(self) -> None:
        self._publisher.flush(60)
        self._publisher.stop()


if __name__ == "__main__":
    sys.stdout.write(f"{main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))}\n")
