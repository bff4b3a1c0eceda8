"""Messages between the console and its collector process."""

import logging
from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct

from dosing_tui.config.settings import Settings
from dosing_tui.domain.messages.models import Reading
from dosing_tui.live_snapshot import DatabaseFault


class StartCollector(Struct, frozen=True):
    """The first message, and the only one with passwords."""

    settings: Settings
    initial_readings: tuple[Reading, ...] = ()
    """Readings on the screen, from an earlier collector process; oldest first."""


class UpdateAck(Struct, frozen=True):
    """The console has applied the last StateUpdate; the next one may be sent."""

    console_faults: tuple[DatabaseFault, ...] = ()
    """What the database refuses to the console, for the alarms."""


MessageToCollector: TypeAlias = StartCollector | UpdateAck


class StateUpdate(Struct, frozen=True):
    """Changed fields of the live snapshot, each pickled on its own. Empty: a heartbeat."""

    fields: Mapping[str, bytes]


MessageToConsole: TypeAlias = StateUpdate | logging.LogRecord
"""A log record is for the log file, which only the console writes."""
