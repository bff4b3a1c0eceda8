"""Takes pictures of the console in a browser: a demo plant, ``dosing-tui serve``, and Chromium."""

import asyncio
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from screenshots.browser import DESKTOP, PHONE, Viewport, open_browser

_END_TIMEOUT_S = 30.0
_SETTLE_S = 6.0
"""So long the console is open before its picture is taken: every panel has answered."""
_SOCKET_LINE = 4
"""Of postmaster.pid: the folder of the server's socket."""


@dataclass(frozen=True, slots=True)
class ServedPicture:
    name: str
    viewport: Viewport


PICTURES = (ServedPicture("served_1280x800", DESKTOP), ServedPicture("served_phone", PHONE))


def take_pictures(pictures: tuple[ServedPicture, ...], folder: Path, environment: Mapping[str, str]) -> None:
    """Write them into ``folder``, all of the same plant."""
    command = ("serve", "--listen", "127.0.0.1:0")
    with (
        tempfile.TemporaryDirectory() as home,
        run_plant(Path(home), environment) as plant,
        run_program(command, plant, r"(http://\S+)") as address,
    ):
        for picture in pictures:
            taken = asyncio.run(_take_picture(address, picture.viewport))
            (folder / f"{picture.name}.png").write_bytes(taken)


async def _take_picture(address: str, viewport: Viewport) -> bytes:
    async with open_browser(viewport) as page:
        await page.open_address(address, viewport)
        await page.wait_for_text("Recent doses")
        await asyncio.sleep(_SETTLE_S)
        return await page.take_picture()


@contextmanager
def run_plant(home: Path, environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """A demo plant without a screen; the environment that leads a console to it."""
    folder = home / "demo"
    home.chmod(0o755)  # started by root, PostgreSQL runs as another account
    arguments = ("demo", "--headless", "--folder", str(folder), "--devices", "3", "--rate", "1",
                 "--faults", "none")  # fmt: skip
    with run_program(arguments, environment, r"on port (\d+)", until="Plant running") as port:
        socket = (folder / "pg18" / "postmaster.pid").read_text().splitlines()[_SOCKET_LINE]
        yield {
            **environment, "DOSING_MQTT_PORT": port, "DOSING_MQTT_USERNAME": "demo",
            "DOSING_MQTT_PASSWORD": (folder / "mqtt-password").read_text().strip(),
            "DOSING_DATABASE_DSN": f"host='{socket}' port=5432 user=dosing dbname=factory_metrics",
            "DOSING_PLANT_NAME": "Demo plant", "DOSING_PLANT_SITE": "demo",
            "DOSING_LOG_FILE": str(home / "console.log"),
        }  # fmt: skip


@contextmanager
def run_program(
    arguments: tuple[str, ...], environment: Mapping[str, str], pattern: str, *, until: str = ""
) -> Iterator[str]:
    """What the pattern finds on the program's stderr, once it has written ``until`` too."""
    program = subprocess.Popen(
        [sys.executable, "-m", "dosing_tui", *arguments], env=dict(environment),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert program.stderr is not None
    try:
        found, written = "", ""
        for line in program.stderr:
            written += line
            if match := re.search(pattern, line):
                found = match[1]
            if found and until in written:
                break
        if not found:
            raise RuntimeError(f"dosing-tui {arguments[0]} did not start: {written}")
        yield found
    finally:
        program.terminate()
        program.communicate(timeout=_END_TIMEOUT_S)
