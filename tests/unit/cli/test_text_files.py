"""A file in another encoding than UTF-8, as spreadsheets save it, is refused with the line and what to do."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from dosing_tui.cli.main import EXIT_ERROR, main

REMEDY = "line 2 is not UTF-8; save the file as UTF-8 (CSV UTF-8 in a spreadsheet)."


@pytest.mark.parametrize("arguments", [["materials", "import"], ["recipes", "import"]], ids=" ".join)
def test_a_file_of_another_encoding_says_where_and_what_to_do(tmp_path: Path, arguments: list[str]) -> None:
    file = tmp_path / "from_a_spreadsheet.csv"
    file.write_bytes("time;reason\n2026-12-01 00:10;Größe\n".encode("latin-1"))
    settings = tmp_path / "config.toml"
    settings.touch()
    ended = CliRunner().invoke(main, ["--config", str(settings), *arguments, str(file), "--as", "Anna"])
    assert ended.exit_code == EXIT_ERROR
    assert ended.stderr == f"dosing-tui: {file} cannot be read: {REMEDY}\n"


def test_settings_of_another_encoding_say_where(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes('[plant]\nname = "Gießerei"\n'.encode("latin-1"))
    ended = CliRunner().invoke(main, ["--config", str(file), "config", "show"])
    assert ended.exit_code == EXIT_ERROR
    assert ended.stderr == f"dosing-tui: configuration: {file} cannot be read: {REMEDY}\n"
