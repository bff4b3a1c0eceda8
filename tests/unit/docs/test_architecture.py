"""Walks of docs/architecture.md name existing modules and functions; decisions are listed by their titles."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()
WALK = re.compile(r"^## Walk \d.*?(?=^## )", re.MULTILINE | re.DOTALL)
STEP = re.compile(r"^\d+\. `([a-z_/]+\.py)` ((?:`[\w.]+`(?:, )?)+):", re.MULTILINE)
DECISIONS = sorted((ROOT / "docs/adr").glob("0*.md"))


def list_steps() -> list[tuple[str, str]]:
    return [
        (module, name)
        for walk in WALK.findall(ARCHITECTURE)
        for module, names in STEP.findall(walk)
        for name in re.findall(r"`([\w.]+)`", names)
    ]


def test_each_of_four_walks_has_six_to_ten_steps() -> None:
    walks = WALK.findall(ARCHITECTURE)
    counts = [len(re.findall(r"^\d+\. ", walk, re.MULTILINE)) for walk in walks]
    assert len(counts) == 4
    assert all(6 <= count <= 10 for count in counts)
    assert counts == [len(STEP.findall(walk)) for walk in walks]


@pytest.mark.parametrize(("module", "name"), list_steps())
def test_a_step_names_a_function_of_its_module(module: str, name: str) -> None:
    source = (ROOT / "dosing_tui" / module).read_text()
    for part in name.split("."):
        assert re.search(
            rf"^(?: {{4}}async | {{4}}|async )?(?:def|class) {part}\b|^{part}\b", source, re.MULTILINE
        )


def test_the_rooms_are_in_the_order_in_which_they_import() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [one["layers"] for one in contracts if one["name"] == "Imports run one way"]
    depths = {name: depth for depth, layer in enumerate(layers) for name in re.findall(r"\w+", layer)}
    table = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| ", ARCHITECTURE, re.MULTILINE)
    rooms = [re.findall(r"\w+", line) for line in table]
    assert sorted(depths) == sorted(room for line in rooms for room in line)
    wrong = [
        (upper, lower)
        for uppers, lowers in pairwise(rooms)
        for upper in uppers
        for lower in lowers
        if depths[upper] > depths[lower]
    ]
    assert wrong == []


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_is_listed_with_its_title(path: Path) -> None:
    title = re.sub(r"^# (?:\d+(?:\.| —) )?", "", path.read_text().splitlines()[0])
    assert f"| {int(path.name[:4])} | [{title}]({path.name}) |" in (ROOT / "docs/adr/README.md").read_text()
