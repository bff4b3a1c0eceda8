"""The services, volumes and secrets of a plant's Compose files together."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import Struct

from dosing_tui.deployment.compose.compose_document import ReplacedValue, read_document, read_mapping
from dosing_tui.deployment.compose.compose_service import ComposeService, build_service
from dosing_tui.deployment.compose.compose_variables import VariableExpansion


class ComposeProject(Struct, frozen=True):
    """``secrets``: name -> file, or None where Compose has the secret from elsewhere."""

    services: dict[str, ComposeService]
    volumes: frozenset[str]
    secrets: dict[str, Path | None]
    has_includes: bool
    """Other files may declare what is not declared here."""


def read_project(paths: Iterable[Path], expansion: VariableExpansion) -> ComposeProject:
    """The later files change what the earlier ones say. Raises: OSError, ValueError."""
    project = ComposeProject({}, frozenset(), {}, has_includes=False)
    for path in paths:
        document = read_document(path, expansion)
        reader, services = _ServiceReader(path, document, expansion), dict(project.services)
        for name in read_mapping(document, "services"):
            services[name] = reader.read_service(name, earlier=services.get(name))
        secrets = read_mapping(document, "secrets")
        project = ComposeProject(
            services,
            project.volumes.union(read_mapping(document, "volumes")),
            project.secrets | {name: _find_secret_file(path.parent, one) for name, one in secrets.items()},
            project.has_includes or "include" in document,
        )
    if not project.services:
        raise ValueError("it has no services")
    return project


def _find_secret_file(folder: Path, secret: Any) -> Path | None:
    file = secret.get("file") if isinstance(secret, dict) else None
    return folder / Path(str(file)).expanduser() if file else None


@dataclass(frozen=True)
class _ServiceReader:
    path: Path
    document: dict[str, Any]
    expansion: VariableExpansion

    def read_service(
        self, name: str, *, earlier: ComposeService | None = None, above: tuple[tuple[Path, str], ...] = ()
    ) -> ComposeService:
        """``earlier``: what other files say of it; ``above``: the services that extend it.

        Raises: OSError, ValueError.
        """
        given = read_mapping(self.document, "services").get(name)
        if not isinstance(given, dict):
            raise ValueError(f"the service {name} is not a mapping")
        if (self.path, name) in above:
            raise ValueError(f"the service {name} extends itself")
        changed = [key for key, value in given.items() if isinstance(value, ReplacedValue)]
        plain = {key: value.value if key in changed else value for key, value in given.items()}
        try:
            service = build_service(plain, self.path.parent, self.expansion)
        except (TypeError, AttributeError, KeyError) as error:
            raise ValueError(f"the service {name} cannot be read: {error}") from error
        if extends := plain.get("extends"):
            service = service.extend(
                self._read_base(name, extends, (*above, (self.path, name))).clear_keys(changed)
            )
        return service.extend(earlier.clear_keys(changed)) if earlier else service

    def _read_base(self, name: str, extends: Any, above: tuple[tuple[Path, str], ...]) -> ComposeService:
        wanted = extends if isinstance(extends, dict) else {"service": extends}
        reader, other = self, str(wanted.get("service"))
        if file := wanted.get("file"):
            path = (self.path.parent / str(file)).resolve()
            reader = _ServiceReader(path, read_document(path, self.expansion), self.expansion)
        if other not in read_mapping(reader.document, "services"):
            raise ValueError(f"{name} extends {other}, which is not a service")
        return reader.read_service(other, above=above)
