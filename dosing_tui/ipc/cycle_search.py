"""Python's search for cycles of unused objects: not while modules are imported, nor among what they made."""

import gc

RARE_THRESHOLDS = (50_000, 20, 50)
"""A chunk of messages is thousands of new objects, none in a cycle: at Python's default of 700 the search
runs many times for each."""

CALM_THRESHOLDS = (7_000, 10, 10)
"""Each picture is thousands of new objects, few of them in a cycle: it was a ninth of a picture's cost."""


def pause_cycle_search() -> None:
    """Before the imports of a program: each search goes through all that was imported so far."""
    gc.disable()


def resume_cycle_search() -> None:
    """After them: what is there now stays until the end, and is not searched again."""
    gc.freeze()
    gc.enable()


def search_cycles_less() -> None:
    """For a process that draws: its closed screens and dialogs are cycles."""
    gc.set_threshold(*CALM_THRESHOLDS)


def search_cycles_rarely() -> None:
    """For a process that handles many messages."""
    gc.set_threshold(*RARE_THRESHOLDS)
