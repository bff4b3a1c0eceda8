"""Python's search for cycles of unused objects: not while modules are imported, nor among what they made."""

import gc


def pause_cycle_search() -> None:
    """Before the imports of a program: each search goes through all that was imported so far."""
    gc.disable()


def resume_cycle_search() -> None:
    """After them: what is there now stays until the end, and is not searched again."""
    gc.freeze()
    gc.enable()
