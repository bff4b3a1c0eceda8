"""A new panel is one SQL file and one declaration: the command, the console and Grafana show it."""

import shutil
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest
from click.testing import CliRunner
from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.cli.main import main
from dosing_tui.config.settings import AlarmSettings, Settings
from dosing_tui.database import sql_files
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.domain.messages.models import ReadingKind
from dosing_tui.domain.panels import panel_catalog
from dosing_tui.domain.panels.panel_catalog import (
    ChartKind,
    LabeledTotal,
    Panel,
    PanelQuery,
    PlantLimit,
    SeriesPoint,
    declare_panel,
)
from dosing_tui.grafana.provisioning import build_provisioning_files
from dosing_tui.tui.tiles import registry
from tests.support.database.reading_samples import DOSE, number_rows, settings_for
from tests.support.grafana.shown_limits import SEEN, enter_limits, find_grafana_panel, read_thresholds
from tests.support.tui import sample_plant
from tests.support.tui.console_driver import LARGE, SMALL, open_console
from tests.support.tui.sample_plant import FakeSource

Row = TypeVar("Row")


class PumpWear(Struct, frozen=True):
    """The row type of a throw-away panel."""

    chemical: str
    doses: int
    longest_s: float | None


STATEMENTS = {
    "pump_wear": """-- Doses and longest dose of each chemical.
SELECT chemical, count(*) AS doses, max(duration_ms)::float8 / 1000 AS longest_s
  FROM dosing_consumption
 WHERE time >= %(from)s::timestamptz AND time < %(to)s::timestamptz
   AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
 GROUP BY chemical
 ORDER BY chemical
""",
    "worst_error": """-- Largest error of a dose in each step, in g.
SELECT date_bin(%(step)s::interval, time, '2000-01-01 00:00:00+00') AS at, 'all' AS series,
       max(abs(error_g))::float8 AS value
  FROM dosing_consumption
 WHERE time >= %(from)s::timestamptz AND time < %(to)s::timestamptz
 GROUP BY 1
 ORDER BY 1
""",
    "doses_by_pump": """-- Doses of each pump.
SELECT 'pump ' || pump AS label, count(*)::float8 AS value
  FROM dosing_consumption
 WHERE time >= %(from)s::timestamptz AND time < %(to)s::timestamptz
 GROUP BY pump
 ORDER BY value DESC
""",
}


def hide_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the panels on screen 8: here it has those of this test alone."""
    hidden = {*registry.list_other_panels()} - {*STATEMENTS}
    shown = {name: panel for name, panel in panel_catalog.PANELS.items() if name not in hidden}
    monkeypatch.setattr(registry, "PANELS", shown)


@pytest.fixture
def _declared_panels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Three panels, each by its SQL file and its declaration alone."""
    folder = tmp_path / "sql"
    shutil.copytree(str(sql_files.find_sql_folder()), folder)
    for name, sql in STATEMENTS.items():
        (folder / "panels" / f"{name}.sql").write_text(sql)
    monkeypatch.setattr(sql_files, "find_sql_folder", lambda: folder)
    sql_files.read_statement.cache_clear()
    doses = frozenset({ReadingKind.DOSE})
    hour = timedelta(hours=1)
    declare_panel(Panel("pump_wear", "Pump wear", "", PumpWear, doses))
    declare_panel(
        Panel("worst_error", "Worst error", "g", SeriesPoint, doses, hour,
              chart=ChartKind.AREA, limit=PlantLimit.MEAN_ERROR)
    )  # fmt: skip
    declare_panel(Panel("doses_by_pump", "Doses by pump", "", LabeledTotal, doses, chart=ChartKind.BARS))
    hide_others(monkeypatch)
    yield
    for name in STATEMENTS:
        del panel_catalog._PANELS[name]
    sql_files.read_statement.cache_clear()


class DatabaseSource(FakeSource):
    """The made-up plant, with the new panels' rows from a real database."""

    def __init__(self, reader: PanelReader) -> None:
        super().__init__(sample_plant.make_history())
        self._reader = reader

    def read_panel(self, panel: Panel[Row], query: PanelQuery) -> Sequence[Row]:
        if panel.id in STATEMENTS:
            return self._reader.read_panel(panel, query)
        return super().read_panel(panel, query)


@pytest.fixture
def source(migrated: str, _declared_panels: None) -> Iterator[DatabaseSource]:
    at = sample_plant.NOW - timedelta(hours=2)
    writer = ReadingWriter(settings_for(migrated))
    big = replace(DOSE, time=at, duration_ms=61_500, error_g=1.25)
    writer.write(uuid4(), number_rows(big, replace(DOSE, time=at, pump=2, chemical="PDO", dedup=2)))
    writer.close()
    reader = PanelReader(settings_for(migrated))
    reader.open()
    yield DatabaseSource(reader)
    reader.close()


async def test_a_declared_panel_is_a_table_a_chart_or_bars_on_screen_8(source: DatabaseSource) -> None:
    async with open_console(source=source) as driven:
        await driven.press_keys("8")
        await driven.wait_for_answers()
        screen = await driven.wait_for_text("Longest s")
        for text in ("Pump wear", "BDO", "61.5", "Worst error", "limit 1", "Doses by pump", "pump 2"):
            assert text in screen, screen
        assert "7 Data" in screen
        assert "› Panels" in screen
        await driven.press_keys("enter")
        await driven.wait_for_text("Panels › Pump wear")
        assert "Chemical" in driven.screen
        await driven.press_keys("tab")
        await driven.wait_for_text("1.25 g  ▲ above 1")


async def test_declared_panels_fit_the_smallest_window(source: DatabaseSource) -> None:
    async with open_console(source=source, size=SMALL) as driven:
        await driven.press_keys("8")
        await driven.wait_for_answers()
        for text in ("Pump wear", "Worst error", "Doses by pump"):
            await driven.wait_for_text(text)


async def test_without_other_panels_there_is_no_screen_8(monkeypatch: pytest.MonkeyPatch) -> None:
    hide_others(monkeypatch)
    async with open_console(size=LARGE) as driven:
        assert "7 Data" in driven.screen
        assert "8 Screens" not in driven.screen
        assert "8 Panels" not in driven.screen
        assert "No other panels are declared." in await driven.press_keys("8")
        assert "Overview" in driven.screen


@pytest.mark.usefixtures("_declared_panels")
def test_a_declared_panel_is_listed_by_the_command_and_part_of_grafana(migrated: str) -> None:
    listed = CliRunner().invoke(main, ["panel", "--list"])
    assert {line.split()[0] for line in listed.output.splitlines()} >= set(STATEMENTS)
    files = build_provisioning_files(Settings(), SEEN)
    assert find_grafana_panel("Pump wear", files)["type"] == "table"
    worst = find_grafana_panel("Worst error", files)
    assert worst["type"] == "timeseries"
    assert read_thresholds(migrated, worst)[-1] == (1.0, "red")
    enter_limits(migrated, Settings(alarms=AlarmSettings(mean_error_g=0.7)))
    assert read_thresholds(migrated, worst)[-1] == (0.7, "red")
    assert "FROM dosing_consumption" in find_grafana_panel("Doses by pump", files)["targets"][0]["rawSql"]


def test_an_id_is_declared_once() -> None:
    with pytest.raises(ValueError, match="inventory is declared twice"):
        declare_panel(panel_catalog.INVENTORY)
