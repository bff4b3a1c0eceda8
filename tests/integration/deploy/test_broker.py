"""Mosquitto takes the stack's configuration, and its ACL holds: stations send, the collector reads."""

import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dosing_tui.config.settings import MqttSettings
from dosing_tui.demo.servers.mqtt_broker import find_free_port, find_mosquitto
from dosing_tui.mqtt.optional_topics import DROP_COUNT_TOPIC
from tests.support.database_servers import reachable_temp, skip_absent
from tests.support.deploy.deploy_broker import (
    Stack,
    enable_tls,
    is_root_with_account,
    make_certificates,
    make_secrets,
    run_stack_broker,
    write_configuration,
)
from tests.support.deploy.deploy_files import FOLDER, list_users
from tests.support.mqtt.publishers import connect_subscriber, publish_payloads
from tests.support.polling import wait_until

TOPICS = MqttSettings().topics
STATIONS = [user for user in list_users() if user.startswith("dosing_system_")]
READERS = ["collector", "console", "telegraf"]


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    skip_without_broker(request)
    with run_stack_broker() as stack:
        yield stack


def skip_without_broker(request: pytest.FixtureRequest) -> None:
    if find_mosquitto() is None or not shutil.which("mosquitto_passwd"):
        skip_absent(request, "Mosquitto or its mosquitto_passwd is not installed")


@pytest.mark.parametrize("reader", READERS)
def test_what_stations_send_is_read_on_every_topic(stack: Stack, reader: str) -> None:
    with connect_subscriber(stack.settings_of(reader), client_id=reader, persistent=False) as ear:
        for station in STATIONS:
            for topic in TOPICS:
                publish_payloads(stack.settings_of(station), f"{station} {topic}".encode(), topic=topic)
        wait_until(lambda: len(ear.plant) == len(STATIONS) * len(TOPICS))
        assert {delivery.topic for delivery in ear.plant} == set(TOPICS)


@pytest.mark.parametrize("reader", ["collector", "console"])
def test_a_station_keeps_its_own_status_and_no_other(stack: Stack, reader: str) -> None:
    own, other = (f"factory/devices/{station}/status" for station in STATIONS[:2])
    with connect_subscriber(stack.settings_of(reader), client_id=reader, persistent=False) as ear:
        publish_payloads(stack.settings_of(STATIONS[0]), b"offline", topic=other)
        publish_payloads(stack.settings_of(STATIONS[0]), b"online", topic=own)
        wait_until(lambda: ear.payloads)
        assert [(delivery.topic, delivery.payload) for delivery in ear.plant] == [(own, b"online")]


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


def test_a_station_can_send_in_no_name_but_its_own_where_topics_carry_it(
    request: pytest.FixtureRequest,
) -> None:
    skip_without_broker(request)
    first, second = STATIONS
    with run_stack_broker(use_per_station_rights) as stack:
        account = stack.settings_of("collector", prefix="factory/+")
        with connect_subscriber(account, persistent=False) as ear:
            for topic in account.topics:
                foreign, own = (topic.replace("+", station) for station in (second, first))
                publish_payloads(stack.settings_of(first), b"forged", topic=foreign)
                publish_payloads(stack.settings_of(first), b"forged", topic=topic.replace("/+", ""))
                publish_payloads(stack.settings_of(first), b"true", topic=own)
                for reader in READERS:
                    for topic_of in (own, topic.replace("+", reader)):
                        publish_payloads(stack.settings_of(reader), b"forged", topic=topic_of)
                publish_payloads(stack.settings_of(second), b"true", topic=foreign)
            wait_until(lambda: ear.payloads.count(b"true") == 2 * len(account.topics))
            assert set(ear.payloads) == {b"true"}
            assert {one.topic.split("/")[1] for one in ear.plant} == {first, second}


def use_per_station_rights(folder: Path) -> None:
    shutil.copy(folder / "mosquitto" / "acl-per-station", folder / "mosquitto" / "acl")


def test_stations_and_console_connect_by_tls_to_a_broker_that_gave_up_roots_rights(
    request: pytest.FixtureRequest,
) -> None:
    skip_without_broker(request)
    with run_stack_broker(enable_tls) as stack:
        with connect_subscriber(stack.tls_settings_of("console"), persistent=False) as ear:
            publish_payloads(stack.tls_settings_of(STATIONS[0]), b"encrypted")
            wait_until(lambda: ear.payloads == [b"encrypted"])
        made = (stack.folder / "mosquitto" / "certs" / "ca.crt").read_bytes()
        make_certificates(stack.folder)  # renewed: the authority stays
        assert (stack.folder / "mosquitto" / "certs" / "ca.crt").read_bytes() == made
        assert_strictly_valid(stack.folder / "mosquitto" / "certs")
        assert stat.S_IMODE((stack.folder / "secrets" / "ca.key").stat().st_mode) == 0o600
        assert stat.S_IMODE((stack.folder / "mosquitto" / "certs" / "server.key").stat().st_mode) == 0o440


def assert_strictly_valid(folder: Path) -> None:
    """As Python verifies from 3.13 on."""
    command = ("openssl", "verify", "-x509_strict", "-CAfile", folder / "ca.crt", folder / "server.crt")
    assert subprocess.run(command, capture_output=True).returncode == 0


def test_a_key_that_only_root_reads_is_what_stops_the_broker(
    request: pytest.FixtureRequest,
) -> None:
    """The reason for the owner that make-certificates gives the key."""
    skip_without_broker(request)
    if not is_root_with_account():
        pytest.skip("Mosquitto gives up its rights only where root starts it")
    with reachable_temp() as place:
        folder = place / "deploy"
        shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("secrets", ".env", "certs"))
        enable_tls(folder)
        make_secrets(folder)
        key = folder / "mosquitto" / "certs" / "server.key"
        shutil.chown(key, "root", "root")
        stack = Stack(folder, find_free_port(), find_free_port())
        program, configuration = find_mosquitto(), write_configuration(place, stack)
        done = subprocess.run((str(program), "-c", configuration), capture_output=True, text=True)
    assert done.returncode == 1
    assert "Unable to load server key file" in done.stdout + done.stderr
