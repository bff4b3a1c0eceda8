"""Messages between the console and its collector process."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from dosing_tui.config.settings import Settings
from dosing_tui.domain.messages.models import Reading


@dataclass(frozen=True, slots=True)
class StartCollector:
    """The first thing said. Passwords travel in it, and nowhere else."""

    settings: Settings
    initial_readings: tuple[Reading, ...] = ()
    """What the screen shows already, the oldest first: a collector that died left it."""


@dataclass(frozen=True, slots=True)
class UpdateAck:
    """The last news were taken: there is room for the next."""


MessageToCollector: TypeAlias = StartCollector | UpdateAck


@dataclass(frozen=True, slots=True)
class StateUpdate:
    """Fields of the picture that have changed, each packed by itself. Without any it is a sign of life."""

    fields: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line for the log, of which the console's process is the only writer."""

    logger: str
    level: int
    text: str
    trace: str = ""


MessageToConsole: TypeAlias = StateUpdate | LogLine
