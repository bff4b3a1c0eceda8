"""Finds the SQL files: inside the installed package, else beside it in the checkout."""

import re
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import LiteralString

INCLUDE_LINE = re.compile(r"^-- include (\S+)\n", re.MULTILINE)
LEADING_COMMENT = re.compile(r"\A(--.*\n)+")


@cache
def find_sql_folder() -> Traversable:
    """The folder ``sql``.

    Raises: FileNotFoundError, if the program was installed without it.
    """
    installed: Traversable = files("dosing_tui") / "sql"
    checkout: Traversable = Path(__file__).parents[2] / "sql"
    if found := next((each for each in (installed, checkout) if (each / "schema").is_dir()), None):
        return found
    raise FileNotFoundError("This installation of dosing-tui has no folder sql: install it again.")


@cache
def read_statement(name: str) -> LiteralString:
    """The text of ``sql/<name>.sql``, e.g. ``panels/today_by_chemical``.

    A line ``-- include <name>`` is replaced by that file without its leading comment.

    Raises: FileNotFoundError.
    """
    text = find_sql_folder().joinpath(*f"{name}.sql".split("/")).read_text(encoding="utf-8")
    return INCLUDE_LINE.sub(lambda line: LEADING_COMMENT.sub("", read_statement(line[1])), text)


def get_newest_migration() -> str:
    """Name of the newest migration that every server has: the version of this program's schema."""
    names = (name.removeprefix("schema/") for name in list_statements("schema/any"))
    return max(names, key=lambda name: name.partition("/")[2])


def list_statements(folder: str) -> list[str]:
    """Names, for ``read_statement``, of the SQL files in ``sql/<folder>``, in order."""
    place = find_sql_folder().joinpath(*folder.split("/"))
    if not place.is_dir():
        return []
    found = (entry.name for entry in place.iterdir() if entry.name.endswith(".sql"))
    return sorted(f"{folder}/{name.removesuffix('.sql')}" for name in found)
