"""The servers that roles and rights are tested on."""

import pytest

from tests.support.database_servers import APACHE_DSN, Server, skip_absent


@pytest.fixture(scope="module", params=["plain", "timescale-apache"])
def rights_server(request: pytest.FixtureRequest) -> Server:
    """Each in turn: rights differ where TimescaleDB keeps chunks of its own."""
    if request.param != "plain" and not APACHE_DSN:
        skip_absent(request, "TimescaleDB, Apache edition: DOSING_TEST_APACHE_DSN names no server")
    server: Server = request.getfixturevalue("embedded" if request.param == "plain" else "apache")
    return server
