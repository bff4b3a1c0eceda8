"""TLS, client certificates and accounts, against a Mosquitto that insists on them."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import MqttSettings, MqttVersion
from dosing_tui.demo.servers.mqtt_broker import find_free_port, find_mosquitto
from dosing_tui.errors import BrokerError
from dosing_tui.mqtt.broker_probe import BrokerFailure, probe_broker
from dosing_tui.mqtt.publisher import Publisher
from tests.support.database_servers import reachable_temp, skip_absent
from tests.support.mqtt.publishers import connect_subscriber
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


def issue_certificate(folder: Path, name: str, extensions: str = "", *, days: int = 2) -> None:
    """A key and a certificate for ``name``, signed by the folder's authority."""
    (folder / "extensions").write_text(extensions)
    for command in (
        f"req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr",
        f"x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days {days} "
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
    issue_certificate(folder, "ended", days=-1)
    stranger = (
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=Stranger -keyout stranger.key -out stranger.pem"
    )
    lock = "rsa -aes256 -passout pass:locked -in client.key -out locked.key"
    for more in (stranger, lock):
        subprocess.run(("openssl", *more.split()), cwd=folder, check=True, capture_output=True)


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


REFUSED_CERTIFICATES = [
    ("", "requires a client certificate"),
    ("stranger", "refuses this client's certificate: it does not know the authority that signed it"),
    ("ended", "refuses this client's certificate: it has expired"),
]


def use_certificate(settings: MqttSettings, name: str) -> MqttSettings:
    folder = Path(settings.ca_file).parent
    files = (str(folder / f"{name}.pem"), str(folder / f"{name}.key")) if name else ("", "")
    return replace(settings, cert_file=files[0], key_file=files[1])


@pytest.mark.parametrize(("name", "reason"), REFUSED_CERTIFICATES)
def test_a_client_learns_why_the_broker_refuses_its_certificate(
    secured: MqttSettings, name: str, reason: str
) -> None:
    with pytest.raises(BrokerError, match=reason):
        expect_connection(use_certificate(secured, name))


@pytest.mark.parametrize(("name", "reason"), REFUSED_CERTIFICATES)
def test_a_collector_learns_why_the_broker_refuses_its_certificate(
    secured: MqttSettings, name: str, reason: str
) -> None:
    with connect_subscriber(use_certificate(secured, name), wait=False) as ear:
        wait_until(lambda: reason in ear.why)
        assert not ear.up


@pytest.mark.parametrize(("name", "reason"), REFUSED_CERTIFICATES)
def test_the_doctor_says_why_the_broker_refuses_the_certificate(
    secured: MqttSettings, name: str, reason: str
) -> None:
    answers = probe_broker(use_certificate(secured, name), listen_s=0.0)
    assert answers.failure is BrokerFailure.CLIENT_CERTIFICATE
    assert reason in answers.reason


def test_no_tls_where_the_broker_wants_it_is_one_sentence(secured: MqttSettings) -> None:
    with pytest.raises(BrokerError, match="does not answer as an MQTT broker: check host, port, tls and"):
        expect_connection(replace(secured, tls=False))


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("client.pem", "server.key"), "the key belongs to another certificate"),
        (("client.pem", "locked.key"), "the key is encrypted: it has to be without a pass phrase"),
        (("client.key", "client.key"), "no certificate and key in PEM format"),
    ],
)
def test_a_certificate_file_that_does_not_fit_is_explained(
    secured: MqttSettings, names: tuple[str, str], reason: str
) -> None:
    folder = Path(secured.ca_file).parent
    settings = replace(secured, cert_file=str(folder / names[0]), key_file=str(folder / names[1]))
    with pytest.raises(BrokerError, match=rf"cannot be used: .*{reason}[^(\[]*$"):
        expect_connection(settings)


def test_an_authority_file_without_a_certificate_is_explained(secured: MqttSettings) -> None:
    with pytest.raises(BrokerError, match=r"cannot be used: it holds no certificate in PEM format\.$"):
        expect_connection(replace(secured, ca_file=secured.key_file))


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
