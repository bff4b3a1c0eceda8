"""The collector process from its first line on, whichever way it was started."""

from dosing_tui.ipc.cycle_search import pause_cycle_search, resume_cycle_search


def serve_console(descriptor: int) -> int:
    """Run the collector for the console at the channel's other end. Returns the exit status."""
    pause_cycle_search()
    # imported here: by the process of its own, and not by the console
    from dosing_tui.collector_process.worker_main import main

    resume_cycle_search()
    return main(descriptor)
