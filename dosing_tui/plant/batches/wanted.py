"""Which batches somebody asks for, as it is written."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """'' and () are all. One of ``since`` (with ``until``), ``range`` and ``shift`` names a range."""

    since: str = ""
    until: str = ""
    range: str = ""
    shift: str = ""
    device: tuple[str, ...] = ()
    recipe: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    unreviewed: bool = False
    exceptions: bool = False
    most: int = 100
    """So many of the newest."""
