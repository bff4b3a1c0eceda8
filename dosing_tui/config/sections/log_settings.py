"""``[log]``."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogSettings:
    level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""
    file: str = ""
    """Log file of the console; empty for the platform's log folder."""
