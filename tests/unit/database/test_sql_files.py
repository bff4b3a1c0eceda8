"""The SQL files are found, and each says in its first line what it is for."""

import pytest

from dosing_tui.database import sql_files
from dosing_tui.database.server_flavour import ServerFlavour

FOLDERS = ["maintenance", "panels", "reads", "trends", "writes", "schema/adoption"] + [
    f"schema/{folder}" for flavour in ServerFlavour for folder in flavour.schema_folders
]


def test_a_statement_is_read_by_its_name() -> None:
    assert "CREATE TABLE dosing_consumption" in sql_files.read_statement("schema/any/0001_tables")


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
