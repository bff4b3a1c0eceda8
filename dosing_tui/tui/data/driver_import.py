"""Imports the database's driver in one thread at a time.

The console imports it late, to save start-up. Modules of psycopg import each other in a circle: two threads
that begin at different ones fail with a half-made module.
"""

from importlib import import_module
from threading import Lock

_IMPORT_LOCK = Lock()


def import_driver() -> None:
    """Before a module of the database room is imported in a thread; waits for another thread's import."""
    with _IMPORT_LOCK:
        import_module("dosing_tui.database.panel_reader")
