"""What screens and threads tell the app."""

from collections.abc import Callable

from textual.message import Message

from dosing_tui.tui.data.query_workers import PanelReply


class ViewChanged(Message):
    """Other tiles are in sight now: they want to be drawn without waiting for the next tick."""


class PanelLoaded(Message):
    """A panel's question has its reply."""

    def __init__(self, reply: PanelReply) -> None:
        super().__init__()
        self.reply = reply


class JobFinished(Message):
    """Work that had to wait is done: what follows is for the screen's thread. Nobody waits for that."""

    def __init__(self, callback: Callable[[], object]) -> None:
        super().__init__()
        self.callback = callback
