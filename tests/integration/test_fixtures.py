"""The test suite's own servers keep what they promise."""

import socket

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from tests.support.database_servers import Server


def test_a_database_is_new_and_empty(database: str) -> None:
    with psycopg.connect(database) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert tables == (0,)


def test_each_flavour_gives_databases(flavour: Server, database: str) -> None:
    with psycopg.connect(database) as connection:
        name = connection.execute("SELECT current_database()").fetchone()
    assert flavour.dsn_of(name[0] if name else "") == database


def test_a_template_is_filled_once_and_copied(server: Server) -> None:
    filled: list[str] = []

    def fill(dsn: str) -> None:
        filled.append(dsn)
        with psycopg.connect(dsn) as connection:
            connection.execute("CREATE TABLE t AS SELECT 1 AS n")

    for _ in range(2):
        with (
            server.create_database(server.get_template("filled_once", fill)) as dsn,
            psycopg.connect(dsn) as connection,
        ):
            assert connection.execute("SELECT n FROM t").fetchall() == [(1,)]
    assert len(filled) == 1


def test_the_copy_of_a_template_has_no_failed_jobs_of_it(flavour: Server) -> None:
    def fill(dsn: str) -> None:
        with psycopg.connect(dsn) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
            connection.execute(
                "INSERT INTO _timescaledb_internal.bgw_job_stat_history"
                " (job_id, pid, execution_start, succeeded) VALUES (1, 1, now(), false)"
            )
            assert connection.execute(count).fetchall() == [(1,)]

    if flavour.name == "plain":
        pytest.skip("plain PostgreSQL has no jobs")
    count = "SELECT count(*) FROM timescaledb_information.job_errors"
    with (
        flavour.create_database(flavour.get_template("failed_job", fill)) as dsn,
        psycopg.connect(dsn) as connection,
    ):
        assert connection.execute(count).fetchall() == [(0,)]


def test_a_server_of_the_tests_own_comes_back_after_a_kill(own_postgres: EmbeddedPostgres) -> None:
    own_postgres.kill()
    assert own_postgres.pid == 0
    own_postgres.restart()
    with psycopg.connect(make_conninfo(own_postgres.dsn, host="127.0.0.1")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_mosquitto_comes_back_on_the_same_port(mosquitto: EmbeddedBroker) -> None:
    port = mosquitto.port
    mosquitto.kill()
    mosquitto.restart()
    assert mosquitto.port == port
    socket.create_connection((mosquitto.host, port), timeout=5).close()
