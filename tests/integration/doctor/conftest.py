import shutil
from collections.abc import Iterator

import pytest

from dosing_tui.demo.servers.mqtt_broker import find_mosquitto
from tests.support.database.pgbouncer import start_pooler as start_pooler
from tests.support.database_servers import Server, skip_absent
from tests.support.doctor.diagnosed_plant import DiagnosedPlant, run_diagnosed_plant


@pytest.fixture(scope="module")
def plant(
    request: pytest.FixtureRequest, embedded: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DiagnosedPlant]:
    if not all((find_mosquitto(), shutil.which("mosquitto_passwd"), shutil.which("openssl"))):
        skip_absent(request, "Mosquitto, mosquitto_passwd or openssl is not installed")
    with run_diagnosed_plant(embedded, tmp_path_factory.mktemp("doctor")) as plant:
        yield plant
