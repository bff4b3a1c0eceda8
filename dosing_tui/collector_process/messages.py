"""What the console's process and the collector's say to each other. A command would be one more record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from dosing_tui.config.settings import Settings
from dosing_tui.domain.messages.models import Reading


@dataclass(frozen=True, slots=True)
class Begin:
    """The first thing said. Passwords travel in it, and nowhere else."""

    settings: Settings
    known: tuple[Reading, ...] = ()
    """What the screen shows already, the oldest first: a collector that died left it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The last news were taken: there is room for the next."""


ToCollector: TypeAlias = Begin | Taken


@dataclass(frozen=True, slots=True)
class News:
    """Fields of the picture that have changed, each packed by itself. Without any it is a sign of life."""

    fields: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Logged:
    """A line for the log, of which the console's process is the only writer."""

    logger: str
    level: int
    text: str
    trace: str = ""


ToConsole: TypeAlias = News | Logged
