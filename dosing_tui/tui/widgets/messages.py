"""Messages of widgets to the app."""

from textual.message import Message


class BannerClicked(Message):
    """The alarm banner was clicked: it leads to the alarms."""


class ViewChanged(Message):
    """Other content is visible now: draw it without waiting for the next tick."""


class StationChosen(Message):
    """The screens show this station alone; '' ends that."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self.device = device
