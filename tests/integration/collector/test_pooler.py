"""A collector behind PgBouncer: refused where it shares sessions, at work where it does not."""

from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.live_snapshot import LinkStatus, MessageCounts, Role
from tests.support.collector.numbered_messages import publish_numbered
from tests.support.collector.running_collector import number_messages, run_in_threads
from tests.support.database.pgbouncer import StartPooler
from tests.support.polling import wait_until


def go_through(start_pooler: StartPooler, settings: Settings, mode: str) -> Settings:
    dsn = start_pooler(settings.database.dsn, ignore_startup_parameters="options", pool_mode=mode)
    return replace(settings, database=replace(settings.database, dsn=dsn))


def test_nobody_collects_through_a_pooler_that_shares_sessions(
    settings: Settings, start_pooler: StartPooler
) -> None:
    shared = go_through(start_pooler, settings, "transaction")
    with run_in_threads(shared) as first, run_in_threads(shared) as second:
        for plant in (first, second):
            wait_until(lambda plant=plant: "pool_mode = session" in plant.picture.database.reason)  # type: ignore[misc]  # of a lambda's default
            assert plant.picture.database.status is LinkStatus.DOWN
            assert plant.role is Role.UNDECIDED


def test_one_of_two_collects_through_a_pooler_in_session_mode(
    settings: Settings, start_pooler: StartPooler
) -> None:
    through = go_through(start_pooler, settings, "session")
    with run_in_threads(through) as first:
        wait_until(lambda: first.ready)
        with run_in_threads(through) as second:
            wait_until(lambda: second.role is Role.STANDBY)
            publish_numbered(settings.mqtt, number_messages(0, 20))
            wait_until(lambda: first.books == MessageCounts(received=20, stored=20))
