"""``[log]``."""

from dosing_tui.config.sections.section import Section


class LogSettings(Section, frozen=True):
    level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""
    file: str = ""
    """Log file of the console; empty for the platform's log folder."""
