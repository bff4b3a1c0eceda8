"""What a process and its children use of processor and memory, as Linux counts it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from tests.support.os_processes import list_children, read_memory

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
SAMPLE_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class ProcessTree:
    pid: int

    def count_cpu_seconds(self) -> float:
        """Of all cores so far, ended children included."""
        return sum(map(count_cpu_seconds, self._list_pids()))

    def count_processes(self) -> int:
        return len(self._list_pids())

    def measure_pss_mb(self) -> float:
        """Proportional set size: a page shared by n processes counts as 1/n of it. In MiB."""
        return sum(read_memory(pid).pss_mb for pid in self._list_pids())

    def _list_pids(self) -> list[int]:
        return [self.pid, *list_children(self.pid)]


@dataclass(slots=True)
class PeakMemory:
    tree: ProcessTree
    pss_mb: float = 0.0
    _ended: Event = field(default_factory=Event)

    @contextmanager
    def watch(self) -> Iterator["PeakMemory"]:
        """Samples until the end of the block."""
        thread = Thread(target=self._sample, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            thread.join()

    def _sample(self) -> None:
        while not self._ended.wait(SAMPLE_EVERY_S):
            self.pss_mb = max(self.pss_mb, self.tree.measure_pss_mb())


def count_cpu_seconds(pid: int) -> float:
    """User and system time of a process and of its children that have ended; 0 when it is not there."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / TICKS_PER_S
    return 0.0


def find_parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
