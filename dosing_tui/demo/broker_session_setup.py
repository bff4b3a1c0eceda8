"""Makes the broker keep what the plant says before the console's collector has come for the first time."""

import threading
from datetime import UTC, datetime

from dosing_tui.collector.leader import client_id
from dosing_tui.config.settings import Settings
from dosing_tui.mqtt.message import Delivery
from dosing_tui.mqtt.subscriber import Subscriber

PATIENCE_S = 5.0


def open_mailbox(settings: Settings) -> bool:
    """False if the broker did not answer in time: what is said until the collector comes is lost then."""
    known = threading.Event()

    def on_link(up: bool, why: str) -> None:
        if up:
            known.set()

    subscriber = Subscriber(
        settings.mqtt,
        client_id=client_id(settings),
        persistent=True,
        on_delivery=_leave_it,
        on_link=on_link,
        clock=lambda: datetime.now(UTC),
    )
    subscriber.start()
    try:
        return known.wait(PATIENCE_S)
    finally:
        subscriber.stop()


def _leave_it(delivery: Delivery) -> None:
    """Not acknowledged, so that it comes again, to the collector."""
