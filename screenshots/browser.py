"""Chromium without a window, by its DevTools protocol: opens a page, sees its requests, takes pictures.

Needs aiohttp (extra ``serve``). Source: Chrome DevTools Protocol.
"""

import asyncio
import base64
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_START_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Viewport:
    """In CSS pixels. ``scale``: pixels of the device for one of them; ``is_phone``: it has a touch screen."""

    width: int
    height: int
    scale: float = 1.0
    is_phone: bool = False


DESKTOP, PHONE = Viewport(1280, 800), Viewport(390, 844, 3.0, is_phone=True)


@dataclass
class Page:
    """A page that is open. ``requests``: every address asked for; ``received``: bytes from WebSockets."""

    socket: aiohttp.ClientWebSocketResponse
    requests: list[str] = field(default_factory=list)
    received: bytes = b""
    _answers: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)

    async def send_command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a command of the protocol."""
        number = len(self._answers) + 1
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self.socket.send_json({"id": number, "method": method, "params": parameters})
        return await asyncio.wait_for(answer, _START_TIMEOUT_S)

    async def read_events(self) -> None:
        """Until the browser ends."""
        async for message in self.socket:
            event = json.loads(message.data)
            if "id" in event:
                self._answers[event["id"]].set_result(event.get("result", event))
            elif event["method"] == "Network.requestWillBeSent":
                self.requests.append(event["params"]["request"]["url"])
            elif event["method"] == "Network.webSocketCreated":
                self.requests.append(event["params"]["url"])
            elif event["method"] == "Network.webSocketFrameReceived":
                frame = event["params"]["response"]
                if frame["opcode"] == 2:
                    self.received += base64.b64decode(frame["payloadData"])

    async def open_address(self, address: str, viewport: Viewport) -> None:
        """Go there, with the window's size and its touch screen."""
        for domain in ("Network", "Page", "Runtime"):
            await self.send_command(f"{domain}.enable")
        await self.send_command(
            "Emulation.setDeviceMetricsOverride", width=viewport.width, height=viewport.height,
            deviceScaleFactor=0, mobile=viewport.is_phone,
        )  # fmt: skip
        await self.send_command("Emulation.setTouchEmulationEnabled", enabled=viewport.is_phone)
        await self.send_command("Page.navigate", url=address)

    async def wait_for_text(self, text: str, seconds: float = 60.0) -> None:
        """Until the console has written it. Raises: TimeoutError."""
        end = asyncio.get_running_loop().time() + seconds
        while text.encode() not in self.received:
            if asyncio.get_running_loop().time() > end:
                raise TimeoutError(f"{text!r} was not written; last: {self.received[-500:]!r}")
            await asyncio.sleep(0.05)

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page."""
        result = await self.send_command("Runtime.evaluate", expression=expression, returnByValue=True)
        return result["result"].get("value")

    async def press_key(self, character: str) -> None:
        await self.send_command("Input.insertText", text=character)

    async def tap(self, x: float, y: float) -> None:
        """With a finger."""
        await self.send_command("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        await self.send_command("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    async def click(self, x: float, y: float) -> None:
        """With the left button of the mouse."""
        for kind in ("mousePressed", "mouseReleased"):
            await self.send_command(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )

    async def take_picture(self) -> bytes:
        """Of the window, as PNG."""
        result = await self.send_command("Page.captureScreenshot", format="png")
        return base64.b64decode(result["data"])


@asynccontextmanager
async def open_browser(viewport: Viewport) -> AsyncIterator[Page]:
    """An empty page of a browser of its own. The scale is its device's: canvases see no emulated one."""
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            f"--force-device-scale-factor={viewport.scale:g}",
            f"--window-size={viewport.width},{viewport.height}", "--remote-debugging-port=0",
            f"--user-data-dir={profile}", "about:blank",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            port = await _read_port(Path(profile))
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json") as answer:
                    target = next(each for each in await answer.json() if each["type"] == "page")
                async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                    page = Page(socket)
                    reader = asyncio.create_task(page.read_events())
                    yield page
                    reader.cancel()
                    with suppress(asyncio.CancelledError):
                        await reader
        finally:
            process.terminate()
            await process.wait()


async def _read_port(profile: Path) -> int:
    """The browser writes it into its profile."""
    end = asyncio.get_running_loop().time() + _START_TIMEOUT_S
    file = profile / "DevToolsActivePort"
    while not file.exists() or not file.read_text().strip():
        if asyncio.get_running_loop().time() > end:
            raise TimeoutError("Chromium does not start")
        await asyncio.sleep(0.05)
    return int(file.read_text().split()[0])
