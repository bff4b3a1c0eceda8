"""A plant that says a fixed number of messages a second, each with the moment it was said in it.

Run as a process of its own: ``python -m tests.benchmarks.load HOST PORT PER_SECOND SECONDS``. Prints how
many messages it said. What goes over the wire is mosquitto_pub's business, so that this costs little.
"""

import subprocess
import sys
import time
from typing import IO

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
    mouths = [_mouth(host, port, topic) for topic in MqttSettings().topics]
    begun, number = time.time(), 0
    while (now := time.time()) < begun + seconds:
        due = int((now - begun) * per_s)
        while number < due:
            line = (DOSE, EVENT, LEVEL)[number % 3].format(
                device=number % 20, pump=1 + number % 4, number=number, said=time.time()
            )
            _stdin(mouths[number % 3]).write(line)
            number += 1
        for mouth in mouths:
            _stdin(mouth).flush()
        time.sleep(max(0.0, now + TICK_S - time.time()))
    for mouth in mouths:
        mouth.communicate()
    return number


def _mouth(host: str, port: str, topic: str) -> subprocess.Popen[str]:
    command = ["mosquitto_pub", "-h", host, "-p", port, "-t", topic, "-q", "1", "-l"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, text=True)


def _stdin(mouth: subprocess.Popen[str]) -> IO[str]:
    assert mouth.stdin
    return mouth.stdin


if __name__ == "__main__":
    sys.stdout.write(f"{main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))}\n")
