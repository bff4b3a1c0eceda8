"""Keys, pasted text and the mouse: acted on one after the other, by the screen they were meant for.

Textual hands a key to the screen that is on top when the key is read, and looks its binding up later, when
other keys may have closed that screen. Here a key has been acted on before the next one is looked at.
"""

from typing import Protocol, TypeVar, runtime_checkable

from textual import events, on
from textual.message import Message
from textual.screen import Screen

from dosing_tui.tui.app.contained_app import ContainedApp
from dosing_tui.tui.containment.contained_driver import KEYBOARD
from dosing_tui.tui.rendering.line_widget import KeyClicked
from dosing_tui.tui.widgets.closable_screen import ClosableScreen

Result = TypeVar("Result")
FRAME_TIMEOUT_S = 0.5
"""After it a screen counts as drawn, even if the terminal takes no output: no key stays dead for long."""
LATE_SCREEN_S = 0.4
"""For this long no key answers a screen that opens late: nobody can read it sooner."""


@runtime_checkable
class KeyTaker(Protocol):
    """A screen or widget to which some keys are text, or moves, rather than bindings."""

    def take_key(self, key: str, text: str | None) -> bool:
        """Act on a key, or leave it to the bindings with False.

        ``text`` is what the key prints, None if nothing. Pasted text has the key ''.
        """


class OrderedInputApp(ContainedApp[Result]):
    """Input from before the screen on top was drawn was meant for another one, and is dropped.

    Except for keys right behind the one that opened the screen: over a slow line they arrive with it. A
    screen that comes late, as the question after an answer of the database, may come between a finger and
    its key: until it has been in sight for a while, only its fields take what is typed.
    """

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self._is_acting = False
        """A key is being acted on: what opens now, it has opened."""
        self._stack_depth = 0
        self._changed_at = 0.0
        """When the screen on top came there; this and the next in the clock of the events."""
        self._drawn_at: float | None = 0.0
        """When the screen on top was drawn; None until it is."""
        self._reading_s = 0.0
        """How long the screen on top has to be in sight before a key answers it."""

    async def on_mount(self) -> None:
        self._stack_depth = len(self.screen_stack)
        self.screen_change_signal.subscribe(self, self._await_frame, immediate=True)

    def _await_frame(self, screen: Screen[object]) -> None:
        """Another screen is on top."""
        depth, self._stack_depth = self._stack_depth, len(self.screen_stack)
        opened = screen if self._stack_depth > depth and isinstance(screen, ClosableScreen) else None
        self._reading_s = LATE_SCREEN_S if opened is not None and opened.comes_late else 0.0
        is_opened_by_key = opened is not None and self._is_acting and self._drawn_at is not None
        if is_opened_by_key and opened is not None and opened.takes_keys_typed_ahead:
            return
        self._changed_at, self._drawn_at = Message().time, None
        screen.call_after_refresh(self._note_frame, screen)

    def _note_frame(self, screen: Screen[object]) -> None:
        if self._drawn_at is None and screen is self.screen:
            self._drawn_at = min(Message().time, self._changed_at + FRAME_TIMEOUT_S)

    def awaits_input(self, moment: float) -> bool:
        """What was typed at this moment was meant for the screen on top."""
        return self._was_in_sight(moment - self._reading_s)

    def _was_in_sight(self, moment: float) -> bool:
        if self._drawn_at is None:
            return moment > self._changed_at + FRAME_TIMEOUT_S
        return moment >= self._drawn_at

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.InputEvent):
            self.guard.note_success(KEYBOARD)
        if not isinstance(event, events.InputEvent | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif isinstance(event, events.Key) and await self._check_bindings(event.key, priority=True):
            pass  # the key that always quits
        elif not self.awaits_input(event.time):
            event.stop()
            if isinstance(event, events.Key) and event.is_printable and self._was_in_sight(event.time):
                await self._act_on_key(event.key, event.character, is_text_only=True)
        elif isinstance(event, events.Key):
            await self._act_on_key(event.key, event.character if event.is_printable else None)
        elif isinstance(event, events.Paste):
            await self._act_on_key("", event.text)
        else:
            await super().on_event(event)

    @on(KeyClicked)
    async def _press_clicked_key(self, event: KeyClicked) -> None:
        """A click on a key is that key; unless its screen has gone meanwhile."""
        if self.screen in event.widget.ancestors_with_self and not await self._check_bindings(
            event.target.key, priority=True
        ):
            await self._act_on_key(*event.target)

    async def _act_on_key(self, key: str, text: str | None, *, is_text_only: bool = False) -> None:
        self.app_focus = self._is_acting = True
        try:
            taker = self.focused or self.screen
            is_taken = isinstance(taker, KeyTaker) and taker.take_key(key, text)
            if not (is_taken or is_text_only):
                await self._check_bindings(key)
        except Exception as error:
            # boundary of one key: the console goes on
            self.note_failure(f"The key {key}" if key else "Pasted text", error)
        finally:
            self._is_acting = False
