"""Message handlers, timers and callbacks of app, screens and widgets fail one by one.

Textual ends the program at the first exception of a handler, and the part whose handler failed takes no
message any more. This rests on names private to textual: a test checks that they still exist.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from textual import events
from textual._callback import invoke
from textual.app import App
from textual.dom import DOMNode
from textual.message import Message
from textual.message_pump import MessagePump
from textual.timer import Timer

from dosing_tui.tui.containment.part_guard import PartGuard

Result = TypeVar("Result")
BUILDING_MESSAGES = (events.Load, events.Compose, events.Mount)
"""A part that fails at one of these is not there at all: see ``contained_app``."""


def find_guard(app: App[Any]) -> PartGuard | None:
    """That of an app which goes on after an exception of a handler."""
    guard = getattr(app, "guard", None)
    return guard if isinstance(guard, PartGuard) else None


def describe_part(pump: MessagePump, work: str) -> str:
    """Name of a part of the console: its class in words, its id, and what it did."""
    words = "console" if isinstance(pump, App) else name_in_words(type(pump))
    identity = f" {pump.id}" if isinstance(pump, DOMNode) and pump.id else ""
    return f"{words}{identity} ({work})"


def name_in_words(kind: type) -> str:
    """
    >>> name_in_words(ContainedPump)
    'contained pump'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.__name__).lower()


def name_callback(callback: object) -> str:
    while isinstance(callback, partial):
        callback = callback.func
    return getattr(callback, "__name__", type(callback).__name__)


class ContainedPump(MessagePump):
    """Each failure is one of ``guard`` of its app, until the same handler works; all else goes on.

    In an app without a guard it is as any other of Textual.
    """

    def _get_dispatch_methods(
        self, method_name: str, message: Message
    ) -> Iterable[tuple[type, Callable[[Message], Awaitable[Any]]]]:
        is_building = isinstance(message, BUILDING_MESSAGES)
        for owner, method in super()._get_dispatch_methods(method_name, message):
            yield owner, method if is_building else self._contain(method)

    async def _dispatch_message(self, message: Message) -> None:
        if isinstance(message, BUILDING_MESSAGES):
            await super()._dispatch_message(message)
        else:
            await self._contain(super()._dispatch_message, "messages")(message)

    def set_interval(
        self, interval: float, callback: Callable[..., Any] | None = None, *, name: str | None = None,
        repeat: int = 0, pause: bool = False,
    ) -> Timer:  # fmt: skip
        contained = callback and self._contain(callback)
        return super().set_interval(interval, contained, name=name, repeat=repeat, pause=pause)

    def call_later(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
        return super().call_later(self._contain(partial(callback, *args, **kwargs), is_single=True))

    def call_after_refresh(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
        return super().call_after_refresh(self._contain(partial(callback, *args, **kwargs), is_single=True))

    def call_next(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Timers that run once end here, too."""
        super().call_next(self._contain(partial(callback, *args, **kwargs), is_single=True))

    def run_contained(self, work: str, act: Callable[[], Result]) -> Result | None:
        """None if it fails."""
        guard = find_guard(self.app)
        if guard is None:
            return act()
        try:
            result = act()
        except Exception as error:
            # boundary of one part of a widget
            guard.note_failure(describe_part(self, work), error)
            return None
        if guard.failures:
            guard.note_success(describe_part(self, work))
        return result

    def _contain(
        self, callback: Callable[..., Any], work: str = "", *, is_single: bool = False
    ) -> Callable[..., Awaitable[None]]:
        """``work``: its name, if that is not the callback's own. ``is_single``: it is called once."""
        return ContainedCall(self, callback, work, is_single=is_single).run


class ContainedCall:
    """One callback of a part.

    ``run`` is a method, as Textual counts the parameters of a function anew for each one that is made.
    """

    __slots__ = ("_callback", "_is_single", "_pump", "_work")

    def __init__(
        self, pump: MessagePump, callback: Callable[..., Any], work: str, *, is_single: bool
    ) -> None:
        self._pump, self._callback, self._work, self._is_single = pump, callback, work, is_single

    async def run(self, *arguments: object) -> None:
        guard = find_guard(self._pump.app)
        if guard is None:
            await invoke(self._callback, *arguments)
            return
        try:
            await invoke(self._callback, *arguments)
        except Exception as error:
            # boundary of one handler: the others, and the next message, continue
            guard.note_failure(self._describe_part(), error, is_single=self._is_single)
        else:
            if guard.failures:
                guard.note_success(self._describe_part())

    def _describe_part(self) -> str:
        return describe_part(self._pump, self._work or name_callback(self._callback))
