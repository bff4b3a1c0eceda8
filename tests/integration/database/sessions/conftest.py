"""A pooler for the tests of sessions."""

from tests.support.database.pgbouncer import start_pooler as start_pooler
