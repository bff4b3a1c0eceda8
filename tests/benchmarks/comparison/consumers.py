"""What is compared: the collector, and Telegraf with the configuration of deploy/ on two schemas."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from dosing_tui.config.settings import MqttSettings
from dosing_tui.database.schema.migrate import migrate_schema
from tests.support.collector.numbered_messages import CollectorProcess, plant_settings
from tests.support.database.guide_database import guide_database
from tests.support.database.reading_samples import settings_for
from tests.support.deploy.deploy_files import FOLDER as DEPLOY_FOLDER
from tests.support.polling import wait_until

TELEGRAF_INPUTS = 3
ENVIRONMENT = ("PATH", "HOME", "TZ")


class Schema(StrEnum):
    OURS = "our schema"
    GUIDE = "the guide's schema"

    def create_tables(self, dsn: str) -> None:
        if self is Schema.OURS:
            migrate_schema(settings_for(dsn), report=lambda sentence: None)
        else:
            guide_database(dsn)


class ConsumerProcess(Protocol):
    @property
    def pid(self) -> int: ...
    def start(self) -> None:
        """Returns once it is connected to the broker and the database, and subscribed."""

    def kill(self) -> None:
        """Without warning."""


class Consumer(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def schema(self) -> Schema: ...
    def make_process(self, mqtt: MqttSettings, dsn: str, folder: Path) -> ConsumerProcess: ...


@dataclass(frozen=True, slots=True)
class DosingCollector:
    name: str = "dosing-tui"
    schema: Schema = Schema.OURS

    def make_process(self, mqtt: MqttSettings, dsn: str, folder: Path) -> "CollectProcess":
        return CollectProcess(CollectorProcess(plant_settings(mqtt, dsn, folder), folder))


@dataclass(slots=True)
class CollectProcess:
    """``dosing-tui collect``."""

    collector: CollectorProcess

    @property
    def pid(self) -> int:
        return self.collector.process.pid

    def start(self) -> None:
        seen = len(self.collector.log_lines)
        self.collector.start()

        def log() -> str:
            return "\n".join(self.collector.log_lines[seen:])

        wait_until(lambda: "The broker is connected." in log(), why=log)

    def kill(self) -> None:
        self.collector.kill()


@dataclass(frozen=True, slots=True)
class Telegraf:
    """``flush_interval``: as its configuration has it, e.g. "200ms"."""

    binary: Path
    schema: Schema
    flush_interval: str

    @property
    def name(self) -> str:
        return f"Telegraf, {self.schema}, {self.flush_interval}"

    def make_process(self, mqtt: MqttSettings, dsn: str, folder: Path) -> "TelegrafProcess":
        text = (DEPLOY_FOLDER / "telegraf" / "telegraf.conf").read_text()
        configuration = folder / "telegraf.conf"
        configuration.write_text(
            adapt_configuration(
                text, f"tcp://{mqtt.host}:{mqtt.port}", dsn, self.flush_interval, schema=self.schema
            )
        )
        return TelegrafProcess((str(self.binary), "--config", str(configuration)), folder / "telegraf.log")


def adapt_configuration(text: str, broker: str, dsn: str, flush_interval: str, *, schema: Schema) -> str:
    """The configuration of deploy/ for servers that let everybody in, and for another schema."""
    for pattern, replacement in (
        (r"\[\[secretstores\.docker\]\]\n(?: .*\n)*", ""),
        (r"\n +(?:username|password) = .*", ""),
        (r'(servers = )\[".*"\]', rf'\1["{broker}"]'),
        (r'(flush_interval = )".*"', rf'\1"{flush_interval}"'),
        *(((r"ingest_", ""),) if schema is Schema.GUIDE else ()),
    ):
        text, changes = re.subn(pattern, replacement, text)
        assert changes, f"{pattern} is not in the configuration"
    before, _, rest = text.partition('connection = "')
    return f'{before}connection = "{dsn}{rest[rest.index(chr(34)) :]}'


@dataclass(slots=True)
class TelegrafProcess:
    command: tuple[str, ...]
    log: Path
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def pid(self) -> int:
        return self.process.pid

    def start(self) -> None:
        seen = len(self.log.read_bytes()) if self.log.exists() else 0
        environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(self.command, stdout=output, stderr=output, env=environment)

        def is_connected() -> bool:
            return self.log.read_bytes()[seen:].count(b"Connected [") >= TELEGRAF_INPUTS

        wait_until(is_connected, why=self.log.read_text)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def run_consumer(consumer: ConsumerProcess) -> Iterator[ConsumerProcess]:
    """Started; asked to end afterwards."""
    consumer.start()
    try:
        yield consumer
    finally:
        os.kill(consumer.pid, signal.SIGTERM)
        consumer.kill()
