"""Finds the SQL files: inside the installed package, else beside it in the checkout."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import LiteralString


@cache
def root() -> Traversable:
    """The folder ``sql``.

    Raises: FileNotFoundError, if the program was installed without it.
    """
    installed: Traversable = files("dosing_tui") / "sql"
    checkout: Traversable = Path(__file__).parents[2] / "sql"
    for folder in (installed, checkout):
        if (folder / "schema").is_dir():
            return folder
    raise FileNotFoundError("This installation of dosing-tui has no folder sql: install it again.")


@cache
def statement(name: str) -> LiteralString:
    """The text of ``sql/<name>.sql``, e.g. ``panels/today_by_chemical``.

    Raises: FileNotFoundError.
    """
    return _found(name).read_text(encoding="utf-8")


def listed(folder: str) -> list[str]:
    """Names, for ``statement``, of the SQL files in ``sql/<folder>``, in order."""
    place = root().joinpath(*folder.split("/"))
    if not place.is_dir():
        return []
    found = (entry.name for entry in place.iterdir() if entry.name.endswith(".sql"))
    return sorted(f"{folder}/{name.removesuffix('.sql')}" for name in found)


def _found(name: str) -> Traversable:
    *folders, last = name.split("/")
    return root().joinpath(*folders, f"{last}.sql")
