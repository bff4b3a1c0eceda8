import shutil
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import MqttSettings, MqttVersion
from dosing_tui.demo.servers.mqtt_broker import find_mosquitto
from dosing_tui.errors import BrokerError
from tests.support.database_servers import reachable_temp, skip_absent
from tests.support.mqtt.publishers import RecordingSubscriber, connect_subscriber, publish_payloads
from tests.support.mqtt.secured_broker import PASSWORD, USER, GuardedBroker, run_guarded_broker
from tests.support.polling import wait_until

# paho leaves a socket whose TLS handshake failed to the garbage collector
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning"
    ),
]
both_protocols = pytest.mark.parametrize("protocol", list(MqttVersion))


@pytest.fixture(scope="module")
def broker(request: pytest.FixtureRequest) -> Iterator[GuardedBroker]:
    if find_mosquitto() is None or not shutil.which("mosquitto_passwd") or not shutil.which("openssl"):
        skip_absent(request, "Mosquitto, its mosquitto_passwd, or openssl is not installed")
    with reachable_temp() as folder, run_guarded_broker(folder) as broker:
        wait_until(lambda: _can_connect(broker.plain))
        yield broker


def _can_connect(settings: MqttSettings) -> bool:
    with connect_subscriber(
        with_credentials(settings), client_id="probe", persistent=False, wait=False
    ) as ear:
        wait_until(lambda: ear.links)
        return ear.up


def with_credentials(settings: MqttSettings) -> MqttSettings:
    return replace(settings, username=USER, password=PASSWORD)


@both_protocols
@pytest.mark.parametrize("account", [("", ""), (USER, "wrong"), ("nobody", PASSWORD)])
def test_a_wrong_account_is_named_as_the_reason(
    broker: GuardedBroker, protocol: MqttVersion, account: tuple[str, str]
) -> None:
    settings = replace(broker.plain, protocol=protocol, username=account[0], password=account[1])
    with connect_subscriber(settings, wait=False) as ear:
        wait_until(lambda: ear.links)
        assert ear.why == f"Broker 127.0.0.1:{broker.plain.port} refuses this client: not authorized."
        assert not ear.up


def test_an_encrypted_connection_carries_messages(broker: GuardedBroker) -> None:
    with connect_subscriber(with_credentials(broker.tls)) as ear:
        publish_payloads(with_credentials(broker.tls), b"secret")
        wait_until(lambda: ear.payloads == [b"secret"])


def test_a_certificate_of_a_stranger_is_not_trusted(broker: GuardedBroker) -> None:
    settings = replace(with_credentials(broker.tls), ca_file=str(broker.folder / "stranger.crt"))
    with connect_subscriber(settings, wait=False) as ear:
        wait_until(lambda: ear.links)
        assert f"Broker localhost:{broker.tls.port} is not trusted" in ear.why


def test_a_certificate_for_another_name_is_not_trusted(broker: GuardedBroker) -> None:
    with connect_subscriber(replace(with_credentials(broker.tls), host="127.0.0.1"), wait=False) as ear:
        wait_until(lambda: ear.links)
        assert "is not trusted" in ear.why
        assert "127.0.0.1" in ear.why
        assert not ear.why.endswith("..")


def test_a_broker_that_does_not_speak_tls_is_noticed(broker: GuardedBroker) -> None:
    settings = replace(with_credentials(broker.tls), port=broker.plain.port)
    with connect_subscriber(settings, wait=False) as ear:
        wait_until(lambda: ear.links)
        assert f"localhost:{broker.plain.port} accepts the connection but does not answer with TLS" in ear.why


@pytest.mark.parametrize("name", ["missing.crt", "acl"])
def test_a_certificate_file_that_cannot_be_used_is_named_before_anything_starts(
    broker: GuardedBroker, name: str
) -> None:
    ear = RecordingSubscriber(replace(broker.tls, ca_file=str(broker.folder / name)))
    with pytest.raises(BrokerError, match=rf"ca_file '.*{name}' cannot be used"):
        ear.subscriber.start()
    assert ear.links == []
