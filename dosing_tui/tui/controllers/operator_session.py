"""The operator at the console: a name is valid for the shift in which it was entered."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms.models import Actor
from dosing_tui.domain.alarms.operator_commands import CommandContext


class OperatorSession:
    """Holds the name that was entered last."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._calendar, self._zone = settings.calendar, ZoneInfo(settings.plant.timezone)
        self._clock = clock
        self._entered_name = ""
        self._entered_in: datetime | None = None
        """Start of the shift in which it was entered; None where there are no shifts."""

    @property
    def name(self) -> str:
        """'' before a name was entered, and in another shift."""
        return self._entered_name if self._get_shift_start() == self._entered_in else ""

    @name.setter
    def name(self, name: str) -> None:
        self._entered_name, self._entered_in = name, self._get_shift_start()

    @property
    def is_new_shift(self) -> bool:
        """A name was entered in an earlier shift: the operator may have changed."""
        return bool(self._entered_name) and not self.name

    def build_command_context(self) -> CommandContext:
        """For alarm commands. The account is added where the journal is written."""
        return CommandContext(Actor(self.name), self._clock())

    def _get_shift_start(self) -> datetime | None:
        return self._calendar.get_duty_start(self._clock(), self._zone)
