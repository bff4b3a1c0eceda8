"""The database's driver is imported late, and by whichever thread needs it first."""

import subprocess
import sys

RACE = """
import importlib, sys, threading
from dosing_tui.tui.data.driver_import import import_driver

names = ["panel_reader", "maintenance.maintenance_status", "batches.queries", "alarms.journal", "audit.pins"]
barrier, failures = threading.Barrier(len(names)), []

def load(name):
    barrier.wait()
    try:
        import_driver()
        importlib.import_module(f"dosing_tui.database.{name}")
    except Exception as error:
        failures.append(f"{name}: {error!r}")

threads = [threading.Thread(target=load, args=(name,)) for name in names]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("\\n".join(failures))
"""


def test_threads_that_need_the_database_at_once_all_get_its_driver() -> None:
    program = subprocess.run(
        [sys.executable, "-W", "error", "-c", RACE], capture_output=True, text=True, check=True
    )
    assert program.stdout.strip() == ""
