"""Mosquitto takes the stack's configuration, and its ACL holds: stations send, the collector reads."""

import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from dosing_tui.config.settings import MqttSettings
from dosing_tui.demo.servers.mqtt_broker import find_free_port, find_mosquitto
from dosing_tui.mqtt.subscriber import DROP_COUNT_TOPIC
from tests.support.database_servers import reachable_temp, skip_absent
from tests.support.deploy.deploy_files import FOLDER, list_users
from tests.support.mqtt.publishers import connect_subscriber, publish_payloads
from tests.support.polling import wait_until

TOPICS = MqttSettings().topics
STATIONS = [user for user in list_users() if user.startswith("dosing_system_")]
READERS = ["collector", "console", "telegraf"]


@dataclass(frozen=True, slots=True)
class Stack:
    """``folder`` is a copy of deploy/ in which make-secrets has run."""

    folder: Path
    port: int

    def settings_of(self, user: str) -> MqttSettings:
        password = (self.folder / "secrets" / f"mqtt_{user}").read_text()
        return MqttSettings(host="127.0.0.1", port=self.port, username=user, password=password)


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    if find_mosquitto() is None or not shutil.which("mosquitto_passwd"):
        skip_absent(request, "Mosquitto or its mosquitto_passwd is not installed")
    with reachable_temp() as place:
        folder = place / "deploy"
        shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("secrets", ".env"))
        make_secrets(folder)
        port = find_free_port()
        with run_broker(write_configuration(place, folder, port), place / "log"):
            stack = Stack(folder, port)
            wait_until(lambda: can_connect(stack.settings_of("collector")), why=(place / "log").read_text())
            yield stack


def make_secrets(folder: Path) -> None:
    subprocess.run((folder / "make-secrets",), check=True, capture_output=True)


def write_configuration(place: Path, folder: Path, port: int) -> Path:
    """The stack's configuration with the container's paths and port put in their places here."""
    for source in ("secrets/mosquitto_passwd", "mosquitto/acl"):
        shutil.copy(folder / source, place)
    data = place / "data"
    data.mkdir()
    data.chmod(0o777)
    text = (folder / "mosquitto" / "mosquitto.conf").read_text()
    for theirs, here in {
        "/run/secrets/mosquitto_passwd": place / "mosquitto_passwd",
        "/mosquitto/config/acl": place / "acl",
        "/mosquitto/data/": f"{data}/",
        "\nlistener 1883\n": f"\nlistener {port} 127.0.0.1\n",
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


@pytest.mark.parametrize("reader", READERS)
def test_what_stations_send_is_read_on_every_topic(stack: Stack, reader: str) -> None:
    with connect_subscriber(stack.settings_of(reader), client_id=reader, persistent=False) as ear:
        for station in STATIONS:
            for topic in TOPICS:
                publish_payloads(stack.settings_of(station), f"{station} {topic}".encode(), topic=topic)
        wait_until(lambda: len(ear.plant) == len(STATIONS) * len(TOPICS))
        assert {delivery.topic for delivery in ear.plant} == set(TOPICS)


@pytest.mark.parametrize("reader", READERS)
def test_who_reads_may_not_send(stack: Stack, reader: str) -> None:
    with connect_subscriber(stack.settings_of("collector"), persistent=False) as ear:
        publish_payloads(stack.settings_of(reader), b"forged")
        publish_payloads(stack.settings_of(STATIONS[0]), b"true")
        wait_until(lambda: ear.payloads)
        assert ear.payloads == [b"true"]


@pytest.mark.parametrize("station", STATIONS)
def test_a_station_hears_nothing_not_even_itself(stack: Stack, station: str) -> None:
    many = [str(number).encode() for number in range(50)]
    with (
        connect_subscriber(stack.settings_of("collector"), persistent=False) as collector,
        connect_subscriber(stack.settings_of(station), client_id=station, persistent=False) as ear,
    ):
        publish_payloads(stack.settings_of(station), *many)
        wait_until(lambda: collector.payloads == many)
        assert ear.deliveries == []


def test_the_collector_is_told_how_much_the_broker_dropped(stack: Stack) -> None:
    with connect_subscriber(stack.settings_of("collector"), client_id="dropped") as ear:
        wait_until(lambda: [delivery for delivery in ear.deliveries if delivery.topic == DROP_COUNT_TOPIC])


@pytest.mark.parametrize("user", ["", "nobody", STATIONS[0]])
def test_nobody_is_let_in_without_an_account_and_its_own_password(stack: Stack, user: str) -> None:
    password = stack.settings_of("collector").password if user else ""
    account = MqttSettings(host="127.0.0.1", port=stack.port, username=user, password=password)
    with connect_subscriber(account, client_id="stranger", persistent=False, wait=False) as ear:
        wait_until(lambda: ear.links)
        assert ear.why == f"Broker 127.0.0.1:{stack.port} refuses this client: not authorized."


def test_passwords_are_made_once_each_another_and_only_their_owner_enters_the_folder(stack: Stack) -> None:
    secrets = stack.folder / "secrets"
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    broker = secrets / "mosquitto_passwd"
    inode = broker.stat().st_ino
    make_secrets(stack.folder)
    hashed = before.pop("mosquitto_passwd")
    assert {path.name: path.read_text() for path in secrets.iterdir() if path != broker} == before
    assert len(set(before.values())) == len(before)
    assert all(len(password) == 48 for password in before.values())
    assert not any(password in hashed for password in before.values())
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert all(path.stat().st_mode & stat.S_IROTH for path in secrets.iterdir())  # by users of containers
    # else a broker that is told to read its files again would still see the old one
    assert broker.stat().st_ino == inode


def test_a_station_that_is_added_to_the_acl_gets_a_password(stack: Stack) -> None:
    with reachable_temp() as place:
        folder = place / "deploy"
        shutil.copytree(stack.folder, folder)
        with (folder / "mosquitto" / "acl").open("a") as acl:
            acl.write("\nuser dosing_system_99\ntopic write factory/batch/events\n")
        make_secrets(folder)
        assert (folder / "secrets" / "mqtt_dosing_system_99").read_text()
        lines = (folder / "secrets" / "mosquitto_passwd").read_text().splitlines()
        assert [line.split(":")[0] for line in lines] == [*list_users(), "dosing_system_99"]
