"""The SQL files are found, and each says in its first line what it is for."""

import re
from pathlib import Path

import pytest

from dosing_tui.database import sql_files
from dosing_tui.database.schema.maintenance import _select_steps
from dosing_tui.database.server_flavour import ServerFlavour
from dosing_tui.domain.messages.models import ReadingKind
from dosing_tui.domain.panels.filters import Dimension

STATEMENT_FOLDERS = [
    "batches",
    "doctor",
    "legacy_import",
    "maintenance",
    "notifications",
    "reads",
    "reports",
    "writes",
]
"""Where a file is named by what its statement does; panels, alerts and trends are named by their id."""
VERBS = frozenset(
    {
        "abandon",
        "acquire",
        "claim",
        "copy",
        "count",
        "create",
        "delete",
        "drop",
        "end",
        "enter",
        "expire",
        "filter",
        "insert",
        "join",
        "lock",
        "queue",
        "recount",
        "reject",
        "release",
        "renew",
        "select",
        "set",
        "settle",
        "update",
        "upsert",
    }
)
FOLDERS = ["maintenance", "panels", "reads", "trends", "writes", "legacy_import"] + [
    f"schema/{folder}" for flavour in ServerFlavour for folder in flavour.schema_folders
]


def test_a_statement_is_read_by_its_name() -> None:
    assert "CREATE TABLE dosing_consumption" in sql_files.read_statement("schema/any/0001_readings")


def test_a_statement_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        sql_files.read_statement("schema/any/none")


def test_a_folder_that_does_not_exist_lists_nothing() -> None:
    assert sql_files.list_statements("schema/none") == []


@pytest.mark.parametrize("folder", sorted(set(FOLDERS)))
def test_every_file_says_in_its_first_line_what_it_is_for(folder: str) -> None:
    found = sql_files.list_statements(folder)
    assert found
    assert [name for name in found if not sql_files.read_statement(name).startswith("-- ")] == []


def list_statement_names() -> list[str]:
    return [name for folder in STATEMENT_FOLDERS for name in sql_files.list_statements(folder)]


def test_every_statement_is_named_by_a_verb_first() -> None:
    assert [name for name in list_statement_names() if name.split("/")[1].split("_")[0] not in VERBS] == []


def test_every_statement_is_used() -> None:
    """By its name in the program or an include; by a name that is put together of a kind or dimension."""
    package = Path(sql_files.__file__).parents[1]
    program = "\n".join(file.read_text(encoding="utf-8") for file in package.rglob("*.py"))
    program += "\n".join(
        path.read_text(encoding="utf-8") for path in Path(str(sql_files.find_sql_folder())).glob("*/*.sql")
    )
    used = set(re.findall(r"\b[a-z_]+/[a-z0-9_]+\b", program))
    used |= {f"writes/insert_{kind.value}" for kind in ReadingKind}
    used |= {f"reads/select_{dimension.value}_names" for dimension in Dimension}
    steps = [_select_steps(flavour, flavour) for flavour in ServerFlavour]
    used |= {f"maintenance/{name}" for step in steps for name in step.partitioning + step.retention}
    assert [name for name in list_statement_names() if name not in used] == []


def test_an_include_is_replaced_by_its_file() -> None:
    assert "(clean)s" in sql_files.read_statement("batches/count_batches")
    assert not [name for name in list_statement_names() if "-- include" in sql_files.read_statement(name)]
