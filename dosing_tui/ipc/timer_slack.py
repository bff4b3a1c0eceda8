"""How much later the waits of a thread may end, so that several of them wake the processor only once."""

import threading
from contextlib import suppress
from pathlib import Path

PROMPT_S = 50e-6
"""Linux's own."""


def set_timer_slack(seconds: float) -> None:
    """Of the calling thread, and of each that it starts. Nothing where the system does not know it."""
    with suppress(OSError):
        Path(f"/proc/{threading.get_native_id()}/timerslack_ns").write_text(f"{seconds * 1e9:.0f}")
