"""Files and folders that others could change are refused, with the command against it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from dosing_tui.cli.main import EXIT_ERROR, main
from dosing_tui.config.loader import load_settings
from dosing_tui.config.secrets import describe_foreign_access
from dosing_tui.errors import ConfigError


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    folder = tmp_path / "etc"
    folder.mkdir(mode=0o755)
    path = folder / "config.toml"
    path.write_text('[plant]\nname = "Plant 2"\n')
    path.chmod(0o644)
    return path


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o400])
def test_a_file_that_only_its_owner_writes_is_read(settings_file: Path, mode: int) -> None:
    settings_file.chmod(mode)
    assert load_settings(settings_file, {}).settings.plant.name == "Plant 2"


@pytest.mark.parametrize("mode", [0o646, 0o666, 0o602])
def test_a_settings_file_that_others_may_write_is_refused(settings_file: Path, mode: int) -> None:
    settings_file.chmod(mode)
    sentence = f"{settings_file} can be written by others; run chmod go-w {settings_file}."
    with pytest.raises(ConfigError, match="can be written by others"):
        load_settings(settings_file, {})
    result = CliRunner().invoke(main, ["--config", str(settings_file), "config", "show"])
    assert (result.exit_code, sentence in result.stderr) == (EXIT_ERROR, True)


def test_a_folder_in_which_others_may_exchange_the_file_is_refused(settings_file: Path) -> None:
    settings_file.parent.chmod(0o777)
    with pytest.raises(ConfigError, match=f"run chmod go-w {settings_file.parent}"):
        load_settings(settings_file, {})
    settings_file.parent.chmod(0o1777)
    assert load_settings(settings_file, {}).settings.plant.name == "Plant 2"


def test_a_link_is_as_safe_as_the_file_and_both_folders(settings_file: Path, tmp_path: Path) -> None:
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    open_folder.chmod(0o777)
    link = open_folder / "config.toml"
    link.symlink_to(settings_file)
    assert f"chmod go-w {open_folder}" in describe_foreign_access(link)
    open_folder.chmod(0o755)
    assert describe_foreign_access(link) == ""


def test_a_shared_group_counts_as_others(settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings_file.chmod(0o664)
    real = settings_file.stat()
    if real.st_gid == real.st_uid:
        assert describe_foreign_access(settings_file) == "", "the owner's own group"
    else:
        assert "chmod go-w" in describe_foreign_access(settings_file)
