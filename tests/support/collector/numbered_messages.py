"""A plant for tests: numbered messages, the collector as a process, what the database holds."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psycopg

from dosing_tui.config.notification_channel import NotificationSettings
from dosing_tui.config.settings import (
    CollectorMode,
    CollectorSettings,
    DatabaseSettings,
    MqttSettings,
    Settings,
)
from dosing_tui.mqtt.publisher import Publisher


@dataclass(frozen=True, slots=True)
class Numbered:
    """Message ``number`` says its number: a dose, an event or a level without a time."""

    number: int
    now: int

    @property
    def topic(self) -> str:
        return MqttSettings().topics[(0, 0, 1, 2)[self.number % 4]]

    @property
    def payload(self) -> bytes:
        stamp = {"timestamp": self.now - 3600 + self.number % 60}
        match self.number % 4:
            case 0 | 1:
                said = {
                    "pump": 1 + self.number % 2, "chemical": "T-12", "target_g": 40.0, "actual_g": 40.15,
                    "error_g": 0.15, "recipe": "CU-85", "mode": "CATALYST", "duration_ms": self.number,
                    **stamp,
                }  # fmt: skip
            case 2:
                said = {"event": "start", "recipe": f"R-{self.number}", "pumps": 2, **stamp}
            case _:
                said = {"chemical": "T-9", "remaining_g": self.number, "capacity_g": 10_000_000}
        return json.dumps({"device_id": f"dosing_system_{self.number % 3:02}", **said}).encode()


def publish_numbered(settings: MqttSettings, messages: list[Numbered], *, per_s: int = 1_000_000) -> None:
    """At QoS 1; on return the broker has them."""
    publisher = Publisher(settings, client_id=f"plant-{threading.get_ident()}")
    publisher.start()
    for message in messages:
        assert publisher.publish_message(message.topic, message.payload, 1)
        time.sleep(1 / per_s)
    assert publisher.wait_for_publish(60)
    publisher.stop()


NUMBERS = """
SELECT duration_ms FROM dosing_consumption UNION ALL
SELECT substr(recipe, 3)::bigint FROM batch_events UNION ALL
SELECT remaining_g::bigint FROM inventory_levels
"""


def stored_numbers(dsn: str) -> Counter[int]:
    """How often each numbered message is in the database."""
    with psycopg.connect(dsn) as session:
        return Counter(number for (number,) in session.execute(NUMBERS))


def plant_settings(
    mqtt: MqttSettings, dsn: str, folder: Path, mode: CollectorMode = CollectorMode.AUTO
) -> Settings:
    return Settings(
        mqtt=mqtt,
        database=DatabaseSettings(dsn=dsn),
        collector=CollectorSettings(mode=mode, spool_dir=str(folder)),
    )


@dataclass(slots=True)
class CollectorProcess:
    """``dosing-tui collect``, or another ``program`` in its place; ``log_lines``: its stderr."""

    settings: Settings
    folder: Path
    program: tuple[str, ...] = ("dosing_tui",)
    log_lines: list[str] = field(default_factory=list)
    line_times: list[float] = field(default_factory=list)
    """``time.monotonic()`` of each line of the log."""
    process: subprocess.Popen[str] = field(init=False)
    reading: threading.Thread = field(init=False)

    def start(self) -> None:
        self.process = start_collector(
            self.settings, self.folder, stderr=subprocess.PIPE, program=self.program
        )
        assert self.process.stderr
        self.reading = threading.Thread(target=self._read_log, args=(self.process.stderr,), daemon=True)
        self.reading.start()

    def kill(self) -> None:
        """Without warning."""
        self.process.kill()
        self.wait_for_exit()

    def end_gracefully(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.wait_for_exit()

    @property
    def dead(self) -> bool:
        return self.process.poll() is not None

    @property
    def log(self) -> str:
        return "\n".join(self.log_lines)

    def wait_for_exit(self) -> int:
        """Until it ends by itself; answers its exit status."""
        status = self.process.wait(60)
        self.reading.join(10)
        assert self.process.stderr
        self.process.stderr.close()
        return status

    def _read_log(self, stderr: IO[str]) -> None:
        for line in stderr:
            self.line_times.append(time.monotonic())
            self.log_lines.append(line.rstrip())


def start_collector(
    settings: Settings, folder: Path, *, stderr: int, program: tuple[str, ...] = ("dosing_tui",)
) -> subprocess.Popen[str]:
    config = folder / "dosing-tui.toml"
    config.write_text(_to_toml(settings))
    command = [sys.executable, "-m", *program, "--config", str(config), "collect"]
    return subprocess.Popen(
        command, stderr=stderr, text=True, env={**os.environ, "PYTHONPATH": str(Path.cwd())}
    )


@contextmanager
def run_collector(
    settings: Settings, folder: Path, *, program: tuple[str, ...] = ("dosing_tui",)
) -> Iterator[CollectorProcess]:
    collector = CollectorProcess(settings, folder, program)
    collector.start()
    try:
        yield collector
    finally:
        collector.kill()


def _to_toml(settings: Settings) -> str:
    return f"""
[plant]
site = {json.dumps(settings.plant.site)}
devices = {json.dumps(settings.plant.devices)}
[alarms]
offline_minutes = {settings.alarms.offline_minutes}
link_down_s = {settings.alarms.link_down_s}
[mqtt]
host = {json.dumps(settings.mqtt.host)}
port = {settings.mqtt.port}
[database]
dsn = {json.dumps(settings.database.dsn)}
[collector]
mode = "{settings.collector.mode}"
spool_dir = {json.dumps(settings.collector.spool_dir)}
spool_max_mb = {settings.collector.spool_max_mb}
""" + "".join(_channel_toml(one) for one in settings.notifications)


def _channel_toml(one: NotificationSettings) -> str:
    """Its URL comes from the environment."""
    return f"""
[[notifications]]
name = "{one.name}"
kind = "{one.kind}"
on = {json.dumps(one.on)}
timeout_s = {one.timeout_s}
"""
