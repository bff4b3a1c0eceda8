"""Entry point of a collector process that is no copy of the console's; its stdin is the channel."""

import sys

from dosing_tui.collector_process.worker_start import serve_console

if __name__ == "__main__":
    sys.exit(serve_console(sys.stdin.fileno()))
