"""A question that nobody needs any more is cancelled where it runs, and no other."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from msgspec.structs import replace

from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.domain.panels.panel_catalog import BATCHES_TODAY, CONSUMPTION_TODAY, PanelQuery
from dosing_tui.errors import DatabaseUnavailableError
from tests.support.database.reading_samples import NOW, settings_for
from tests.support.polling import wait_until

pytestmark = pytest.mark.new_database

QUERY = PanelQuery(NOW - timedelta(days=1), NOW, NOW)


@contextmanager
def lock_table(dsn: str, table: str) -> Iterator[None]:
    """Nobody can read the table for as long as this lasts."""
    with psycopg.connect(dsn) as session:
        session.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
        session.rollback()


def test_a_cancelled_question_ends_at_once_and_its_session_answers_the_next(migrated: str) -> None:
    settings = settings_for(migrated)
    # far longer than the wait below: only the cancellation can end the query
    reader = PanelReader(replace(settings, database=replace(settings.database, statement_timeout_s=600.0)))
    reader.open()
    with ThreadPoolExecutor(1) as pool, lock_table(migrated, "plant_rollup"):
        asked = pool.submit(reader.read_panel, CONSUMPTION_TODAY, QUERY)
        wait_until(lambda: reader._queries._sessions)
        reader.cancel_panels([BATCHES_TODAY.id])
        assert not asked.done()
        reader.cancel_panels([CONSUMPTION_TODAY.id])
        with pytest.raises(DatabaseUnavailableError):
            asked.result(timeout=60)
    assert reader.read_panel(CONSUMPTION_TODAY, QUERY) == []
    reader.close()


def test_the_values_to_choose_from_are_none_before_there_is_a_dose(migrated: str) -> None:
    reader = PanelReader(settings_for(migrated))
    reader.open()
    assert {dimension: reader.list_filter_values(dimension) for dimension in Dimension} == {
        one: [] for one in Dimension
    }
    reader.close()
