"""A plain ``pytest`` leaves the thorough tests out and says so; a path or ``--thorough`` runs them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFTEST = """
from tests.support import thorough_tests


def pytest_addoption(parser, pluginmanager):
    parser.addoption("--thorough", action="store_true")
    pluginmanager.register(thorough_tests)
"""
TESTS = """
import pytest


@pytest.mark.parametrize("number", [1, pytest.param(2, marks=pytest.mark.thorough)])
def test_in_the_small(number):
    pass


@pytest.mark.thorough
def test_at_large():
    pass
"""
SETTINGS = f"""
[pytest]
pythonpath = {ROOT}
testpaths = tests_of_a_project
markers = thorough
"""
SENTENCE = "2 thorough tests were left out; pytest --thorough runs them, too."


def run_pytest(folder: Path, *arguments: str) -> tuple[str, str]:
    """How many passed, and everything that was printed."""
    tests = folder / "tests_of_a_project"
    tests.mkdir()
    (folder / "pytest.ini").write_text(SETTINGS)
    (tests / "conftest.py").write_text(CONFTEST)
    (tests / "test_sizes.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "xdist", "--basetemp", str(folder / "temp"), *arguments]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed, done.stdout + done.stderr
    return passed[1], done.stdout


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_plain_run_leaves_them_out_and_says_so(tmp_path: Path, workers: str) -> None:
    passed, output = run_pytest(tmp_path, "--numprocesses", workers)
    assert passed == "1"
    assert output.count(SENTENCE) == 1


@pytest.mark.parametrize(
    ("workers", "argument"), [("0", "--thorough"), ("2", "--thorough"), ("2", "tests_of_a_project")]
)
def test_all_run_by_option_or_where_a_path_is_given(tmp_path: Path, workers: str, argument: str) -> None:
    passed, output = run_pytest(tmp_path, "--numprocesses", workers, argument)
    assert passed == "3"
    assert "left out" not in output
