"""A collector's process kept by the test's own, and what is seen of it."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from dosing_tui.collector_process.child_process import PROGRAM
from dosing_tui.collector_process.remote_live_state import Mirror
from dosing_tui.collector_process.supervisor import Keeper, Patience
from dosing_tui.config.settings import Settings
from dosing_tui.live_state import Link, Picture, Role

QUICK = Patience(silent_s=0.5, again_s=0.5)


@dataclass(slots=True)
class Kept:
    keeper: Keeper
    mirror: Mirror

    @property
    def picture(self) -> Picture:
        return self.mirror.picture(now())

    @property
    def ready(self) -> bool:
        picture = self.picture
        up = picture.broker.link is Link.UP and picture.database.link is Link.UP
        return up and picture.role is Role.COLLECTING

    def signal(self, number: signal.Signals) -> int:
        """Answers which process got it."""
        process = self.picture.process
        assert process, "no process has told anything yet; 0 would be this test's own group"
        os.kill(process, number)
        return process


@contextmanager
def kept(
    settings: Settings, *, patience: Patience = QUICK, program: Sequence[str] = PROGRAM
) -> Iterator[Kept]:
    mirror = Mirror()
    keeper = Keeper(settings, mirror, clock=now, patience=patience, program=program)
    keeper.start()
    try:
        yield Kept(keeper, mirror)
    finally:
        keeper.stop()


def now() -> datetime:
    return datetime.now(UTC)
