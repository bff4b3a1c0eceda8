"""10,000 names of chemicals, stations and recipes in a real database: every screen and dialog works.

``pytest -s`` prints what each key and each frame cost the thread that draws.
"""

import sys
import time
from collections.abc import Iterator, Sequence

import pytest
from click.testing import CliRunner

from dosing_tui.cli.main import main
from dosing_tui.domain.panels.panel_catalog import PANELS
from tests.conftest import _migrate_database
from tests.support.database_servers import Server
from tests.support.tui.crowded_plant import CrowdedPlant, fill_plant, open_crowded_console
from tests.support.tui.terminal_fixture import _paced_keys as _paced_keys

COUNT = 10_000
NEWEST_BATCH = "complete"

Steps = Sequence[tuple[str, str]]
"""Keys, each with a text that is on the screen afterwards."""

SCREENS: dict[str, Steps] = {
    "overview": [("1", "+ over 1 980 more, 980 low")],
    "inventory": [("2", "+ over 1 967 more, 967 low"), ("tab", "chemical 08001"),
                  ("end", "1 988–2 000 of the newest 2 000"),
                  ("pageup", "chemical 09998")],
    "consumption": [("3", "and 9 982 more")],
    "quality": [("4", "Accuracy in numbers")],
    "production": [("5", "1–20 of 10 000"), ("tab", "recipe 00019"), ("tab", "and 9 990 more")],
    "doses": [("6", "1–33 of the newest 200"), ("end", "168–200 of the newest 200")],
    "data integrity": [("7", "reconciled"), ("7", "Alarms watch at most 2 000 stations and")],
    "other panels": [("8", "of 10 000")],
    "tanks at full screen": [("2", "of the newest 2 000"), ("enter", "+ over 1 967 more, 967 low"),
                             ("escape", "of the newest 2 000")],
    "tank table at full screen": [
        ("2", "of the newest 2 000"), ("tab", "chemical 08001"), ("enter", "Last update"), ("o", "Station"),
        ("O", "09999"), ("ctrl+f", "find"), ("9", "find 9"), ("enter", "found"),
    ],
    "lines at full screen": [("3", "and 9 982 more"), ("enter", "and 9 970 more"), ("left", "–  40.6")],
    "totals at full screen": [("3", "and 9 988 more"), ("tab", "Consumption"), ("enter", "Share"),
                              ("end", "of 10 000")],
    "sparklines at full screen": [("3", "and 9 982 more"), ("tab", "Consumption"), ("tab", "and 9 988 more"),
                                  ("enter", "and 9 970 more")],
    "outlook at full screen": [("2", "of the newest 2 000"), ("tab", "chemical 08001"),
                               ("tab", "1–8 of 10 000"), ("enter", "Reorder g"), ("end", "of 10 000")],
    "pumps": [("0", "of 10 000"), ("end", "–10 000 of 10 000")],
    "days at full screen": [("5", "1–20 of 10 000"), ("tab", "Production"), ("tab", "Daily production"),
                            ("enter", "1–33 of 10 000"), ("end", "9 968–10 000 of 10 000"),
                            ("o", "Day↑"), ("O", "Day↓")],
    "alarms": [("a", "Alarms 5 000"), ("end", "STOCK_LOW ×5 000"), ("enter", "chemical 00001"),
               ("end", "chemical 09999"), ("up", "chemical 09997"), ("enter", "Consequence")],
    "alarm journal": [("a", "Alarms 5 000"), *[("tab", "Journal")] * 4, ("end", "raised")],
    "alarm figures": [("a", "Alarms 5 000"), *[("tab", "Journal")] * 5, ("end", "Most frequent")],
    "batches": [
        ("b", NEWEST_BATCH), ("down", NEWEST_BATCH), ("pagedown", "today"), ("end", "Started"),
        ("home", NEWEST_BATCH), ("enter", "Ingredients"),
    ],
    "shift report": [("S", "SHIFT"), ("end", "Handed over"), ("e", "Saved")],
}  # fmt: skip
DIALOGS: dict[str, Steps] = {
    "filters": [
        ("slash", "dosing_system_00000"), ("end", "dosing_system_09999"), ("2", "chemical 00000"),
        ("end", "chemical 09999"), ("3", "recipe 00000"), ("end", "recipe 09999"), ("space", "[x]"),
        ("enter", "recipe 09999"),
    ],
    "range": [("g", "Time range"), ("escape", "Overview")],
    "note": [("n", "Note"), *[("tab", "Author")] * 3, ("right", "dosing_system_0"),
             ("left", "whole plant")],
    "refill": [("2", "of the newest 2 000"), ("R", "Material entry"), ("right", "Material entry")],
    "export of a table": [("2", "of the newest 2 000"), ("tab", "chemical 08001"), ("e", "Saved")],
    "picture": [("s", "Saved")],
    "help": [("question_mark", "Help"), ("escape", "Overview")],
}  # fmt: skip


@pytest.fixture(scope="module")
def plant(postgres: Server) -> Iterator[CrowdedPlant]:
    with postgres.create_database(postgres.get_template("migrated", _migrate_database)) as dsn:
        yield fill_plant(dsn, COUNT)


async def walk_through(plant: CrowdedPlant, name: str, steps: Steps) -> None:
    """Press each key, wait for its text, draw a frame; print what each cost."""
    async with open_crowded_console(plant) as console:
        for key, text in steps:
            await console.press_measured(key, name)
            await console.wait_for_text(text)
            await console.draw_measured(f"{name} {key}")
        sys.stdout.write(f"\n{console.report_costs()}\n")
        assert "Panel error" not in console.screen


@pytest.mark.parametrize("name", SCREENS)
async def test_a_screen_works_with_ten_thousand_names(plant: CrowdedPlant, name: str) -> None:
    await walk_through(plant, name, SCREENS[name])


COMMANDS = {
    **{f"panel {name}": ("panel", name) for name in PANELS},
    "panel as CSV": ("panel", "consumption_by_chemical", "--format", "csv"),
    "panel as JSON": ("panel", "consumption_by_chemical", "--format", "json"),
    "batches": ("batches", "list", "--most", "10000"),
    "shift report": ("report", "shift", "--this"),
    "alarms": ("alarms", "list"),
    "journal": ("alarms", "journal", "--most", "10000"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_prints_ten_thousand_names(plant: CrowdedPlant, name: str) -> None:
    env = {
        "DOSING_DATABASE_DSN": plant.settings.database.dsn,
        "DOSING_DATABASE_STATEMENT_TIMEOUT_S": f"{plant.settings.database.statement_timeout_s:g}",
        "DOSING_PLANT_TIMEZONE": plant.settings.plant.timezone,
    }
    begun = time.process_time()
    result = CliRunner(env=env).invoke(main, COMMANDS[name])
    cost = time.process_time() - begun
    sys.stdout.write(f"{cost * 1000:8.0f} ms  {name}: {len(result.stdout.splitlines())} lines\n")
    assert result.exit_code == 0, result.output[-500:]


@pytest.mark.parametrize("name", DIALOGS)
async def test_a_dialog_works_with_ten_thousand_names(plant: CrowdedPlant, name: str) -> None:
    await walk_through(plant, name, DIALOGS[name])
