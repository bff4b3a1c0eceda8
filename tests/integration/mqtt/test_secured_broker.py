"""TLS, client certificates and accounts, against a Mosquitto that insists on them."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from dosing_tui.config.settings import MqttSettings, MqttVersion
from dosing_tui.demo.servers.mqtt_broker import find_free_port, find_mosquitto
from dosing_tui.errors import BrokerError
from dosing_tui.mqtt.publisher import Publisher
from tests.support.database_servers import reachable_temp, skip_absent
from tests.support.polling import wait_until

CONFIGURATION = """\
user root
listener {port} 127.0.0.1
allow_anonymous false
password_file {folder}/passwords
cafile {folder}/ca.pem
certfile {folder}/server.pem
keyfile {folder}/server.key
require_certificate true
"""
LEAKY = pytest.mark.filterwarnings("ignore:.*SSLSocket:pytest.PytestUnraisableExceptionWarning")
"""paho leaves the socket of a failed handshake to the garbage collector."""


def issue_certificate(folder: Path, name: str, extensions: str = "") -> None:
    """A key and a certificate for ``name``, signed by the folder's authority."""
    (folder / "extensions").write_text(extensions)
    for command in (
        f"req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr",
        f"x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
        f"-extfile extensions -out {name}.pem",
    ):
        subprocess.run(("openssl", *command.split()), cwd=folder, check=True, capture_output=True)


def create_authority(folder: Path) -> None:
    command = (
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=Plant -keyout ca.key -out ca.pem"
        " -addext keyUsage=critical,keyCertSign,cRLSign"
    )
    subprocess.run(("openssl", *command.split()), cwd=folder, check=True, capture_output=True)
    issue_certificate(folder, "server", "subjectAltName=IP:127.0.0.1")
    issue_certificate(folder, "client")


@pytest.fixture(scope="module")
def secured(request: pytest.FixtureRequest) -> Iterator[MqttSettings]:
    """Settings that are let in; whatever a test changes in them is not."""
    if not all((find_mosquitto(), shutil.which("mosquitto_passwd"), shutil.which("openssl"))):
        skip_absent(request, "Mosquitto, mosquitto_passwd or openssl is not installed")
    program = str(find_mosquitto())
    with reachable_temp() as folder:
        create_authority(folder)
        passwords = ("mosquitto_passwd", "-b", "-c", folder / "passwords", "station", "right")
        subprocess.run(passwords, check=True, capture_output=True)
        port = find_free_port()
        (folder / "mosquitto.conf").write_text(CONFIGURATION.format(port=port, folder=folder))
        broker = subprocess.Popen((program, "-c", folder / "mosquitto.conf"), stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: is_listening(port))
            yield MqttSettings(
                host="127.0.0.1", port=port, tls=True, username="station", password="right",
                ca_file=str(folder / "ca.pem"),
                cert_file=str(folder / "client.pem"), key_file=str(folder / "client.key"),
            )  # fmt: skip
        finally:
            broker.terminate()
            broker.wait()


def is_listening(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def expect_connection(settings: MqttSettings) -> None:
    publisher = Publisher(settings, client_id="p")
    publisher.start(timeout_s=5)
    assert publisher.publish_message("t", b"1", 1)
    assert publisher.wait_for_publish(10)
    publisher.stop()


@pytest.mark.parametrize("protocol", MqttVersion)
def test_certificates_and_password_let_a_client_in(secured: MqttSettings, protocol: MqttVersion) -> None:
    expect_connection(replace(secured, protocol=protocol))


@pytest.mark.parametrize(
    ("protocol", "reason"), [(MqttVersion.V311, "not authorized"), (MqttVersion.V5, "not authorized")]
)
def test_a_wrong_password_is_refused(secured: MqttSettings, protocol: MqttVersion, reason: str) -> None:
    with pytest.raises(BrokerError, match=rf"^Broker .* refuses this client: {reason}\.$"):
        expect_connection(replace(secured, protocol=protocol, password="wrong"))


@LEAKY
def test_a_broker_nobody_vouches_for_is_not_trusted(secured: MqttSettings) -> None:
    with pytest.raises(BrokerError, match=r"is not trusted: .*certificate"):
        expect_connection(replace(secured, ca_file=""))


@LEAKY
def test_a_certificate_for_another_name_is_not_trusted(secured: MqttSettings) -> None:
    with pytest.raises(BrokerError, match=r"is not trusted: .*localhost"):
        expect_connection(replace(secured, host="localhost"))


def test_a_client_without_certificate_is_one_sentence(secured: MqttSettings) -> None:
    with pytest.raises(BrokerError, match="closes the connection without an answer"):
        expect_connection(replace(secured, cert_file="", key_file=""))


def test_no_tls_where_the_broker_wants_it_is_one_sentence(secured: MqttSettings) -> None:
    with pytest.raises(BrokerError, match="closes the connection without an answer"):
        expect_connection(replace(secured, tls=False))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"ca_file": "/nowhere/ca.pem"}, r"^mqtt: ca_file '/nowhere/ca.pem' cannot be used: no such file"),
        ({"cert_file": "/nowhere/c.pem"}, r"^mqtt: cert_file '/nowhere/c.pem' with key_file .* no such file"),
    ],
)
def test_a_file_that_is_missing_is_named(
    secured: MqttSettings, changed: dict[str, str], sentence: str
) -> None:
    with pytest.raises(BrokerError, match=sentence):
        expect_connection(replace(secured, **changed))  # type: ignore[arg-type]  # names of text fields, from above
