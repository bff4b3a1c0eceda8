"""Settings of a collector with servers of its own."""

from tests.support.collector.settings_fixture import settings as settings
from tests.support.database.pgbouncer import start_pooler as start_pooler
