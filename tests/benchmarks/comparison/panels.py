"""Milliseconds from a panel's question to its typed rows, on months of a busy plant."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg

from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.domain.panels.panel_catalog import PANELS, Panel, PanelQuery
from tests.benchmarks.big_plant import DAYS, fill_plant
from tests.benchmarks.comparison.consumers import Schema
from tests.benchmarks.comparison.servers import PlantServers
from tests.support.database.reading_samples import settings_for

WINDOWS = {"24 h": timedelta(days=1), "7 d": timedelta(days=7), "90 d": timedelta(days=DAYS)}
QUESTIONS = 5
"""The first is not counted: it warms caches."""


@contextmanager
def create_big_plant(servers: PlantServers, doses: int, report: Callable[[str], None]) -> Iterator[str]:
    with servers.create_database(Schema.OURS) as dsn:
        with psycopg.connect(dsn) as session:
            fill_plant(session, doses=doses, until=datetime.now(UTC), report=report)
        yield dsn


def measure_panels(dsn: str, report: Callable[[str], None]) -> dict[str, float]:
    """The slowest of all panels, and their mean, by window."""
    reader = PanelReader(settings_for(dsn))
    reader.open()
    figures = {}
    for name, length in WINDOWS.items():
        taken = {panel.id: _measure_panel(reader, panel, length) for panel in PANELS.values()}
        slowest = max(taken, key=lambda panel: taken[panel])
        figures[f"{name}, mean, ms"] = statistics.mean(taken.values())
        figures[f"{name}, slowest, ms"] = taken[slowest]
        report(f"  {name}: {slowest} is the slowest panel")
    reader.close()
    return figures


def _measure_panel(reader: PanelReader, panel: Panel[object], length: timedelta) -> float:
    """Median in ms."""
    now, taken = datetime.now(UTC), []
    for _ in range(QUESTIONS):
        began = time.perf_counter()
        reader.read_panel(panel, PanelQuery(now - length, now, now))
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken[1:])
