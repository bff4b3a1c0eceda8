"""The client ID of the site's collector goes to the next one, and a suspended one does not take it back."""

import threading
from datetime import UTC, datetime

from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.mqtt.subscriber import Subscriber
from tests.support.mqtt.publishers import connect_subscriber
from tests.support.polling import wait_until


def test_a_client_that_may_not_connect_leaves_its_client_id_to_the_next(mosquitto: EmbeddedBroker) -> None:
    links: list[tuple[bool, str]] = []
    may_connect = threading.Event()
    may_connect.set()
    suspended = Subscriber(
        mosquitto.settings,
        client_id="collector",
        persistent=True,
        on_messages=lambda messages: None,
        on_link=lambda up, why: links.append((up, why)),
        clock=lambda: datetime.now(UTC),
        may_connect=may_connect.is_set,
    )
    suspended.start()
    try:
        wait_until(lambda: links and links[-1][0])
        may_connect.clear()
        with connect_subscriber(mosquitto.settings) as ear:
            wait_until(lambda: any("was suspended" in why for up, why in links if not up))
            assert ear.links == [(True, "")]
        may_connect.set()
        wait_until(lambda: links[-1][0])
    finally:
        suspended.stop()
