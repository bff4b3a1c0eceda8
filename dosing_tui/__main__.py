"""``python -m dosing_tui``: the same as the ``dosing-tui`` command."""

from dosing_tui.cli.main import main

if __name__ == "__main__":
    main()
