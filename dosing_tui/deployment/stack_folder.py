"""The files of a folder with the container stack, as its checks read them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

Service = Mapping[str, Any]
"""Whatever YAML holds: each check says what it expects of it."""
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)[^}]*\}")


@dataclass(frozen=True)
class StackFolder:
    """``path`` is a copy of deploy/. Properties raise OSError or ValueError for an unusable file."""

    path: Path

    def read_file(self, name: str) -> str:
        return (self.path / name).read_text(encoding="utf-8")

    @cached_property
    def compose(self) -> dict[str, Any]:
        # imported here to save start-up
        import yaml

        try:
            document = yaml.safe_load(self.read_file("compose.yaml"))
        except yaml.YAMLError as error:
            raise ValueError(" ".join(str(error).split())) from error
        if not isinstance(document, dict) or not isinstance(document.get("services"), dict):
            raise ValueError("it has no services")
        return document

    @property
    def services(self) -> dict[str, Service]:
        found: dict[str, Service] = self.compose["services"]
        return found

    @property
    def has_variables(self) -> bool:
        return (self.path / ".env").exists()

    @cached_property
    def variables(self) -> dict[str, str]:
        """Those of .env; of the example while there is none."""
        lines = self.read_file(".env" if self.has_variables else ".env.example").splitlines()
        pairs = [line.split("=", 1) for line in lines if "=" in line and not line.lstrip().startswith("#")]
        return {name.strip(): value.strip().strip("'\"") for name, value in pairs}

    @property
    def needed_variables(self) -> set[str]:
        return set(VARIABLE.findall(self.read_file("compose.yaml")))

    def read_environment(self, service: Service) -> dict[str, str]:
        """What Compose gives the container."""
        return {
            name: VARIABLE.sub(lambda found: self.variables.get(found[1], ""), str(value))
            for name, value in (service.get("environment") or {}).items()
        }

    @cached_property
    def broker_users(self) -> list[str]:
        """Accounts that the broker's ACL names."""
        return re.findall(r"^user (\S+)\s*$", self.read_file("mosquitto/acl"), re.MULTILINE)


def list_secrets(service: Service) -> dict[str, str]:
    """Secret by the name under which the container finds it in /run/secrets."""
    given = service.get("secrets") or []
    return dict((s, s) if isinstance(s, str) else (s.get("target", s["source"]), s["source"]) for s in given)
