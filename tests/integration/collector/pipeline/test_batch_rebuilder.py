"""Batches are rebuilt where it costs least: a process is started for what takes long, and ended again."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dosing_tui.collector.pipeline.batch_rebuilder import OnDemandRebuild
from dosing_tui.ipc.subprocess_call import SubprocessCall
from tests.integration.ipc.test_subprocess_call import note_pid, read_pids
from tests.support.os_processes import is_alive


@dataclass
class Work:
    """A SmallRebuild that does ``is_small`` work."""

    is_small: bool = True
    is_closed: bool = False

    def try_rebuild(self) -> bool:
        return self.is_small

    def close(self) -> None:
        self.is_closed = True


def test_a_process_is_started_for_what_takes_long_and_ended_when_it_is_not_needed(tmp_path: Path) -> None:
    work, pids = Work(), tmp_path / "pids"
    call = SubprocessCall(partial(note_pid, pids))
    rebuild = OnDemandRebuild(work, call, idle_s=3_600)
    rebuild()
    assert read_pids(pids) == []
    work.is_small = False
    rebuild()
    rebuild()
    first, second = read_pids(pids)
    assert first == second
    work.is_small = True
    rebuild()
    assert is_alive(first)
    OnDemandRebuild(work, call, idle_s=0)()
    assert not is_alive(first)
    work.is_small = False
    rebuild()
    assert len(read_pids(pids)) == 3
    rebuild.abort_call()
    rebuild.close()
    assert work.is_closed
    assert not any(map(is_alive, read_pids(pids)))


def test_a_process_is_not_kept_for_the_long_pause_after_what_took_long(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    rebuild = OnDemandRebuild(Work(is_small=False), SubprocessCall(partial(note_pid, pids)), idle_s=1e-6)
    rebuild()
    (pid,) = read_pids(pids)
    assert not is_alive(pid)
    rebuild.close()
