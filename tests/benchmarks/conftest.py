"""What is measured is measured on a disk."""

from collections.abc import Iterator

import pytest

from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import find_free_port
from tests.support.database_servers import reachable_temp


@pytest.fixture
def own_postgres() -> Iterator[EmbeddedPostgres]:
    """A server of the benchmark's own."""
    with reachable_temp(durable=True) as folder, EmbeddedPostgres(folder, port=find_free_port()) as server:
        yield server
