"""Messages of widgets to the app."""

from textual.message import Message


class ViewChanged(Message):
    """Other content is visible now: draw it without waiting for the next tick."""
