"""A restored database is not all: what waited in the spool has to be put where the collector reads it."""

from contextlib import closing
from pathlib import Path

from dosing_tui.cli.upkeep.backup import describe_waiting_readings
from dosing_tui.collector.context.local_state import get_spool_folder
from dosing_tui.collector.spool.spool import Spool
from dosing_tui.config.settings import CollectorSettings, Settings
from dosing_tui.database.backup.dump import SPOOL_COPY, _copy_spool
from tests.unit.collector.spool.test_spool import make_arrival


def save_spool(folder: Path, messages: int) -> Path:
    """The folder of a backup of a spool with so many messages of two readings."""
    source, backup = folder / "source", folder / "backup"
    source.mkdir()
    backup.mkdir()
    with closing(Spool(source, max_mb=10, publish_counts=lambda counts: None)) as spool:
        if messages:
            spool.append_messages(
                [make_arrival(number, count=2) for number in range(1, messages + 1)], expire_before=0
            )
        _copy_spool(source / "spool.sqlite", backup / SPOOL_COPY)
    return backup


def test_restore_says_where_the_spool_of_the_backup_belongs(tmp_path: Path) -> None:
    settings = Settings(collector=CollectorSettings(spool_dir=str(tmp_path / "spools")))
    backup = save_spool(tmp_path, messages=3)
    said = describe_waiting_readings(backup, settings)
    assert said.startswith("6 readings of the spool may not be in the dump")
    assert f"copy {backup / 'spool.sqlite'} to {get_spool_folder(settings) / 'spool.sqlite'} " in said


def test_restore_says_nothing_of_a_spool_in_which_nothing_waits(tmp_path: Path) -> None:
    assert describe_waiting_readings(save_spool(tmp_path, messages=0), Settings()) == ""
    assert describe_waiting_readings(tmp_path, Settings()) == ""
