"""The base of every screen that can be closed: it closes once, and takes no other screen with it."""

from typing import TypeVar

from textual import events, on
from textual.await_complete import AwaitComplete
from textual.screen import Screen

from dosing_tui.tui.containment.contained_pump import ContainedPump
from dosing_tui.tui.widgets.messages import ViewChanged

Result = TypeVar("Result")


class ClosableScreen(ContainedPump, Screen[Result]):
    """Textual's ``dismiss`` closes the screen on top, even if that is another one, each time it is called."""

    takes_keys_typed_ahead = True
    """Keys typed right behind the one that opened it belong to it, though it was not drawn yet."""
    page_title = ""
    """Of a page that covers a screen, for the status bar; '' for a screen and for a dialog."""
    comes_late = False
    """Opened by an answer of the database, while keys are typed for the screen below."""
    is_closed = False

    @on(events.Mount)
    def _announce_page(self) -> None:
        """The status bar names the page, or the screen below again."""
        if self.page_title:
            self.app.post_message(ViewChanged())

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close this screen and those above it, which have no result. The first result counts."""
        stack = self.app.screen_stack
        if self.is_closed or self not in stack:
            return AwaitComplete()
        for above in reversed(stack[stack.index(self) + 1 :]):
            above.dismiss(None)
        self.is_closed = True
        self._announce_page()
        return super().dismiss(result)
