"""What an operator waits for at the start, in figures: first frame, first data. Shown with -s.

BENCHMARK_DOSES doses over 90 days; BENCHMARK_DATABASE on the server of DOSING_TEST_DSN is used again.
"""

import statistics
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from dosing_tui.demo.servers.mqtt_broker import find_free_port
from tests.benchmarks.test_panels import big_plant, say
from tests.support.database_servers import Server
from tests.support.tmux_terminal import FOUND, run_program

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(FOUND is None, reason="tmux is not installed"),
]
__all__ = ["say"]

STARTS = 5
EMPTY = ("waiting for", "no database", "Panel error", "loading")
"""What a tile says that has no data."""


def test_first_data_after_the_first_frame(server: Server, say: Callable[[str], None], tmp_path: Path) -> None:
    frames, first, data = [], [], []
    with big_plant(server, say) as dsn:
        for start in range(STARTS):
            env = {
                "DOSING_DATABASE_DSN": dsn, "DOSING_MQTT_HOST": "127.0.0.1",
                "DOSING_MQTT_PORT": str(find_free_port()), "DOSING_COLLECTOR_MODE": "never",
                "XDG_STATE_HOME": str(tmp_path / str(start)),
            }  # fmt: skip
            (folder := tmp_path / str(start)).mkdir()
            with run_program(folder, env=env) as terminal:
                frames.append(terminal.seconds_until(lambda screen: "Overview" in screen))
                waiting = _count_empty_tiles(terminal.read_screen())
                first.append(terminal.seconds_until(partial(_has_fewer_empty_tiles, waiting)))
                data.append(first[-1] + terminal.seconds_until(_is_filled))
    sys.stdout.write("\n")
    say(f"command to first frame      {_format_figures(frames)}")
    say(f"first frame to first data   {_format_figures(first)}")
    say(f"first frame to all its data {_format_figures(data)}")


def _count_empty_tiles(screen: str) -> int:
    """How many tiles say that they have no data."""
    return sum(screen.count(word) for word in EMPTY)


def _has_fewer_empty_tiles(most: int, screen: str) -> bool:
    return _count_empty_tiles(screen) < most


def _is_filled(screen: str) -> bool:
    return "Overview" in screen and not _count_empty_tiles(screen)


def _format_figures(seconds: list[float]) -> str:
    return f"median {1000 * statistics.median(seconds):.0f} ms, longest {1000 * max(seconds):.0f} ms"
