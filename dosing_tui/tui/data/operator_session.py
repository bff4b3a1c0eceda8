"""Who is signed on at the console, and until when."""

import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms.models import Actor
from dosing_tui.domain.alarms.operator_commands import CommandContext
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.quantities.quantity_text import format_duration

MAX_CONSOLE_NAME = 30
"""Cells; with the words around it a console's name fits the journal's column."""


class SignedOnOperator(Struct, frozen=True):
    """``is_verified``: the database has checked the person's PIN."""

    name: str
    since: datetime
    is_verified: bool


class OperatorSession:
    """Only ``sign_on`` makes somebody the author of what keys do; a name in a form is for that form alone.

    A sign-on ends by ``sign_off``, at a change of shift, and ``console.sign_off_minutes`` after the last key.
    Each of these, and each sign-on, begins another ``turn``: what was asked for before it signs nobody on.
    """

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._calendar, self._zone = settings.calendar, ZoneInfo(settings.plant.timezone)
        self._longest_pause = timedelta(minutes=settings.console.sign_off_minutes)
        console = clean_text(settings.console.name or socket.gethostname(), limit=MAX_CONSOLE_NAME)
        self.anonymous_name = f"console {console}, nobody signed on"
        """In the journal, while nobody is."""
        self._clock = clock
        self._operator: SignedOnOperator | None = None
        self._shift_start = self._get_shift_start()
        """Start of the shift of this turn; None where there are no shifts."""
        self._last_input_at = clock()
        self._is_deserted = False
        """The longest pause is over, and no key has come since."""
        self._turn = 0
        self._notice = ""

    @property
    def operator(self) -> SignedOnOperator | None:
        self._end_if_due()
        return self._operator

    @property
    def name(self) -> str:
        """'' while nobody is signed on."""
        return self.operator.name if self.operator else ""

    @property
    def turn(self) -> int:
        """Number that changes whenever another person may have come to the console."""
        self._end_if_due()
        return self._turn

    def create_turn_check(self) -> Callable[[], bool]:
        """A function: whether another turn has begun since it was created, or since it last returned True."""
        turn = self.turn

        def has_changed() -> bool:
            nonlocal turn
            before, turn = turn, self.turn
            return turn != before

        return has_changed

    def sign_on(self, name: str, *, turn: int, is_verified: bool = False) -> bool:
        """In place of the one before. ``name`` is not empty.

        ``turn``: that of the request. Returns False and signs nobody on if another turn has begun since.
        """
        if turn != self.turn:
            return False
        now = self._clock()
        self._begin_turn(SignedOnOperator(name, now, is_verified))
        self._last_input_at = now
        return True

    def sign_off(self) -> None:
        self._begin_turn(None)

    def _begin_turn(self, operator: SignedOnOperator | None, notice: str = "") -> None:
        self._operator, self._notice = operator, notice
        self._shift_start, self._turn = self._get_shift_start(), self._turn + 1

    def note_input(self) -> None:
        """A key or a click: the time without one begins again. A sign-on that has ended stays so."""
        self._end_if_due()
        self._last_input_at, self._is_deserted = self._clock(), False

    def take_notice(self) -> str:
        """Why the operator has been signed off, in one sentence, once; '' if that has not happened."""
        self._end_if_due()
        notice, self._notice = self._notice, ""
        return notice

    def build_command_context(self, name: str = "") -> CommandContext:
        """For alarm commands; ``name`` is one entered for this command alone.

        Without a name it is the console's. The account is added where the journal is written.
        """
        return CommandContext(Actor(name or self.name or self.anonymous_name), self._clock())

    def _end_if_due(self) -> None:
        """End the turn at a shift change or after a pause. Without an operator, too: it drops a PIN check."""
        reason = ""
        if self._get_shift_start() != self._shift_start:
            reason = "the shift has changed"
        elif not self._is_deserted and self._has_pause_ended():
            self._is_deserted = True
            reason = f"no key for {format_duration(self._longest_pause.total_seconds())}"
        if reason:
            operator = self._operator
            self._begin_turn(None, f"{operator.name} was signed off: {reason}." if operator else self._notice)

    def _has_pause_ended(self) -> bool:
        pause = abs(self._clock() - self._last_input_at)
        return bool(self._longest_pause) and pause >= self._longest_pause

    def _get_shift_start(self) -> datetime | None:
        return self._calendar.get_duty_start(self._clock(), self._zone)
