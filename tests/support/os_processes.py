"""What the system says of processes."""

from contextlib import suppress
from pathlib import Path


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
