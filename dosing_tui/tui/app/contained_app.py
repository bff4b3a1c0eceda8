"""An app that goes on after an exception of a handler, and leaves a screen that cannot be shown."""

from typing import Any, TypeVar

from textual import events
from textual._context import active_message_pump
from textual.app import App
from textual.dom import DOMNode
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen

from dosing_tui.tui.containment.contained_driver import ContainedDriver
from dosing_tui.tui.containment.contained_pump import ContainedPump, describe_part, name_in_words
from dosing_tui.tui.containment.part_guard import PartGuard
from dosing_tui.tui.widgets.closable_screen import ClosableScreen

Result = TypeVar("Result")
_LOWEST_SCREENS = 2
"""Textual's own blank one, and the one that all others lie upon."""


class ContainedApp(ContainedPump, App[Result]):
    """It ends only where nothing is left to go on with: before its first screen is there."""

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self.guard = PartGuard(self.show_to_test)
        self._is_begun = False

    def get_driver_class(self) -> type[Driver]:
        chosen = super().get_driver_class()
        return ContainedDriver if chosen is LinuxDriver else chosen

    def note_failure(self, work: str, error: Exception) -> None:
        """What somebody asked for has failed."""
        self.guard.note_failure(work, error)

    async def _dispatch_message(self, message: Message) -> None:
        await super()._dispatch_message(message)
        self._is_begun |= isinstance(message, events.Mount)

    def _handle_exception(self, error: Exception) -> None:
        """What comes here is of no handler: a part could not be built or drawn."""
        pump = active_message_pump.get(self)
        screen = next((one for one in self.screen_stack if one in _list_ancestors(pump)), None)
        if not self._is_begun or not self._running:
            self._end_with(error)
        elif screen is not None and not pump._is_mounted:
            if not self._leave_screen(screen, error):
                self._end_with(error)
        else:
            self.guard.note_failure(describe_part(pump, "other work"), error, is_single=True)

    def _end_with(self, error: Exception) -> None:
        self._exception = None  # of all, this is the one that ends it
        super()._handle_exception(error)

    def _leave_screen(self, screen: Screen[object], error: Exception) -> bool:
        """Return to the screen below; False if there is none."""
        stack = self.screen_stack
        if not isinstance(screen, ClosableScreen) or screen not in stack[_LOWEST_SCREENS:]:
            return False
        self.call_later(self._dismiss_failed, screen, error)
        return True

    def _dismiss_failed(self, screen: ClosableScreen[Any], error: Exception) -> None:
        if not screen.is_closed:
            screen.dismiss(None)
            # behind what its owner does when it closes: the sentence is for the screen below
            self.call_later(self.note_failure, f"The {name_in_words(type(screen))}", error)

    def show_to_test(self, error: Exception) -> None:
        """As Textual does with what ends it: ``run_test`` raises it at the end."""
        if self.is_headless and self._exception is None:
            self._exception = error
            self._exception_event.set()


def _list_ancestors(pump: MessagePump) -> list[DOMNode]:
    return pump.ancestors_with_self if isinstance(pump, DOMNode) else []
