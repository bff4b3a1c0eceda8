"""What is published and built: the page on PyPI, the Pythons, and the locked packages of the image."""

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[3]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = re.compile(r"^([a-z0-9-]+)==(\S+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)
LINK = re.compile(r"\]\(([^)]+)\)")


def list_locked(name: str) -> dict[str, Version]:
    return {found[0]: Version(found[1]) for found in LOCK.findall((ROOT / "deploy" / name).read_text())}


def test_every_package_of_the_image_is_locked_with_its_hashes() -> None:
    for name, requirements in {
        "requirements.txt": PROJECT["project"]["dependencies"],
        "requirements-build.txt": PROJECT["build-system"]["requires"],
    }.items():
        text, locked = (ROOT / "deploy" / name).read_text(), list_locked(name)
        assert len(re.findall(r"^[a-z0-9-]+==", text, re.MULTILINE)) == len(locked)
        assert not re.search(r"https?://|--(find-links|index-url|trusted-host) [/h]", text)
        for requirement in map(Requirement, requirements):
            if requirement.marker is None or requirement.marker.evaluate({"sys_platform": "linux"}):
                assert locked[requirement.name] in requirement.specifier, requirement
                for extra in requirement.extras:
                    assert f"{requirement.name}-{extra}" in locked


def test_the_pythons_of_the_metadata_are_those_of_the_workflow() -> None:
    named = re.findall(r"Python :: (3\.\d+)$", "\n".join(PROJECT["project"]["classifiers"]), re.MULTILINE)
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    assert (
        workflow["jobs"]["pythons"]["strategy"]["matrix"]["python"]
        == named
        == ["3.11", "3.12", "3.13", "3.14"]
    )
    assert PROJECT["project"]["requires-python"] == f">={named[0]}"


def test_links_and_pictures_of_the_readme_lead_somewhere_from_another_page() -> None:
    repository = PROJECT["project"]["urls"]["Repository"].removeprefix("https://github.com/")
    text, version = (ROOT / "README.md").read_text(), PROJECT["project"]["version"]
    before = LINK.findall(text)
    for rule in PROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]["substitutions"]:
        text = re.sub(rule["pattern"], rule["replacement"].replace("$HFPR_VERSION", version), text)
    after = LINK.findall(text)
    assert len(after) == len(before)
    for old, new in zip(before, after, strict=True):
        assert new.startswith("https://")
        if not old.startswith("https://"):
            assert f"{repository}/" in new
            assert new.endswith(f"/v{version}/{old}")
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert pictures
    assert all(each.startswith("https://raw.githubusercontent.com/") for each in pictures)
