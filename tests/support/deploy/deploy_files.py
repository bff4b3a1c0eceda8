"""The files of deploy/, as the tests read them."""

import re
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[3] / "deploy"
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)")

Service = dict[str, Any]
"""Whatever YAML holds: the tests say what they expect of it."""


def read_compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    return document


def list_services() -> dict[str, Service]:
    found: dict[str, Service] = read_compose()["services"]
    return found


def read_example() -> dict[str, str]:
    """What .env.example sets."""
    lines = (FOLDER / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def list_users() -> list[str]:
    """Those the broker's ACL knows."""
    return re.findall(r"^user (\S+)$", (FOLDER / "mosquitto" / "acl").read_text(), re.MULTILINE)


def secrets_of(service: Service) -> dict[str, str]:
    """Secret by the name under which the container finds it."""
    given = service.get("secrets", [])
    return dict((s, s) if isinstance(s, str) else (s["target"], s["source"]) for s in given)
