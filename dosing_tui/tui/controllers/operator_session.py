"""Who works at the console: a name holds for the shift it was entered in. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OperatorSession:
    """``shift_start``: when the shift in which the name was entered began; None where there are no shifts."""

    name: str = ""
    shift_start: datetime | None = None

    def get_name(self, shift_start: datetime | None) -> str:
        """'' in another shift.

        >>> OperatorSession("Zoe").get_name(None)
        'Zoe'
        """
        return self.name if shift_start == self.shift_start else ""
