"""A station's own connection: keeps its status at the broker, with a last will."""

from collections.abc import Callable

from paho.mqtt.client import Client

from dosing_tui.config.settings import MqttSettings
from dosing_tui.mqtt.connection import connect_async, create_client, disconnect_client

LAST_MESSAGE_TIMEOUT_S = 2.0


class StationConnection:
    """Connects again by itself. ``build_status`` gives the payload of the moment, ``will`` that of its end.

    One thread of paho's for each station.
    """

    def __init__(
        self, settings: MqttSettings, device: str, *, build_status: Callable[[], bytes], will: bytes
    ) -> None:
        self._settings = settings
        self._topic = settings.station_status_topic.replace("+", device)
        self._build_status = build_status
        self._will = will
        self._client = create_client(settings, f"{device}-status")
        self._client.will_set(self._topic, will, qos=1, retain=True)
        self._client.on_connect = self._on_connect

    def start(self) -> None:
        """Returns at once."""
        connect_async(self._client, self._settings)
        self._client.loop_start()

    def publish_status(self, *, timeout_s: float = 0.0) -> None:
        """``timeout_s``: wait so long for the broker's acknowledgement."""
        if self._client.is_connected():
            sent = self._client.publish(self._topic, self._build_status(), qos=1, retain=True)
            if timeout_s:
                sent.wait_for_publish(timeout_s)

    def stop(self) -> None:
        """Say goodbye as the will would: a broker publishes none after a clean end."""
        if self._client.is_connected():
            last = self._client.publish(self._topic, self._will, qos=1, retain=True)
            last.wait_for_publish(LAST_MESSAGE_TIMEOUT_S)
        disconnect_client(self._client)

    def _on_connect(self, client: Client, *_: object) -> None:
        client.publish(self._topic, self._build_status(), qos=1, retain=True)
