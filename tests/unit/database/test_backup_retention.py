"""Old backups go, and nothing else of the folder; a role in place of that of the settings."""

from pathlib import Path

from msgspec.structs import replace

from dosing_tui.config.settings import DatabaseSettings, Settings
from dosing_tui.database.backup.manifest import MANIFEST_FILE
from dosing_tui.database.backup.retention import remove_old_backups
from dosing_tui.database.connection import describe_target, use_role


def make_backup(folder: Path, name: str, *, complete: bool = True) -> Path:
    (folder / name).mkdir()
    if complete:
        (folder / name / MANIFEST_FILE).write_text("{}")
    return folder / name


def test_the_newest_backups_of_the_site_stay_and_what_is_none_of_them(tmp_path: Path) -> None:
    days = [make_backup(tmp_path, f"dosing-plant1-202611{day:02}T023000Z") for day in (3, 1, 4, 2)]
    others = [
        make_backup(tmp_path, "dosing-plant10-20260101T000000Z"),
        make_backup(tmp_path, "dosing-plant1-20260101T000000Z.partial"),
        make_backup(tmp_path, "dosing-plant1-20260102T000000Z", complete=False),
        make_backup(tmp_path, "of-the-plant"),
    ]
    assert remove_old_backups(tmp_path, "plant1", 2) == [days[1], days[3]]
    assert sorted(tmp_path.iterdir()) == sorted([days[0], days[2], *others])
    assert remove_old_backups(tmp_path, "plant1", 2) == []


def test_another_role_takes_the_place_of_that_of_the_settings() -> None:
    for dsn in ("host=db1 dbname=plant user=dosing_writer", "postgresql://dosing_writer@db1/plant"):
        settings = replace(Settings(), database=DatabaseSettings(dsn=dsn, password="secret"))
        changed = use_role(settings, "dosing_owner")
        target = describe_target(changed)
        assert (target.user, target.host, target.database) == ("dosing_owner", "db1", "plant")
        assert changed.database.password == "secret"
