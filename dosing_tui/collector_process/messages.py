"""Messages between the console and its collector process."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from dosing_tui.config.settings import Settings
from dosing_tui.domain.messages.models import Reading


@dataclass(frozen=True, slots=True)
class StartCollector:
    """The first message, and the only one with passwords."""

    settings: Settings
    initial_readings: tuple[Reading, ...] = ()
    """Readings on the screen, from an earlier collector process; oldest first."""


@dataclass(frozen=True, slots=True)
class UpdateAck:
    """The console has applied the last StateUpdate; the next one may be sent."""


MessageToCollector: TypeAlias = StartCollector | UpdateAck


@dataclass(frozen=True, slots=True)
class StateUpdate:
    """Changed fields of the live snapshot, each pickled on its own. Empty: a heartbeat."""

    fields: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line for the log file, which only the console writes."""

    logger: str
    level: int
    text: str
    trace: str = ""


MessageToConsole: TypeAlias = StateUpdate | LogLine
