"""Every link between the documents leads somewhere, and so does every module path they name."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted(
    path for pattern in ("*.md", "docs/**/*.md", "deploy/*.md", ".github/*.md") for path in ROOT.glob(pattern)
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
MODULE = re.compile(r"`((?:dosing_tui/)?[a-z_]+/[a-z_/]+\.py)`")


def make_anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def list_links() -> list[tuple[Path, str]]:
    return [
        (path, target)
        for path in DOCUMENTS
        for target in LINK.findall(path.read_text())
        if not target.startswith(("http://", "https://", "mailto:"))
    ]


def test_there_are_documents_with_links() -> None:
    assert len(DOCUMENTS) > 10
    assert len(list_links()) > 20


@pytest.mark.parametrize(("path", "target"), list_links(), ids=lambda value: str(value)[-60:])
def test_a_link_leads_to_a_file_and_to_a_heading_in_it(path: Path, target: str) -> None:
    name, _, anchor = target.partition("#")
    linked = (path.parent / name).resolve() if name else path
    assert linked.exists()
    if anchor:
        assert anchor in [make_anchor(heading) for heading in HEADING.findall(linked.read_text())]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_module_that_a_document_names_exists(path: Path) -> None:
    missing = [
        name
        for name in MODULE.findall(path.read_text())
        if not (ROOT / name).exists() and not (ROOT / "dosing_tui" / name).exists()
    ]
    assert missing == []


@pytest.mark.parametrize(
    "path",
    sorted([*ROOT.glob(".github/**/*.yml"), ROOT / ".pre-commit-config.yaml"]),
    ids=lambda path: path.name,
)
def test_the_files_for_the_forge_are_yaml(path: Path) -> None:
    assert isinstance(yaml.safe_load(path.read_text()), dict)
