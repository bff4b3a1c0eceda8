"""A database that accepts connections and answers nothing is shown as down, in time."""

import time

import pytest
from msgspec.structs import replace

from dosing_tui.collector.context.intervals import Intervals
from dosing_tui.config.settings import Settings
from dosing_tui.live_snapshot import LinkStatus, MessageCounts
from tests.support.collector.numbered_messages import publish_numbered
from tests.support.collector.running_collector import number_messages, run_in_threads
from tests.support.database.stalling_proxy import stalling_proxy
from tests.support.polling import wait_until

SHOWN_S = 20.0


@pytest.mark.parametrize("is_busy", [True, False], ids=["while it writes", "while it waits"])
def test_the_link_is_down_within_seconds_and_nothing_is_lost(settings: Settings, is_busy: bool) -> None:
    with stalling_proxy(settings.database.dsn) as proxy:
        behind = replace(settings, database=replace(settings.database, dsn=proxy.dsn))
        with run_in_threads(behind, pace=Intervals()) as plant:
            wait_until(lambda: plant.ready)
            publish_numbered(settings.mqtt, number_messages(0, 20))
            wait_until(lambda: plant.books == MessageCounts(received=20, stored=20))
            proxy.stall()
            began = time.monotonic()
            if is_busy:
                publish_numbered(settings.mqtt, number_messages(20, 40))
            wait_until(lambda: plant.picture.database.status is LinkStatus.DOWN, timeout=SHOWN_S)
            assert time.monotonic() - began <= SHOWN_S
            assert "does not answer" in plant.picture.database.reason
            proxy.resume()
            total = 40 if is_busy else 20
            wait_until(lambda: plant.books == MessageCounts(received=total, stored=total), timeout=60)
            wait_until(lambda: plant.ready)
