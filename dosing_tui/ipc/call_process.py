"""Entry point of the process of a ``SubprocessCall``, with the channel as its stdin."""

import sys

from dosing_tui.ipc.cycle_search import pause_cycle_search

if __name__ == "__main__":
    pause_cycle_search()  # until the function is there: its modules are imported as it is received
    from dosing_tui.ipc.call_server import main

    sys.exit(main(sys.stdin.fileno()))
