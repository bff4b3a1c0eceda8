"""Nobody but its owner reads the spool, and nobody else may write where it is."""

import stat
from pathlib import Path

import pytest

from dosing_tui.collector.alarms.journal_outbox import open_outbox
from dosing_tui.collector.spool.spool import Spool
from dosing_tui.errors import SpoolError


def list_modes(folder: Path) -> dict[str, str]:
    return {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in folder.iterdir()}


@pytest.mark.parametrize("kept_mode", [None, 0o644])
def test_every_file_of_the_spool_is_its_owners_alone(tmp_path: Path, kept_mode: int | None) -> None:
    """Also the files that an earlier version left open."""
    folder = tmp_path / "spool"
    for _ in range(1 if kept_mode is None else 2):
        spool = Spool(folder, max_mb=10, publish_counts=lambda _counts: None)
        outbox = open_outbox(folder, print)
        modes = list_modes(folder)
        spool.close()
        outbox.close()
        if kept_mode is not None:
            for path in folder.iterdir():
                path.chmod(kept_mode)
    assert len(modes) >= 3
    assert set(modes.values()) == {"0o600"}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o777, 0o702, 0o1777])
def test_a_spool_folder_that_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "spool"
    folder.mkdir()
    folder.chmod(mode)
    sentence = f"^The spool folder {folder} can be written by others; run chmod go-w {folder}"
    with pytest.raises(SpoolError, match=sentence):
        Spool(folder, max_mb=10, publish_counts=lambda _counts: None)
    folder.chmod(0o755)
    Spool(folder, max_mb=10, publish_counts=lambda _counts: None).close()
