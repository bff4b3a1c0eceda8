"""Thousands of names of chemicals, stations and recipes in a real database: every screen and dialog works.

BENCHMARK_NAMES (2,600; with --full-size 10,000): more stations and tanks than a console and the rules keep.
``pytest -s`` prints what each key and each frame cost the thread that draws.
"""

import sys
import time
from collections.abc import Iterator, Sequence

import pytest
from click.testing import CliRunner

from dosing_tui.cli.main import main
from dosing_tui.domain.panels.panel_catalog import PANELS
from dosing_tui.domain.quantities.quantity_text import format_count
from dosing_tui.live_state import MAX_SERIES
from tests.conftest import _migrate_database
from tests.support.database_servers import Server
from tests.support.sizes import choose_size
from tests.support.thorough_tests import keep_plain
from tests.support.tui.crowded_plant import CrowdedPlant, fill_plant, open_crowded_console
from tests.support.tui.terminal_fixture import _paced_keys as _paced_keys

COUNT = int(choose_size("NAMES", small=2_600, full=10_000))
LOW_EVERY = int(choose_size("LOW_EVERY", small=5, full=2))
"""One tank of so many is low, and watched because of that; the others are more than the rules watch."""
KEPT = MAX_SERIES
"""The newest tanks and stations."""
NEWEST_BATCH = "complete"

Steps = Sequence[tuple[str, str]]
"""Keys, each with a text that is on the screen afterwards."""

LOW = format_count(COUNT // LOW_EVERY)
ALARMS = f"Alarms {LOW}"
OF_ALL = f"of {format_count(COUNT)}"
LAST_OF_ALL = f"{format_count(COUNT)} {OF_ALL}"
NEWEST = f"of the newest {format_count(KEPT)}"
FIRST_LOW = f"chemical {COUNT - KEPT + 1:05}"
LAST = f"{COUNT - 1:05}"
LAST_LOW, LAST_LOW_BUT_ONE = [f"{number:05}" for number in range(COUNT) if number % LOW_EVERY == 1][:-3:-1]
LAST_OTHER = f"{max(number for number in range(COUNT) if number % LOW_EVERY != 1):05}"


def list_rest(shown: int) -> str:
    """What a list with room for so many says of the others."""
    return f"and {format_count(COUNT - shown)} more"


def list_kept_rest(shown: int) -> str:
    """What a list of tanks, the low ones first, says of the others that are kept."""
    return f"+ over {format_count(KEPT - shown)} more, {format_count(KEPT // LOW_EVERY - shown)} low"


SCREENS: dict[str, Steps] = {
    "overview": [("1", list_kept_rest(20))],
    "inventory": [("2", list_kept_rest(33)), ("tab", FIRST_LOW),
                  ("end", f"{format_count(KEPT - 12)}–{format_count(KEPT)} {NEWEST}"),
                  ("pageup", f"chemical {LAST_OTHER}")],
    "consumption": [("3", list_rest(18))],
    "quality": [("4", "Accuracy in numbers")],
    "production": [("5", f"1–20 {OF_ALL}"), ("tab", "recipe 00019"), ("tab", list_rest(10))],
    "doses": [("6", "1–33 of the newest 200"), ("end", "168–200 of the newest 200")],
    "data integrity": [("7", "reconciled"), ("7", f"Alarms watch at most {format_count(KEPT)} stations and")],
    "other panels": [("8", OF_ALL)],
    "tanks at full screen": [("2", NEWEST), ("enter", list_kept_rest(33)),
                             ("escape", NEWEST)],
    "tank table at full screen": [
        ("2", NEWEST), ("tab", FIRST_LOW), ("enter", "Last update"), ("o", "Station"),
        ("O", LAST), ("ctrl+f", "find"), ("9", "find 9"), ("enter", "found"),
    ],
    "lines at full screen": [("3", list_rest(18)), ("enter", list_rest(30)), ("left", "–  40.6")],
    "totals at full screen": [("3", list_rest(12)), ("tab", "Consumption"), ("enter", "Share"),
                              ("end", OF_ALL)],
    "sparklines at full screen": [("3", list_rest(18)), ("tab", "Consumption"), ("tab", list_rest(12)),
                                  ("enter", list_rest(30))],
    "outlook at full screen": [("2", NEWEST), ("tab", FIRST_LOW),
                               ("tab", f"1–8 {OF_ALL}"), ("enter", "Reorder g"), ("end", OF_ALL)],
    "pumps": [("0", OF_ALL), ("end", f"–{LAST_OF_ALL}")],
    "days at full screen": [("5", f"1–20 {OF_ALL}"), ("tab", "Production"), ("tab", "Daily production"),
                            ("enter", f"1–33 {OF_ALL}"), ("end", f"{format_count(COUNT - 32)}–{LAST_OF_ALL}"),
                            ("o", "Day↑"), ("O", "Day↓")],
    "alarms": [("a", ALARMS), ("end", f"STOCK_LOW ×{LOW}"), ("enter", "chemical 00001"),
               ("end", f"chemical {LAST_LOW}"), ("up", f"chemical {LAST_LOW_BUT_ONE}"),
               ("enter", "Consequence")],
    "alarm journal": [("a", ALARMS), *[("tab", "Journal")] * 4, ("end", "raised")],
    "alarm figures": [("a", ALARMS), *[("tab", "Journal")] * 5, ("end", "Most frequent")],
    "batches": [
        ("b", NEWEST_BATCH), ("down", NEWEST_BATCH), ("pagedown", "today"), ("end", "Started"),
        ("home", NEWEST_BATCH), ("enter", "Ingredients"),
    ],
    "shift report": [("S", "SHIFT"), ("end", "Handed over"), ("e", "Saved")],
}  # fmt: skip
DIALOGS: dict[str, Steps] = {
    "filters": [
        ("slash", "dosing_system_00000"), ("end", f"dosing_system_{LAST}"), ("2", "chemical 00000"),
        ("end", f"chemical {LAST}"), ("3", "recipe 00000"), ("end", f"recipe {LAST}"),
        ("space", "[x]"), ("enter", f"recipe {LAST}"),
    ],
    "range": [("g", "Time range"), ("escape", "Overview")],
    "note": [("n", "Note"), *[("tab", "Author")] * 3, ("right", "dosing_system_0"),
             ("left", "whole plant")],
    "refill": [("2", NEWEST), ("R", "Material entry"), ("right", "Material entry")],
    "export of a table": [("2", NEWEST), ("tab", FIRST_LOW), ("e", "Saved")],
    "picture": [("s", "Saved")],
    "help": [("question_mark", "Help"), ("escape", "Overview")],
}  # fmt: skip


@pytest.fixture(scope="module")
def plant(postgres: Server) -> Iterator[CrowdedPlant]:
    with postgres.create_database(postgres.get_template("migrated", _migrate_database)) as dsn:
        yield fill_plant(dsn, COUNT, LOW_EVERY)


async def walk_through(plant: CrowdedPlant, name: str, steps: Steps) -> None:
    """Press each key, wait for its text, draw a frame; print what each cost."""
    async with open_crowded_console(plant) as console:
        for key, text in steps:
            await console.press_measured(key, name)
            await console.wait_for_text(text)
            await console.draw_measured(f"{name} {key}")
        sys.stdout.write(f"\n{console.report_costs()}\n")
        assert "Panel error" not in console.screen


@pytest.mark.parametrize("name", keep_plain(SCREENS, "inventory", "alarms"))
async def test_a_screen_works_with_thousands_of_names(plant: CrowdedPlant, name: str) -> None:
    await walk_through(plant, name, SCREENS[name])


COMMANDS = {
    **{f"panel {name}": ("panel", name) for name in PANELS},
    "panel as CSV": ("panel", "consumption_by_chemical", "--format", "csv"),
    "panel as JSON": ("panel", "consumption_by_chemical", "--format", "json"),
    "batches": ("batches", "list", "--most", str(COUNT)),
    "shift report": ("report", "shift", "--this"),
    "alarms": ("alarms", "list"),
    "journal": ("alarms", "journal", "--most", str(COUNT)),
}


@pytest.mark.parametrize("name", keep_plain(COMMANDS, "panel as CSV", "alarms"))
def test_a_command_prints_thousands_of_names(plant: CrowdedPlant, name: str) -> None:
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


@pytest.mark.parametrize("name", keep_plain(DIALOGS, "filters"))
async def test_a_dialog_works_with_thousands_of_names(plant: CrowdedPlant, name: str) -> None:
    await walk_through(plant, name, DIALOGS[name])
