"""Readers of panels that a test keeps: a new session plans anew, which takes longer than to read."""

from collections.abc import Iterator

import pytest

from dosing_tui.database.panel_reader import PanelReader
from tests.support.database.reading_samples import settings_for

_readers: dict[tuple[str, str], PanelReader] = {}


def get_reader(dsn: str, zone: str = "Europe/Berlin") -> PanelReader:
    """The one of this database and time zone, open until the test ends."""
    if (dsn, zone) not in _readers:
        reader = PanelReader(settings_for(dsn, zone=zone))
        reader.open()
        _readers[dsn, zone] = reader
    return _readers[dsn, zone]


@pytest.fixture(autouse=True)
def close_readers(request: pytest.FixtureRequest) -> Iterator[None]:
    if "migrated" in request.fixturenames:
        request.getfixturevalue("migrated")  # so that it is cleaned after they are closed
    yield
    while _readers:
        _readers.popitem()[1].close()
