"""What the palette offers: a command with its kind, its keys and what it does. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class CommandKind(StrEnum):
    """The first column of the palette."""

    SCREEN = "Screen"
    CHART = "Enlarge"
    RANGE = "Range"
    FILTER = "Filter"
    ALARM = "Alarm"
    BATCH = "Batch"
    REPORT = "Report"
    CONSOLE = "Console"
    MOVE = "Move"
    STATION = "Station"
    CHEMICAL = "Chemical"
    RECIPE = "Recipe"
    MODE = "Mode"
    PUMP = "Pump"


@dataclass(frozen=True, slots=True)
class PaletteCommand:
    """``run`` does it; what it returns is awaited if it can be."""

    kind: CommandKind
    title: str
    """Sanitized: it may come from the plant."""
    run: Callable[[], object] = field(compare=False)
    keys: str = ""
    is_available: bool = True
    """On the present screen; another one leads to the screen where it is."""

    @property
    def search_text(self) -> str:
        """Title and kind: ``range yest`` finds the range Yesterday."""
        return f"{self.title} {self.kind.value}"
