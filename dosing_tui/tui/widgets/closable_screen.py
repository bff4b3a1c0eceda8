"""The base of every screen that can be closed: it closes once, and takes no other screen with it."""

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import Screen

from dosing_tui.tui.containment.contained_pump import ContainedPump

Result = TypeVar("Result")


class ClosableScreen(ContainedPump, Screen[Result]):
    """Textual's ``dismiss`` closes the screen on top, whichever it is and as often as it is called."""

    takes_keys_typed_ahead = True
    """Keys typed right behind the one that opened it belong to it, though it was not drawn yet."""
    comes_late = False
    """Opened by an answer of the database, while keys are typed for the screen below."""
    is_closed = False

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close this screen and those above it, which have no result. The first result counts."""
        stack = self.app.screen_stack
        if self.is_closed or self not in stack:
            return AwaitComplete()
        for above in reversed(stack[stack.index(self) + 1 :]):
            above.dismiss(None)
        self.is_closed = True
        return super().dismiss(result)
