"""Broker and database of a measurement."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker, find_free_port, find_mosquitto, start_broker
from dosing_tui.errors import DemoError
from tests.benchmarks.comparison.consumers import Schema
from tests.support.database_servers import Server, reachable_temp

COMMIT_TIMES = {"track_commit_timestamp": "on"}


@dataclass(frozen=True, slots=True)
class PlantServers:
    """One database server for all measurements; each has a database of its own."""

    database: Server

    @contextmanager
    def create_database(self, schema: Schema) -> Iterator[str]:
        with self.database.create_database(
            self.database.get_template(schema.name.lower(), schema.create_tables)
        ) as dsn:
            yield dsn


@contextmanager
def start_own_broker() -> Iterator[EmbeddedBroker]:
    """With its data on a disk, configured as a plant's."""
    with reachable_temp(durable=True) as folder:
        broker = start_broker(folder)
        try:
            yield broker
        finally:
            broker.stop()


@contextmanager
def start_servers(dsn: str = "") -> Iterator[PlantServers]:
    """``dsn``: a server to use, as a role that may create databases; else one is started, on a disk.

    Raises: DemoError.
    """
    if find_mosquitto() is None:
        raise DemoError("Mosquitto is not installed.")
    if dsn:
        server = Server("given", dsn)
        yield from _serve(server)
        return
    with (
        reachable_temp(durable=True) as folder,
        EmbeddedPostgres(folder, port=find_free_port(), settings=COMMIT_TIMES) as postgres,
    ):
        yield from _serve(Server("embedded", postgres.dsn))


def _serve(server: Server) -> Iterator[PlantServers]:
    try:
        yield PlantServers(server)
    finally:
        server.drop_templates()
