"""What operators do while the database is away: left on the disk for this machine's collector to journal.

That may be the console's own process or a service. Where none of this machine collects, nothing is taken.
"""

import fcntl
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from dosing_tui.collector.alarms.journal_outbox import FILE, Outbox, decode
from dosing_tui.collector.context.local_state import collected_here, spool_folder
from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms.models import Entry
from dosing_tui.errors import SpoolError

WAITING = """
SELECT entry FROM entries WHERE seq IN (SELECT seq FROM taken) UNION ALL SELECT entry FROM asked
"""


def leave(settings: Settings, entries: Sequence[Entry]) -> None:
    """On the disk on return, all or none; the journal will say that no database role stood behind them.

    Raises: SpoolError when no process of this machine collects for the site, or when the disk takes nothing.
    """
    folder = spool_folder(settings)
    if not (collected_here(folder) and _collecting(folder)):
        raise SpoolError(
            f"No process of this machine collects for site {settings.plant.site}, so nothing here can keep it"
            " until the database is back: do it on the machine that collects."
        )
    with closing(Outbox(folder)) as outbox:
        outbox.ask([replace(entry, offline=True) for entry in entries])


class Letters:
    """What waits on this machine's disk, for who shows alarms without collecting."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._stamp: tuple[int, ...] = ()

    def fresh(self) -> list[Entry]:
        """What operators left there; nothing if the file has not changed since it was last asked."""
        stamp = tuple(_changed(self._file.with_name(name)) for name in (FILE, f"{FILE}-wal"))
        if stamp == self._stamp or not self._file.exists():
            return []
        try:
            with closing(sqlite3.connect(f"{self._file.as_uri()}?mode=ro", uri=True)) as sql:
                rows = sql.execute(WAITING).fetchall()
        except sqlite3.Error:
            return []  # only a courtesy: it shows when the journal is back
        self._stamp = stamp
        return [decode(text) for (text,) in rows]


def _changed(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_mtime_ns
    return 0


def _collecting(folder: Path) -> bool:
    """Some process holds the spool."""
    try:
        with (folder / "spool.lock").open() as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
