"""``python -m screenshots [name ...]``: runs the program in terminals of several sizes, takes its pictures.

Needs Chromium, npm and the font JetBrains Mono (Debian: chromium, npm, fonts-jetbrains-mono), and the
extra ``serve``.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from screenshots.recorder import Recorder, Size
from screenshots.rendering import Renderer
from screenshots.served import PICTURES as SERVED_PICTURES
from screenshots.served import run_plant, take_pictures

HERE = Path(__file__).parent
HUGE, LARGE, MEDIUM, SMALL = Size(160, 50), Size(120, 40), Size(100, 30), Size(80, 24)
DARK, LIGHT = "#15181b", "#dfe2e4"
BLACK = "#000000"
LIGHT_THEME = (("DOSING_CONSOLE_THEME", "light"),)
COLOURS_16 = (("TERM", "xterm-16color"), ("COLORTERM", ""))
SETTLE_S = 12.0
"""So long the plant runs before its picture is taken: doses have come in, every panel has answered."""


ONE_STATION = ("--devices", "1", "--faults", "none", "--rate", "1", "--seed", "8")
TWO_STATIONS = ("--devices", "2", "--faults", "none", "--rate", "1")
THREE_STATIONS = ("--devices", "3", "--faults", "all", "--rate", "2")


@dataclass(frozen=True, slots=True)
class Picture:
    name: str
    size: Size = LARGE
    demo: tuple[str, ...] | None = ONE_STATION
    """Of the demo plant; None for a console that finds neither broker nor database."""
    module: str = ""
    """Runs in place of the program, e.g. a plant that is made up."""
    keys: bytes = b""
    ground: str = DARK
    encoding: str = "utf-8"
    """Of the terminal."""
    environment: tuple[tuple[str, str], ...] = ()
    """Variables that differ from those of a terminal with all colours."""
    answer_s: float = 1.5
    """How long the program takes to act on the last key."""
    is_kiosk: bool = False
    """The wall mode, beside a demo plant without a screen."""


NINE_STATIONS = "tests.support.tui.nine_stations"
"""Nine stations with twelve chemicals each, whose names share their beginnings."""


def _show_nine_stations(name: str, size: Size, keys: bytes = b"", **look: Any) -> Picture:
    return Picture(f"nine_stations_{name}", size, demo=None, module=NINE_STATIONS, keys=keys, **look)


PICTURES = (
    Picture("overview_120x40"),
    Picture("overview_light_120x40", keys=b"t", ground=LIGHT),
    Picture("overview_100x30", MEDIUM, TWO_STATIONS),
    Picture("overview_80x24", SMALL),
    Picture("three_stations_120x40", demo=THREE_STATIONS),
    Picture("doses_120x40", demo=THREE_STATIONS, keys=b"6jjj"),
    Picture("consumption_120x40", keys=b"\x1b[A\x1b[A\r"),
    Picture("inventory_120x40", keys=b"2"),
    Picture("consumption_screen_120x40", keys=b"3"),
    Picture("quality_120x40", keys=b"4"),
    Picture("production_120x40", keys=b"5"),
    Picture("alarms_120x40", demo=THREE_STATIONS, keys=b"a"),
    Picture("batches_120x40", demo=THREE_STATIONS, keys=b"b"),
    Picture("batch_120x40", keys=b"bjjj\r"),
    Picture("shift_report_100x30", MEDIUM, keys=b"S"),
    Picture("books_100x30", MEDIUM, keys=b"7"),
    Picture("maintenance_120x40", keys=b"M"),
    Picture("help_80x24", SMALL, keys=b"?"),
    Picture("ascii_100x30", MEDIUM, TWO_STATIONS, encoding="latin-1"),
    Picture("nothing_there_100x30", MEDIUM, demo=None),
    _show_nine_stations("80x24", SMALL),
    _show_nine_stations("100x30", MEDIUM),
    _show_nine_stations("120x40", LARGE),
    _show_nine_stations("160x50", HUGE),
    _show_nine_stations("list_80x24", SMALL, b"9"),
    _show_nine_stations("list_120x40", LARGE, b"9jj"),
    _show_nine_stations("tanks_80x24", SMALL, b"2"),
    _show_nine_stations("tanks_120x40", LARGE, b"2"),
    _show_nine_stations("alarms_80x24", SMALL, b"a"),
    _show_nine_stations("alarms_120x40", LARGE, b"a"),
    _show_nine_stations("light_120x40", LARGE, ground=LIGHT, environment=LIGHT_THEME),
    _show_nine_stations("16_colours_120x40", LARGE, ground=BLACK, environment=COLOURS_16),
    _show_nine_stations("no_color_120x40", LARGE, environment=(("NO_COLOR", "1"),)),
    _show_nine_stations("ascii_120x40", LARGE, encoding="latin-1"),
    _show_nine_stations("ascii_80x24", SMALL, encoding="latin-1"),
    Picture("kiosk_120x40", demo=None, is_kiosk=True),
)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m screenshots")
    parser.add_argument("names", nargs="*", help="only these pictures")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "dosing-tui-screenshots")
    parser.add_argument("--into", type=Path, default=HERE, help="another folder")
    chosen = parser.parse_args(arguments)
    renderer = Renderer(chosen.cache)
    for picture in PICTURES:
        if not chosen.names or picture.name in chosen.names:
            renderer.draw(record(picture), picture.size, chosen.into / f"{picture.name}.png", picture.ground)
            sys.stdout.write(f"{picture.name}\n")
    served = tuple(each for each in SERVED_PICTURES if not chosen.names or each.name in chosen.names)
    if served:
        with tempfile.TemporaryDirectory() as home:
            take_pictures(served, HERE, _environment(Picture(""), Path(home)))


def record(picture: Picture) -> bytes:
    """What the program wrote until its picture was taken."""
    with tempfile.TemporaryDirectory() as folder:
        command, environment = _command(picture, Path(folder)), _environment(picture, Path(folder))
        if picture.is_kiosk:
            with (
                run_plant(Path(folder), environment) as plant,
                Recorder(command, picture.size, plant) as recorder,
            ):
                recorder.wait_for("Wall mode")
                recorder.watch(SETTLE_S)
                return recorder.recorded
        with Recorder(command, picture.size, environment) as recorder:
            recorder.wait_for("Overview")
            recorder.watch(SETTLE_S if picture.demo else SETTLE_S / 2)
            for key in _keys(picture.keys):
                recorder.press(key)
                recorder.watch(0.7)
            recorder.watch(picture.answer_s if picture.keys else 0)
            return recorder.recorded


def _keys(keys: bytes) -> list[bytes]:
    """One by one; an arrow is three bytes."""
    found = []
    while keys:
        length = 3 if keys.startswith(b"\x1b[") else 1
        found.append(keys[:length])
        keys = keys[length:]
    return found


def _command(picture: Picture, folder: Path) -> list[str]:
    if picture.module:
        return [sys.executable, "-m", picture.module]
    program = [sys.executable, "-m", "dosing_tui"]
    if picture.is_kiosk:
        return [*program, "--kiosk", "--rotate", "1h"]
    return (
        program
        if picture.demo is None
        else [*program, "demo", "--folder", str(folder / "demo"), *picture.demo]
    )


def _environment(picture: Picture, home: Path) -> dict[str, str]:
    """A terminal with all colours, and a user with nothing of their own."""
    kept = {name: os.environ[name] for name in ("PATH", "VIRTUAL_ENV") if name in os.environ}
    return {
        **kept, "HOME": str(home), "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8",
        "PYTHONIOENCODING": picture.encoding,
        # ports at which nothing listens, for the picture without a plant
        "DOSING_MQTT_PORT": "1", "DOSING_DATABASE_DSN": "host=127.0.0.1 port=1 dbname=factory_metrics",
        **dict(picture.environment),
    }  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
