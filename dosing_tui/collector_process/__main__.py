"""Entry point of the collector process. The console starts it with the channel as its stdin."""

import sys

from dosing_tui.ipc.cycle_search import pause_cycle_search, resume_cycle_search

if __name__ == "__main__":
    pause_cycle_search()
    from dosing_tui.collector_process.worker_main import main

    resume_cycle_search()
    sys.exit(main(sys.stdin.fileno()))
