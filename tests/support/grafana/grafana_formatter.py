"""Grafana's own formatter of numbers, of the npm package @grafana/data."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

NODE_MODULES = os.environ.get("DOSING_TEST_NODE_MODULES", "")
"""A folder of node modules with that package; '' for none."""
UNIT_SUFFIXES = {
    "none": "", "percent": "%", "suffix:kg": " kg", "suffix:g": " g", "suffix:s": " s", "suffix:g/s": " g/s",
    "suffix:d": " d", "suffix:dBm": " dBm", "suffix:B": " B",
}  # fmt: skip
"""What each unit of the dashboards adds to a number."""
_PROGRAM = Path(__file__).with_name("format_values.cjs")


def format_values(asked: Sequence[tuple[str, int, float]]) -> list[str]:
    """The texts of values by unit and decimals.

    Raises: subprocess.CalledProcessError.
    """
    answered = subprocess.run(
        ["node", str(_PROGRAM), NODE_MODULES],
        input=json.dumps(asked), capture_output=True, text=True, check=True, timeout=120,
    ).stdout  # fmt: skip
    texts: list[str] = json.loads(answered)
    return texts
