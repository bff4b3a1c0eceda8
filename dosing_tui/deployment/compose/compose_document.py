"""The YAML of a Compose file, with its variables expanded."""

from pathlib import Path
from typing import Any

from msgspec import Struct

from dosing_tui.deployment.compose.compose_variables import VariableExpansion

SECTIONS = ("services", "volumes", "secrets")
"""Those that the checks read."""


class ReplacedValue(Struct, frozen=True):
    """A value tagged ``!override`` or ``!reset``: what other files say of it does not hold."""

    value: Any


def read_document(path: Path, expansion: VariableExpansion) -> dict[str, Any]:
    """Scalars are strings, as they are written: ``off`` stays ``off``, ``22:22`` is not a number.

    Raises: OSError, ValueError.
    """
    # imported here to save start-up
    import yaml

    class TextLoader(yaml.SafeLoader):
        yaml_implicit_resolvers = {
            first: [pair for pair in pairs if pair[0].rpartition(":")[2] in ("merge", "null")]
            for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    def construct_tagged(loader: TextLoader, tag: str, node: yaml.Node) -> ReplacedValue:
        if tag == "reset":
            return ReplacedValue(None)
        if isinstance(node, yaml.MappingNode):
            return ReplacedValue(loader.construct_mapping(node, deep=True))
        if isinstance(node, yaml.SequenceNode):
            return ReplacedValue(loader.construct_sequence(node, deep=True))
        return ReplacedValue(node.value)

    TextLoader.add_multi_constructor("!", construct_tagged)
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), TextLoader)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error
    if not isinstance(document, dict):
        raise ValueError("it has no services")
    return {str(key): _expand(part, expansion) if key in SECTIONS else part for key, part in document.items()}


def read_mapping(document: dict[str, Any], key: str) -> dict[str, Any]:
    """{} if the document has none. Raises: ValueError."""
    found = document.get(key) or {}
    if not isinstance(found, dict):
        raise ValueError(f"'{key}' is not a mapping")
    return found


def _expand(value: Any, expansion: VariableExpansion) -> Any:
    if isinstance(value, dict):
        return {str(key): _expand(part, expansion) for key, part in value.items()}
    if isinstance(value, list):
        return [_expand(part, expansion) for part in value]
    if isinstance(value, ReplacedValue):
        return ReplacedValue(_expand(value.value, expansion))
    return expansion.expand(value) if isinstance(value, str) else value
