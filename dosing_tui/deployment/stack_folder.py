"""The files of a folder with the container stack, as its checks read them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from dosing_tui.deployment.compose.compose_project import ComposeProject, read_project
from dosing_tui.deployment.compose.compose_service import ComposeService
from dosing_tui.deployment.compose.compose_variables import VariableExpansion, parse_variables

COMPOSE_FILES = ("compose.yaml", "compose.override.yaml")
"""In the order in which Compose reads them."""
OWN_IMAGE = re.compile(r"(.*/)?dosing-tui([:@].*)?")
SECRETS_FOLDER = PurePosixPath("/run/secrets")


@dataclass(frozen=True)
class StackFolder:
    """``path`` is a copy of deploy/. Properties raise OSError or ValueError for an unusable file."""

    path: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables of the shell; Compose takes them before those of .env."""

    def read_file(self, name: str) -> str:
        return (self.path / name).read_text(encoding="utf-8")

    @property
    def has_variables(self) -> bool:
        return (self.path / ".env").exists()

    @cached_property
    def expansion(self) -> VariableExpansion:
        """With the variables of .env; of the example while there is none."""
        text = self.read_file(".env" if self.has_variables else ".env.example")
        return VariableExpansion(parse_variables(text) | dict(self.environment))

    @cached_property
    def project(self) -> ComposeProject:
        paths = [self.path / name for name in COMPOSE_FILES]
        return read_project([path for path in paths if path.is_file()], self.expansion)

    @property
    def services(self) -> dict[str, ComposeService]:
        return self.project.services

    @cached_property
    def own_services(self) -> dict[str, ComposeService]:
        """Those that run this program."""
        return {
            name: service
            for name, service in self.services.items()
            if OWN_IMAGE.fullmatch(service.image) or (service.is_built and not service.image)
        }

    def starts_service(self, service: ComposeService) -> bool:
        """Whether no profile is needed, or one that is in use."""
        used = set(self.expansion.variables.get("COMPOSE_PROFILES", "").split(","))
        return not service.profiles or bool(service.profiles & used) or "*" in used

    def list_users(self, name: str) -> Iterator[ComposeService]:
        """The services that mount the file ``name`` or a folder above it."""
        file = (self.path / name).resolve()
        for service in self.services.values():
            paths = [mount.path.resolve() for mount in service.mounts.values() if mount.path]
            if any(path == file or path in file.parents for path in paths):
                yield service

    @cached_property
    def broker_users(self) -> list[str]:
        """Accounts that the broker's ACL names."""
        return re.findall(r"^user\s+(\S.*?)\s*$", self.read_file("mosquitto/acl"), re.MULTILINE)


def list_credentials(service: ComposeService) -> list[str]:
    """The files that the container has in /run/secrets."""
    places = [SECRETS_FOLDER / target for target in service.secrets]
    return [place.name for place in places if place.parent == SECRETS_FOLDER]
