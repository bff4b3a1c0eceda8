"""Messages of widgets to the app."""

from datetime import datetime

from textual.message import Message

from dosing_tui.domain.panels.pump_capability import PumpCapability


class BannerClicked(Message):
    """The alarm banner was clicked: it leads to the alarms."""


class ViewChanged(Message):
    """Other content is visible now: draw it without waiting for the next tick."""


class StationChosen(Message):
    """The screens show this station alone; '' ends that."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self.device = device


class PumpChosen(Message):
    """Show the control chart of a pump at a target."""

    def __init__(self, row: PumpCapability) -> None:
        super().__init__()
        self.row = row


class BatchRequested(Message):
    """Show the batch that a station made at a time."""

    def __init__(self, device_id: str, at: datetime) -> None:
        super().__init__()
        self.device_id = device_id
        self.at = at
