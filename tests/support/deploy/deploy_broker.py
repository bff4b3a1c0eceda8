"""A Mosquitto with a copy of deploy/ as its configuration, and the accounts that make-secrets made."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dosing_tui.config.settings import MqttSettings
from dosing_tui.demo.servers.mqtt_broker import find_free_port, find_mosquitto
from tests.support.database_servers import reachable_temp
from tests.support.deploy.deploy_files import FOLDER
from tests.support.mqtt.publishers import connect_subscriber
from tests.support.polling import wait_until


@dataclass(frozen=True, slots=True)
class Stack:
    """``folder`` is a copy of deploy/ in which make-secrets has run."""

    folder: Path
    port: int
    tls_port: int = 0

    def settings_of(self, user: str, *, prefix: str = "factory") -> MqttSettings:
        password = (self.folder / "secrets" / f"mqtt_{user}").read_text()
        return MqttSettings(host="127.0.0.1", port=self.port, username=user, password=password, prefix=prefix)

    def tls_settings_of(self, user: str) -> MqttSettings:
        password = (self.folder / "secrets" / f"mqtt_{user}").read_text()
        authority = str(self.folder / "mosquitto" / "certs" / "ca.crt")
        return MqttSettings(
            host="localhost",
            port=self.tls_port,
            username=user,
            password=password,
            tls=True,
            ca_file=authority,
        )


def change_nothing(folder: Path) -> None:
    """The files as they are."""


@contextmanager
def run_stack_broker(prepare: Callable[[Path], object] = change_nothing) -> Iterator[Stack]:
    """``prepare`` changes the copy of deploy/ before its passwords are made."""
    with reachable_temp() as place:
        folder = place / "deploy"
        shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("secrets", ".env", "certs"))
        prepare(folder)
        make_secrets(folder)
        stack = Stack(folder, find_free_port(), find_free_port())
        with run_broker(write_configuration(place, stack), place / "log"):
            wait_until(lambda: can_connect(stack.settings_of("collector")), why=(place / "log").read_text())
            yield stack


def make_secrets(folder: Path) -> None:
    subprocess.run((folder / "make-secrets",), check=True, capture_output=True)


def make_certificates(folder: Path) -> None:
    """As the documents say; the key belongs to whom the broker becomes when root starts it."""
    owner = "mosquitto" if is_root_with_account() else str(os.getuid())
    subprocess.run(
        (folder / "make-certificates", "localhost", "127.0.0.1"),
        env={**os.environ, "BROKER_OWNER": owner},
        check=True,
        capture_output=True,
    )


def enable_tls(folder: Path) -> None:
    """Takes the # away from the listener's three lines."""
    make_certificates(folder)
    path = folder / "mosquitto" / "mosquitto.conf"
    text = path.read_text()
    for option in ("listener 8883", "certfile", "keyfile"):
        assert text.count(f"\n#{option}") == 1
        text = text.replace(f"\n#{option}", f"\n{option}")
    path.write_text(text)


def is_root_with_account() -> bool:
    """Whether Mosquitto gives up root's rights here."""
    with suppress(KeyError):
        return bool(pwd.getpwnam("mosquitto")) and os.getuid() == 0
    return False


def write_configuration(place: Path, stack: Stack) -> Path:
    """The stack's configuration with the container's paths and ports put in their places here."""
    for source in ("secrets/mosquitto_passwd", "mosquitto/acl"):
        shutil.copy(stack.folder / source, place)
    stack.folder.chmod(0o755)
    data = place / "data"
    data.mkdir()
    data.chmod(0o777)
    text = (stack.folder / "mosquitto" / "mosquitto.conf").read_text()
    for theirs, here in {
        "/run/secrets/mosquitto_passwd": place / "mosquitto_passwd",
        "/mosquitto/config/certs/": f"{stack.folder}/mosquitto/certs/",
        "/mosquitto/config/acl": place / "acl",
        "/mosquitto/data/": f"{data}/",
        "listener 1883\n": f"listener {stack.port} 127.0.0.1\n",
        "listener 8883\n": f"listener {stack.tls_port} 127.0.0.1\n",
    }.items():
        assert theirs in text
        text = text.replace(theirs, str(here))
    path = place / "mosquitto.conf"
    path.write_text(text)
    path.chmod(0o644)
    return path


@contextmanager
def run_broker(configuration: Path, log: Path) -> Iterator[None]:
    program = find_mosquitto()
    assert program
    with log.open("wb") as output:
        process = subprocess.Popen((program, "-c", configuration), stdout=output, stderr=output)
        try:
            yield
        finally:
            process.terminate()
            process.wait(10)


def can_connect(account: MqttSettings) -> bool:
    with connect_subscriber(account, client_id="probe", persistent=False, wait=False) as ear:
        wait_until(lambda: ear.links)
        return ear.up
