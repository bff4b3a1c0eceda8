"""Settings of a collector with servers of its own."""

import pytest

from dosing_tui.collector.pipeline import batch_rebuilder
from tests.support.collector.settings_fixture import settings as settings
from tests.support.database.pgbouncer import start_pooler as start_pooler


@pytest.fixture(autouse=True)
def _short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plant's database is spared after a rebuild; here the next one is waited for."""
    monkeypatch.setattr(batch_rebuilder, "PAUSE_FACTOR", 1)
