"""What screens and threads tell the app."""

from collections.abc import Callable

from textual.message import Message

from dosing_tui.tui.data.query_workers import Reply


class Moved(Message):
    """Other tiles are in sight now: they want to be drawn without waiting for the next tick."""


class Answered(Message):
    """A panel's question has its reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


class Returned(Message):
    """Work that had to wait is done: what follows is for the screen's thread. Nobody waits for that."""

    def __init__(self, follow: Callable[[], object]) -> None:
        super().__init__()
        self.follow = follow
