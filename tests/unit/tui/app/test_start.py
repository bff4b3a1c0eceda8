"""What the start waits for: the collector is on its way before the screen's libraries are imported."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from dosing_tui.tui import lazy_screens

START = """
import json, sys
from dosing_tui.config.settings import Settings
from dosing_tui.live_state import LiveState
from dosing_tui.tui.app import main

class IdleBackend:
    def start_collector(self):
        self.before = sorted(sys.modules)
    def cancel_panels(self, panels): pass
    def stop(self):
        print(json.dumps([self.before, sorted(sys.modules)]))

main.terminal.check_terminal = lambda environment: None
main.log_file.open_log = lambda settings: None
build, main._build_app = main._build_app, lambda *given: (build(*given), sys.exit())
main.run_app(Settings(), LiveState(), IdleBackend())
"""
"""Ends when the app is made, before it runs."""

SCREEN = ("textual.app", "textual.screen", "dosing_tui.tui.app.app", "dosing_tui.tui.screens")
LATER = (
    "fpdf", "jinja2", "paho", "plotext", "psycopg", "psycopg_pool", "sqlite3",
    "dosing_tui.collector.alarms", "dosing_tui.tui.command_palette", "dosing_tui.tui.dialogs",
    "dosing_tui.tui.kiosk", "dosing_tui.tui.lots", "dosing_tui.tui.pumps", *lazy_screens.PLACES.values(),
)  # fmt: skip
"""Not in the first picture."""


def list_imported(loaded: list[str], unwanted: tuple[str, ...]) -> list[str]:
    return [name for name in loaded for each in unwanted if name == each or name.startswith(f"{each}.")]


def test_the_collector_starts_before_the_screen_is_imported_and_both_before_all_else(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    before, made = json.loads(done.stdout)
    assert list_imported(before, SCREEN) == []
    assert list_imported(made, SCREEN) != []
    assert list_imported(made, LATER) == []


def test_each_page_and_dialog_is_declared_once_for_python_and_for_the_type_checker() -> None:
    tree = ast.parse(Path(lazy_screens.__file__).read_text(encoding="utf-8"))
    imports = [node for each in tree.body if isinstance(each, ast.If) for node in each.body]
    typed = {
        alias.asname: node.module
        for node in imports
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == lazy_screens.PLACES
    for name, module in lazy_screens.PLACES.items():
        assert getattr(lazy_screens, name) is getattr(sys.modules[module], name)


def test_a_page_that_is_not_declared_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'NoSuchPage'"):
        lazy_screens.NoSuchPage  # type: ignore[attr-defined]  # noqa: B018
