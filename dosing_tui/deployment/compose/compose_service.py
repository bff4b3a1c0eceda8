"""A service of a Compose file, in one form of the several that Compose allows for the same thing."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from dosing_tui.deployment.compose.compose_variables import VariableExpansion, parse_variables

FIELDS_BY_KEY = {
    "environment": "environment", "env_file": "missing_files", "volumes": "mounts", "secrets": "secrets",
    "depends_on": "waits_for", "ports": "ports", "profiles": "profiles",
}  # fmt: skip
"""Key of Compose -> what of a service it says."""


class StackMount(Struct, frozen=True):
    """``path``: the file or folder of this machine; None for a volume, whose name is ``source``."""

    source: str
    path: Path | None


class PublishedPort(Struct, frozen=True):
    """``address`` '': every network of the machine."""

    address: str
    port: str


class ComposeService(Struct, frozen=True):
    """``mounts`` and ``secrets`` by their path or name in the container, ``waits_for`` by service."""

    image: str = ""
    is_built: bool = False
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: Mapping[str, StackMount] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    waits_for: frozenset[str] = frozenset()
    ports: tuple[PublishedPort, ...] = ()
    profiles: frozenset[str] = frozenset()
    missing_files: tuple[str, ...] = ()
    """Files with variables that it reads, and that are not there."""

    def extend(self, base: "ComposeService") -> "ComposeService":
        """What ``base`` says, where this service says nothing else."""
        return ComposeService(
            image=self.image or base.image,
            is_built=self.is_built or base.is_built,
            command=self.command or base.command,
            environment={**base.environment, **self.environment},
            mounts={**base.mounts, **self.mounts},
            secrets={**base.secrets, **self.secrets},
            waits_for=base.waits_for | self.waits_for,
            ports=base.ports + self.ports,
            profiles=base.profiles | self.profiles,
            missing_files=base.missing_files + self.missing_files,
        )

    def clear_keys(self, keys: Iterable[str]) -> "ComposeService":
        """Without what it says under these keys of Compose."""
        fields = {FIELDS_BY_KEY[key] for key in keys if key in FIELDS_BY_KEY}
        return replace(self, **{name: getattr(ComposeService(), name) for name in fields})


def build_service(given: dict[str, Any], folder: Path, expansion: VariableExpansion) -> ComposeService:
    """From the mapping of a service in a file of ``folder``. Raises: OSError, ValueError."""
    files = list(_list_variable_files(given.get("env_file"), folder))
    variables = {name: value for path in files if path.is_file()
                 for name, value in parse_variables(path.read_text(encoding="utf-8")).items()}  # fmt: skip
    command = given.get("command") or ()
    return ComposeService(
        image=str(given.get("image") or ""),
        is_built="build" in given,
        command=tuple(command.split() if isinstance(command, str) else map(str, command)),
        environment={**variables, **_read_environment(given.get("environment"), expansion.variables)},
        mounts=dict(_list_mounts(given.get("volumes"), folder)),
        secrets=dict(_read_secret(one) for one in given.get("secrets") or ()),
        waits_for=frozenset(_list_awaited(given.get("depends_on") or ())),
        ports=tuple(_read_port(one) for one in given.get("ports") or ()),
        profiles=frozenset(map(str, given.get("profiles") or ())),
        missing_files=tuple(str(path.relative_to(folder)) for path in files if not path.is_file()),
    )


def _list_variable_files(given: Any, folder: Path) -> Iterator[Path]:
    """Those that Compose demands; and those that are there."""
    for one in [given] if isinstance(given, str) else given or ():
        path = folder / str(one["path"] if isinstance(one, dict) else one)
        if path.is_file() or not (isinstance(one, dict) and one.get("required") == "false"):
            yield path


def _read_environment(given: Any, variables: Mapping[str, str]) -> dict[str, str]:
    """A name without a value has that of the machine."""
    if isinstance(given, dict):
        pairs = {str(name): value for name, value in given.items()}
    else:
        pairs = {}
        for line in given or ():
            name, equals, value = str(line).partition("=")
            pairs[name] = value if equals else None
    known = {name: variables.get(name) if value is None else str(value) for name, value in pairs.items()}
    return {name: value for name, value in known.items() if value is not None}


def _list_mounts(given: Any, folder: Path) -> Iterator[tuple[str, StackMount]]:
    """By target; without anonymous volumes and what is in memory."""
    for one in given or ():
        if isinstance(one, dict):
            kind, source, target = one.get("type", "volume"), one.get("source"), str(one.get("target"))
            is_path = kind == "bind"
            if kind not in ("bind", "volume") or not source:
                continue
        else:
            source, colon, rest = str(one).partition(":")
            target, is_path = rest.split(":")[0], source.startswith((".", "/", "~"))
            if not colon:
                continue
        path = folder / Path(str(source)).expanduser() if is_path else None
        yield target, StackMount(str(source), path)


def _read_secret(given: Any) -> tuple[str, str]:
    if isinstance(given, dict):
        source = str(given.get("source"))
        return str(given.get("target") or source), source
    return str(given), str(given)


def _list_awaited(given: Any) -> Iterator[str]:
    for name in given:
        condition = given[name] if isinstance(given, dict) else None
        if not (isinstance(condition, dict) and condition.get("required") == "false"):
            yield str(name)


def _read_port(given: Any) -> PublishedPort:
    if isinstance(given, dict):
        return PublishedPort(
            str(given.get("host_ip") or ""), str(given.get("published") or given.get("target"))
        )
    *start, target = str(given).partition("/")[0].rsplit(":", 2)
    address = start[0] if len(start) == 2 else ""
    return PublishedPort(address, (start[-1] if start else "") or target)
