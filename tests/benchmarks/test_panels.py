"""Milliseconds per panel of the overview over a long and busy history: figures only, shown with -s.

BENCHMARK_DOSES=20000000 is the size of 90 days of a plant. BENCHMARK_DATABASE names a database on the
server of DOSING_TEST_DSN that is made, kept, and used again.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import sql

from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.panels.panel_catalog import PANELS, Panel, PanelQuery
from tests.benchmarks.big_plant import DAYS, fill_plant
from tests.support.database.reading_samples import settings_for
from tests.support.database_servers import Server
from tests.support.local_days import get_today
from tests.support.sizes import choose_size

DOSES = int(choose_size("DOSES", small=10_000, full=20_000))
KEPT = os.environ.get("BENCHMARK_DATABASE", "")
ZONE = "Europe/Berlin"
ROUNDS = 7
WINDOWS = ("today", "24 h", "7 d", "90 d")
LENGTHS = {"24 h": timedelta(days=1), "7 d": timedelta(days=7), "90 d": timedelta(days=DAYS)}
SELECTIONS = {
    "everything": Selection(),
    "a device": Selection(device=("station-7",)),
    "two chemicals": Selection(chemical=("chemical-1", "chemical-2")),
    "a recipe": Selection(recipe=("recipe-1",)),
    "a mode": Selection(mode=("auto",)),
}

pytestmark = pytest.mark.benchmark


@contextmanager
def big_plant(server: Server, say: Callable[[str], None]) -> Iterator[str]:
    """A database with DOSES doses: the kept one if there is one, else new and dropped afterwards."""
    if not KEPT:
        with server.create_database() as dsn:
            _fill_database(dsn, say)
            yield dsn
        return
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        found = connection.execute("SELECT FROM pg_database WHERE datname = %s", (KEPT,)).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(KEPT)))
    if found is None:
        _fill_database(server.dsn_of(KEPT), say)
    yield server.dsn_of(KEPT)


def _fill_database(dsn: str, say: Callable[[str], None]) -> None:
    migrate_schema(settings_for(dsn), report=say)
    begin = time.perf_counter()
    with psycopg.connect(dsn) as connection:
        fill_plant(connection, doses=DOSES, until=datetime.now(UTC), report=say)
    say(f"{DOSES:,} doses in {time.perf_counter() - begin:.0f} s")


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> Callable[[str], None]:
    writer = request.config.get_terminal_writer()

    def line(text: str) -> None:
        with capsys.disabled():
            writer.line(text)

    return line


@pytest.mark.parametrize("selection", SELECTIONS.values(), ids=list(SELECTIONS))
def test_panels(server: Server, say: Callable[[str], None], selection: Selection) -> None:
    with big_plant(server, say) as dsn:
        reader = PanelReader(settings_for(dsn, zone=ZONE))
        reader.open()
        say(f"\n{'panel':<26}" + "".join(f"{w:>20}" for w in WINDOWS))
        for panel in PANELS.values():
            say(
                f"{panel.id:<26}"
                + "".join(f"{_measure_panel(reader, panel, w, selection):>20}" for w in WINDOWS)
            )
        reader.close()


def _measure_panel(reader: PanelReader, panel: Panel[object], window: str, selection: Selection) -> str:
    """Median and worst of some rounds in ms, and the rows: from the question to the typed rows."""
    now = datetime.now(UTC)
    since = now - LENGTHS[window] if window in LENGTHS else get_today(now, ZoneInfo(ZONE)).since
    spent: list[float] = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        rows = reader.read_panel(panel, PanelQuery(since, now, now, selection))
        spent.append(1000 * (time.perf_counter() - begin))
    return f"{statistics.median(spent):.0f} (max {max(spent):.0f}) {len(rows):>6}"


def test_seeding_the_picture(server: Server, say: Callable[[str], None]) -> None:
    with big_plant(server, say) as dsn:
        reader = PanelReader(settings_for(dsn, zone=ZONE))
        reader.open()
        begin = time.perf_counter()
        assert reader.load_readings()
        say(f"\nseed: {1000 * (time.perf_counter() - begin):.0f} ms")
        reader.close()
