"""Operator commands entered while the database is unavailable, on disk for this machine's collector.

The collector may be the console's own process or a service. Without one on this machine they are refused.
"""

import fcntl
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from dosing_tui.collector.alarms.journal_outbox import FILE_NAME, JournalOutbox, decode_entry
from dosing_tui.collector.context.local_state import get_spool_folder, is_last_collector
from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms.models import JournalEntry
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.errors import SpoolError

UNJOURNALED_AFTER = timedelta(minutes=1)
SELECT_COMMANDS = """
SELECT entry FROM entries WHERE seq IN (SELECT seq FROM taken) UNION ALL SELECT entry FROM asked
"""


def store_commands(settings: Settings, entries: Sequence[JournalEntry]) -> None:
    """Store all entries or none, on disk on return. The journal marks them as offline: no role was verified.

    Raises: SpoolError when no process of this machine collects for the site, or when the write fails.
    """
    folder = get_spool_folder(settings)
    if not (is_last_collector(folder) and _has_spool_owner(folder)):
        raise SpoolError(
            f"No process of this machine collects for site {settings.plant.site}: the command cannot be kept"
            " until the database is available. Repeat it on the collector's machine."
        )
    with closing(JournalOutbox(folder)) as outbox:
        outbox.add_operator_commands([replace(entry, offline=True) for entry in entries])


class OfflineCommands:
    """Reads the pending commands of this machine, for processes that show alarms without collecting."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._file_stamp: tuple[int, ...] = ()

    def read_new(self) -> list[JournalEntry]:
        """The pending commands; empty if the file has not changed since the last call."""
        stamp = tuple(_get_mtime(self._path.with_name(name)) for name in (FILE_NAME, f"{FILE_NAME}-wal"))
        if stamp == self._file_stamp or not self._path.exists():
            return []
        try:
            entries = _select_commands(self._path)
        except sqlite3.Error:
            return []  # not essential: the journal shows them when it is available again
        self._file_stamp = stamp
        return entries


def list_kept_commands(settings: Settings) -> list[JournalEntry]:
    """The commands of this machine that are not journaled yet. Raises: SpoolError."""
    path = get_spool_folder(settings) / FILE_NAME
    try:
        return _select_commands(path) if path.exists() else []
    except sqlite3.Error as error:
        raise SpoolError(f"The alarm file {path} cannot be read: {error}.") from error


def _select_commands(path: Path) -> list[JournalEntry]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as sql:
        return [decode_entry(text) for (text,) in sql.execute(SELECT_COMMANDS).fetchall()]


def explain_unjournaled(settings: Settings, now: datetime) -> str:
    """How many alarm entries of this machine wait for the journal for longer than a minute; '' for none."""
    path = get_spool_folder(settings) / FILE_NAME
    if not path.exists():
        return ""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as sql:
            texts = sql.execute("SELECT entry FROM entries ORDER BY seq").fetchall()
        waiting = [now - decode_entry(text).received_at for (text,) in texts]
    except (sqlite3.Error, SpoolError):
        return f"The alarm entries of this machine that wait for the journal cannot be read ({path})."
    if not waiting or max(waiting) < UNJOURNALED_AFTER:
        return ""
    minutes = max(waiting) // timedelta(minutes=1)
    count = count_noun(len(waiting), "alarm entry", "alarm entries")
    return f"{count} of this machine not journaled yet, the oldest for {minutes} min."


def _get_mtime(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_mtime_ns
    return 0


def _has_spool_owner(folder: Path) -> bool:
    """Whether a process owns the spool."""
    try:
        with (folder / "spool.lock").open() as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
