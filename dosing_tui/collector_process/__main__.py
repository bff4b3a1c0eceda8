"""Entry point of the collector process. The console starts it with the channel as its stdin."""

import sys

from dosing_tui.collector_process.worker_main import main

if __name__ == "__main__":
    sys.exit(main(sys.stdin.fileno()))
