"""A backup that is ended leaves nothing; what a killed one left goes with the next."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from dosing_tui.database.backup.dump import back_up_database
from dosing_tui.errors import DatabaseAccessError
from tests.support.database.reading_samples import settings_for
from tests.support.polling import wait_until

pytestmark = pytest.mark.new_database

WAITING: LiteralString = """
SELECT count(*) FROM pg_stat_activity
 WHERE application_name = 'dosing-tui/backup' AND wait_event_type = 'Lock' AND datname = current_database()
"""


@contextmanager
def start_backup(dsn: str, target: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {
        **os.environ, "DOSING_DATABASE_DSN": dsn, "DOSING_COLLECTOR_SPOOL_DIR": str(target.parent / "spool"),
        "DOSING_TUI_CONFIG": str(target.parent / "config.toml"),
    }  # fmt: skip
    (target.parent / "config.toml").touch()
    command = (sys.executable, "-m", "dosing_tui", "backup", str(target))
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def terminate_waiting(watcher: "psycopg.Connection[tuple[int]]") -> None:
    """The session of a killed process waits on: the server does not look while it waits for a lock."""
    watcher.execute(WAITING.replace("count(*)", "pg_terminate_backend(pid)").encode())


def wait_for_another_second(target: Path) -> None:
    """The folders of backups are named by it."""
    (folder,) = target.iterdir()
    wait_until(lambda: f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}" not in folder.name)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_an_ended_backup_leaves_nothing_and_a_killed_one_until_the_next(
    migrated: str, tmp_path: Path, number: signal.Signals
) -> None:
    """A locked table holds each of them up at the same place."""
    target = tmp_path / "backups"
    with psycopg.connect(migrated) as holder, psycopg.connect(migrated, autocommit=True) as watcher:
        holder.execute("LOCK TABLE operator_notes")

        def wait_until_held(count: int) -> None:
            wait_until(lambda: watcher.execute(WAITING).fetchone() == (count,))

        with start_backup(migrated, target) as process:
            wait_until_held(1)
            assert len(list(target.iterdir())) == 1
            process.send_signal(number)
            assert process.wait(30) == 128 + number
            assert not target.exists()
        wait_until_held(0)
        if number is signal.SIGHUP:
            return
        with start_backup(migrated, target) as process:
            wait_until_held(1)
            process.kill()
            process.wait(30)
        (left,) = target.iterdir()
        terminate_waiting(watcher)
        wait_until_held(0)  # or the next wait would see that session
        wait_for_another_second(target)
        with start_backup(migrated, target) as running:
            wait_until_held(1)
            assert left not in target.iterdir()
            wait_for_another_second(target)
            with start_backup(migrated, target) as second:
                wait_until_held(2)  # the folder of one that is running stays
                assert len(list(target.iterdir())) == 2
                second.send_signal(signal.SIGTERM)
                second.wait(30)
            running.send_signal(signal.SIGTERM)
            _, printed = running.communicate(timeout=30)
    assert f"Removed {left}, an unfinished backup." in printed
    assert list(target.iterdir()) == []


def test_a_refused_backup_leaves_no_folder_that_it_made(database: str, tmp_path: Path) -> None:
    """The database has no schema; what was there before stays."""
    for target, is_left in ((tmp_path / "new" / "backups", False), (tmp_path / "old", True)):
        if is_left:
            target.mkdir()
        with pytest.raises(DatabaseAccessError, match="no schema yet"):
            back_up_database(settings_for(database), target, now=datetime.now(UTC), texts={}, spool_file=None)
        assert list(tmp_path.iterdir()) == ([target] if is_left else [])
