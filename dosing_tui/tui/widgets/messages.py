"""Messages of widgets to the app."""

from datetime import datetime

from textual.message import Message


class ViewChanged(Message):
    """Other content is visible now: draw it without waiting for the next tick."""


class BatchRequested(Message):
    """Show the batch that a station made at a time."""

    def __init__(self, device_id: str, at: datetime) -> None:
        super().__init__()
        self.device_id = device_id
        self.at = at
