"""What the system says of processes."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

KIB_PER_MIB = 1024


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """In MiB. ``pss_mb``: a page shared by n processes counts as 1/n of it; ``rss_mb``: as a whole."""

    pss_mb: float = 0.0
    rss_mb: float = 0.0


def is_alive(pid: int) -> bool:
    """A zombie is not: its parent may have been killed, and nobody has read its end yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def list_children(pid: int) -> list[int]:
    """The process's children and theirs; none of a process or thread that ended meanwhile."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                for child in map(int, (task / "children").read_text().split()):
                    found += [child, *list_children(child)]
    return found


def read_memory(pid: int) -> MemoryUse:
    """Nothing of a process that has ended."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        kib = {name: int(rest.split()[0]) for name, rest in (line.split(":", 1) for line in lines)}
        return MemoryUse(kib["Pss"] / KIB_PER_MIB, kib["Rss"] / KIB_PER_MIB)
    return MemoryUse()
