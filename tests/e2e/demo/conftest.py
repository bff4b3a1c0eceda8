"""Folders of demos: new ones, and copies of one that has ended."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.database_servers import reachable_temp


@pytest.fixture
def folder() -> Iterator[Path]:
    with reachable_temp() as place:
        yield place / "a demo"


@pytest.fixture(scope="session")
def _ended_demo() -> Iterator[Path]:
    with reachable_temp() as place:
        folder = place / "a demo"
        command = [sys.executable, "-m", "dosing_tui", "demo", "--headless", "--devices", "2"]
        subprocess.run(
            [*command, "--rate", "0.05", "--duration", "1", "--folder", folder],
            check=True, capture_output=True,
        )  # fmt: skip
        yield folder


@pytest.fixture
def used_folder(folder: Path, _ended_demo: Path) -> Path:
    """With the data of a demo that has ended: most of a first start are the database and its history."""
    subprocess.run(("cp", "--archive", _ended_demo, folder), check=True)  # with the owners of the files
    return folder
