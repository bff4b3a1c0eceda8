"""Who works at the console: a name holds for the shift it was entered in. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SignedOn:
    """``since``: when the shift in which the name was entered began; None where there are no shifts."""

    name: str = ""
    since: datetime | None = None

    def name_in(self, since: datetime | None) -> str:
        """'' in another shift.

        >>> SignedOn("Zoe").name_in(None)
        'Zoe'
        """
        return self.name if since == self.since else ""
