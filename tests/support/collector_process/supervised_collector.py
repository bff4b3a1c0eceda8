"""A collector's process kept by the test's own, and what is seen of it."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from dosing_tui.collector_process.child_process import PROGRAM_ARGS
from dosing_tui.collector_process.remote_live_state import RemoteLiveState
from dosing_tui.collector_process.supervisor import CollectorSupervisor, SupervisorTimeouts
from dosing_tui.config.settings import Settings
from dosing_tui.ipc.supervised_thread import RetryDelay
from dosing_tui.live_snapshot import LinkStatus, LiveSnapshot, Role

QUICK = SupervisorTimeouts(silence_s=0.5, restart=RetryDelay(0.5, 30, 0))


@dataclass(slots=True)
class SupervisedCollector:
    keeper: CollectorSupervisor
    mirror: RemoteLiveState

    @property
    def picture(self) -> LiveSnapshot:
        return self.mirror.get_snapshot(get_now())

    @property
    def ready(self) -> bool:
        picture = self.picture
        up = picture.broker.status is LinkStatus.UP and picture.database.status is LinkStatus.UP
        return up and picture.role is Role.COLLECTOR

    def send_signal(self, number: signal.Signals) -> int:
        """Answers which process got it."""
        process = self.picture.process_number
        assert process, "no process has told anything yet; 0 would be this test's own group"
        os.kill(process, number)
        return process


@contextmanager
def supervise_collector(
    settings: Settings, *, patience: SupervisorTimeouts = QUICK, program: Sequence[str] = PROGRAM_ARGS
) -> Iterator[SupervisedCollector]:
    mirror = RemoteLiveState()
    keeper = CollectorSupervisor(settings, mirror, clock=get_now, timeouts=patience, program=program)
    keeper.start()
    try:
        yield SupervisedCollector(keeper, mirror)
    finally:
        keeper.stop()


def get_now() -> datetime:
    return datetime.now(UTC)
