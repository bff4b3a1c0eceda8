"""What console and collector process both import at their start: once, before the copy is made."""

from importlib import import_module

MODULES = (
    "asyncio",
    "dosing_tui.domain.alarms.kpis",
    "dosing_tui.domain.batch_review.assessment",
)
"""Those that cost most, each with what it imports. The driver is none: the first picture does without."""


def import_common() -> None:
    for name in MODULES:
        import_module(name)
