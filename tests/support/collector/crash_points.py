"""The collector, dying by its own hand at one exact point of its work.

``python -m tests.support.collector.crash_points POINT NTH --config FILE collect``: the NTH time it gets
there, it stops for a moment, so that what was handed to other threads is done, and is gone.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from dosing_tui.cli.main import main
from dosing_tui.collector.spool.spool import Spool
from dosing_tui.collector.spool.spool_file import SpoolFile
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.live_state import LiveState

POINTS: dict[str, tuple[type, str, bool]] = {
    "before-the-spool": (SpoolFile, "append_messages", False),
    "between-spool-and-acknowledgement": (SpoolFile, "append_messages", True),
    "after-the-acknowledgement": (LiveState, "count_messages", False),
    "before-the-commit": (ReadingWriter, "write", False),
    "between-commit-and-its-entry": (ReadingWriter, "write", True),
    "after-its-entry": (Spool, "confirm_progress", True),
}
"""Whose method, and whether it is done before the end."""


def die_there(point: str, nth: int) -> None:
    owner, name, done_first = POINTS[point]
    work: Callable[..., Any] = getattr(owner, name)
    times = 0

    def work_and_die(*args: object, **kwargs: object) -> object:
        nonlocal times
        times += 1
        answer = work(*args, **kwargs) if times < nth or done_first else None
        if times == nth:
            time.sleep(0.3)
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(owner, name, work_and_die)


if __name__ == "__main__":
    die_there(sys.argv[1], int(sys.argv[2]))
    main(sys.argv[3:])
