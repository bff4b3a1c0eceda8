"""Settings of a collector with servers of its own."""

from tests.support.collector.settings_fixture import settings as settings
