"""Frozen records are structs of msgspec: docs/adr/0018-structs.md."""

import ast
import dataclasses
import importlib
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

import dosing_tui

PACKAGE = Path(dosing_tui.__file__).parent
UNLIKE_A_STRUCT = frozenset({"compare", "init", "repr"})
"""What a field of a dataclass may say, and that of a struct may not."""


def list_classes() -> Iterator[tuple[str, ast.ClassDef]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                yield module, node


def needs_dataclass(node: ast.ClassDef) -> bool:
    """It says of a field what a struct cannot, or sets one in ``__post_init__``."""
    options = {
        keyword.arg
        for each in ast.walk(node) if isinstance(each, ast.Call) and ast.unparse(each.func) == "field"
        for keyword in each.keywords
    }  # fmt: skip
    return bool(options & UNLIKE_A_STRUCT) or "object.__setattr__" in ast.unparse(node)


def test_a_frozen_record_is_a_struct_where_it_can_be() -> None:
    frozen = [
        f"{module}.{node.name}"
        for module, node in list_classes()
        if "dataclass(frozen=True, slots=True)" in map(ast.unparse, node.decorator_list)
        and not needs_dataclass(node)
    ]
    assert frozen == []


def test_no_default_of_a_struct_is_a_field_of_a_dataclass() -> None:
    wrong = []
    for module, node in list_classes():
        found = getattr(importlib.import_module(module), node.name, None)
        if isinstance(found, type) and issubclass(found, Struct):
            wrong += [
                f"{module}.{node.name}"
                for each in found.__struct_defaults__
                if isinstance(each, dataclasses.Field)
            ]
    assert wrong == []
