"""Where the stations' counters stand between two runs of the collector, so that a loss in between is seen.

Written at a clean end and taken away at the start: after a crash the count starts again, as it does after
another process has collected.
"""

import json
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from dosing_tui.collector.context.private_files import prepare_private_file
from dosing_tui.domain.presence.counter_run import SavedRun
from dosing_tui.errors import SpoolError

FILE_NAME = "station-counters.json"
MAX_BYTES = 16 * 1024 * 1024
SavedCounters = dict[str, list[SavedRun]]

log = logging.getLogger(__name__)


def save_counters(folder: Path, epoch: int | None, counters: SavedCounters) -> None:
    """``epoch``: number of this process's election; None without one. A full disk is not an error."""
    temporary = folder / f"{FILE_NAME}.new"
    try:
        prepare_private_file(temporary)
        temporary.write_text(json.dumps({"epoch": epoch, "stations": counters}))
        os.replace(temporary, folder / FILE_NAME)
    except (OSError, SpoolError) as error:
        log.warning("the stations' counters are not kept: %s", error)
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def take_counters(folder: Path, epoch: int | None) -> SavedCounters:
    """Those of this election or the one before; empty if another process was elected in between."""
    path = folder / FILE_NAME
    try:
        text = path.read_text() if path.stat().st_size <= MAX_BYTES else "{}"
        path.unlink()
        saved: dict[str, Any] = json.loads(text)
        before = saved["epoch"]
        if before != epoch and (before is None or epoch is None or epoch != before + 1):
            return {}
        return {str(name): [SavedRun.read(run) for run in runs] for name, runs in saved["stations"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        log.warning("the stations' counters start again: %s", error)
        return {}
