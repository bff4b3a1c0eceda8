"""The console in a browser: over HTTP and WebSocket, and in a real Chromium."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from dosing_tui.serve.access import name_cookie
from tests.e2e.tui.test_program import nothing_there
from tests.support.os_processes import is_alive
from tests.support.polling import PATIENCE_S, wait_until

aiohttp = pytest.importorskip("aiohttp", reason="the extra 'serve' is not installed")
pytest.importorskip("textual_serve", reason="the extra 'serve' is not installed")

from screenshots.browser import CHROMIUM, DESKTOP, PHONE, Viewport, open_browser  # noqa: E402

ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


@dataclass
class Served:
    process: asyncio.subprocess.Process
    address: str

    @property
    def root(self) -> str:
        """Without the token."""
        return self.address.split("?")[0]

    def find_consoles(self) -> list[int]:
        """Processes of the server."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]


@asynccontextmanager
async def serve_consoles(folder: Path, *arguments: str) -> AsyncIterator[Served]:
    environment = {**os.environ, **nothing_there(folder)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dosing_tui", "serve", "--listen", "127.0.0.1:0", *arguments,
        env=environment, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    line = (await asyncio.wait_for(process.stderr.readline(), PATIENCE_S)).decode()
    try:
        yield Served(process, line.split()[-1])
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), PATIENCE_S)


async def read_until(socket: Any, text: str) -> None:
    """A console writes every second: the limit is for all that is read together."""
    written = b""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while text.encode() not in written:
                message = await socket.receive()
                assert message.type is aiohttp.WSMsgType.BINARY, (message, written[-500:])
                written += message.data
    except TimeoutError:
        shown = ESCAPE_SEQUENCE.sub("", written.decode(errors="replace"))
        raise AssertionError(f"{text!r} is not on\n{shown}") from None


async def connect_when_free(session: Any, address: str) -> Any:
    """A console's place is free a moment after its process has ended."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            socket = await session.ws_connect(address)
            first = await socket.receive()
            if first.type is aiohttp.WSMsgType.BINARY:
                return socket
            assert first.data == 1013
            await socket.close()


async def test_nothing_is_served_without_the_token_or_to_another_site(tmp_path: Path) -> None:
    async with serve_consoles(tmp_path, "--max-consoles", "1") as served, aiohttp.ClientSession() as stranger:
        for path in ("", "ws", "page/page.js", "static/js/textual.js", "?token=wrong", "nothing"):
            async with stranger.get(served.root + path) as answer:
                assert answer.status == 401, path
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            async with session.get(served.address) as answer:
                assert answer.status == 200
                assert "connect-src 'self'" in answer.headers["Content-Security-Policy"]
                assert "//" not in (await answer.text()).replace("// ", "")
            async with session.get(f"{served.root}static/js/textual.js") as answer:
                assert answer.status == 200
            for path, status in (("nothing", 404), ("page/", 403)):
                async with session.get(served.root + path) as answer:
                    assert (answer.status, answer.headers["X-Content-Type-Options"]) == (status, "nosniff")
            no_text = {"Cookie": f"{name_cookie(served.address.split('=')[1])}=\xe9\udcff"}
            async with stranger.get(served.root, headers=no_text) as answer:
                assert answer.status == 401
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await session.ws_connect(f"{served.root}ws", headers={"Origin": "http://evil.example"})
            async with session.ws_connect(f"{served.root}ws?width=100&height=30") as socket:
                await read_until(socket, "Overview")
                async with session.ws_connect(f"{served.root}ws") as second:
                    message = await asyncio.wait_for(second.receive(), PATIENCE_S)
                    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1013)
                for nonsense in (
                    "", "{}", "[]", '["stdin"]', '["resize", {"width": "x"}]', '["stdin", 7]', "[" * 200_000,
                    r'["stdin", "\ud800"]', '["stdin", ""]',
                ):  # fmt: skip
                    await socket.send_str(nonsense)
                await socket.send_json(["resize", {"width": 120, "height": 40}])
                await socket.send_json(["stdin", "7"])
                await read_until(socket, "Readings of process")
                (console,) = served.find_consoles()
            await asyncio.to_thread(wait_until, lambda: not is_alive(console))
            async with await connect_when_free(session, f"{served.root}ws?width=100&height=30") as socket:
                await read_until(socket, "viewer")  # at 80 columns the role gives way to links that are down
                (console,) = served.find_consoles()
                served.process.send_signal(signal.SIGTERM)
                await asyncio.wait_for(served.process.wait(), PATIENCE_S)
        await asyncio.to_thread(wait_until, lambda: not is_alive(console))


async def test_two_servers_on_one_machine_are_open_in_one_browser(tmp_path: Path) -> None:
    async with (
        serve_consoles(tmp_path) as hall_1,
        serve_consoles(tmp_path) as hall_2,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser,
    ):
        for served in (hall_1, hall_2):
            async with browser.get(served.address) as answer:
                assert answer.status == 200
        for served in (hall_1, hall_2):
            async with browser.get(f"{served.root}page/page.js") as answer:
                assert answer.status == 200


async def test_a_console_does_not_outlive_a_killed_server(tmp_path: Path) -> None:
    async with serve_consoles(tmp_path) as served, aiohttp.ClientSession() as session:
        token = served.address.split("=")[1]
        async with session.ws_connect(f"{served.root}ws?token={token}") as socket:
            await read_until(socket, "Overview")
            (console,) = served.find_consoles()
            served.process.kill()
            await served.process.wait()
    await asyncio.to_thread(wait_until, lambda: not is_alive(console))


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_chromium_shows_the_console_and_asks_no_other_machine(
    viewport: Viewport, tmp_path: Path
) -> None:
    async with serve_consoles(tmp_path) as served, open_browser(viewport) as page:
        await page.open_address(served.address, viewport)
        await page.wait_for_text("DB down")
        assert await page.evaluate("document.fonts.check('16px \"Roboto Mono\"')")
        assert {urlsplit(address).hostname for address in page.requests} == {"127.0.0.1"}
        (socket,) = (address for address in page.requests if address.startswith("ws"))
        columns, rows = (int(part.split("=")[1]) for part in urlsplit(socket).query.split("&"))
        assert columns >= 80
        assert rows >= 24
        # the footer's "2 Tanks" by mouse; "a Alarms" by finger, as a narrow footer has "1-7 Screens"
        cell = viewport.width / columns
        press = page.tap if viewport.is_phone else page.click
        column, text = (16, " Shelve") if viewport.is_phone else (8, "Tank levels")
        await press(column * cell, viewport.height - 0.5 * viewport.height / rows - 2)
        await page.wait_for_text(text)


CURSOR_POSITION = re.compile(rb"\x1b\[(\d+);(\d+)H")


def find_row(written: bytes, text: str) -> int:
    """The row, from 1 on, in which a console wrote a text last."""
    end = written.rindex(text.encode())
    place = list(CURSOR_POSITION.finditer(written[:end]))[-1]
    return int(place[1]) + written[place.end() : end].count(b"\n")


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
async def test_a_finger_opens_the_palette_runs_a_screen_and_opens_the_alarms(tmp_path: Path) -> None:
    async with serve_consoles(tmp_path) as served, open_browser(PHONE) as page:
        await page.open_address(served.address, PHONE)
        await page.wait_for_text("DB down")
        (socket,) = (address for address in page.requests if address.startswith("ws"))
        columns, rows = (int(part.split("=")[1]) for part in urlsplit(socket).query.split("&"))

        async def tap_cell(column: int, row: int) -> None:
            await page.tap((column - 0.5) * PHONE.width / columns, (row - 0.5) * PHONE.height / rows)

        for command, screen in (("Tanks and levels", "Tank levels"), ("Alarm lists and journal", " Shelve")):
            page.received = b""
            await tap_cell(4, rows)  # 1-7 Screens, at the footer
            await page.wait_for_text(command)
            await tap_cell(columns // 2, find_row(page.received, command))
            await page.wait_for_text(screen)
