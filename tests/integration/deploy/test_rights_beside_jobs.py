"""The stack's rights are granted beside what changes the same tables, as jobs of TimescaleDB do."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.support.database.schema_inspection import fetch_rows, fetch_value
from tests.support.database_servers import Server
from tests.support.deploy.deploy_database import DeployedPlant, plant_on
from tests.support.polling import wait_until

WAITING = """
SELECT FROM pg_stat_activity
 WHERE datname = current_database() AND usename = 'dosing_owner' AND wait_event_type = 'Lock'
"""
MAY_STORE = "SELECT has_table_privilege('dosing_writer', 'dosing_consumption', 'INSERT')"


@pytest.fixture
def plant(rights_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedPlant]:
    with plant_on(rights_server, tmp_path_factory.mktemp("secrets")) as plant:
        yield plant


def test_rights_are_granted_once_the_change_of_another_session_is_committed(plant: DeployedPlant) -> None:
    with ThreadPoolExecutor(1) as pool, psycopg.connect(plant.dsn) as job:
        job.execute("REVOKE INSERT ON dosing_consumption FROM dosing_writer")
        granting = pool.submit(plant.set_rights)
        wait_until(lambda: fetch_rows(plant.dsn, WAITING))
        job.commit()
        granting.result()
    assert fetch_value(plant.dsn, MAY_STORE)
