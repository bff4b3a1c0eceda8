"""Entry point of the collector process; started by the console with their channel as stdin, never by hand."""

import sys

from dosing_tui.collector_process.worker_main import main

if __name__ == "__main__":
    sys.exit(main(sys.stdin.fileno()))
