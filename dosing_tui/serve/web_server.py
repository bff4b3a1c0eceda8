"""The web server: a page, its files and a WebSocket for each console. Nothing is loaded from elsewhere."""

import asyncio
import json
import logging
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import textual_serve
from aiohttp import WSCloseCode, WSMsgType, web
from textual_serve.download_manager import DownloadManager

from dosing_tui.errors import ConfigError
from dosing_tui.ipc.listen_address import ListenAddress
from dosing_tui.serve.access import is_same_origin, is_token_valid, name_cookie
from dosing_tui.serve.browser_console import BrowserConsole

PAGE_FOLDER = Path(__file__).parent / "page"
LIBRARY_FOLDER = Path(textual_serve.__file__).parent / "static"
"""The terminal of the page, and its font."""
MAX_MESSAGE_BYTES = 256 * 1024
MAX_COLUMNS, MAX_ROWS = 500, 200
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
}  # fmt: skip
"""The browser itself refuses to load anything from another machine."""
log = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class ServeOptions:
    address: ListenAddress
    token: str
    max_consoles: int
    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False, default_factory=dict)


class ConsoleServer:
    """Serves consoles until it is cancelled."""

    def __init__(self, options: ServeOptions) -> None:
        self._options = options
        self._open_count = 0
        self._sockets: set[web.WebSocketResponse] = set()

    def create_application(self) -> web.Application:
        """Every route asks for the token."""
        application = web.Application(middlewares=[self._check_token])
        application.add_routes(
            [
                web.get("/", self._send_page),
                web.get("/ws", self._connect_console),
                web.static("/page", PAGE_FOLDER),
                web.static("/static", LIBRARY_FOLDER),
            ]
        )
        application.on_shutdown.append(self._close_consoles)
        return application

    @web.middleware
    async def _check_token(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.query.get("token"), request.cookies.get(name_cookie(self._options.token))
        if not is_token_valid(self._options.token, *given):
            return web.Response(
                status=401,
                headers=HEADERS,
                text="Open the address with the token that 'dosing-tui serve' printed.\n",
            )
        try:
            response = await handler(request)
        except web.HTTPException as refusal:
            refusal.headers.update(HEADERS)
            raise
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    async def _send_page(self, request: web.Request) -> web.StreamResponse:
        page = (PAGE_FOLDER / "index.html").read_text(encoding="utf-8")
        response = web.Response(text=page, content_type="text/html")
        token = self._options.token
        response.set_cookie(name_cookie(token), token, httponly=True, samesite="Strict", path="/")
        return response

    async def _connect_console(self, request: web.Request) -> web.StreamResponse:
        if not is_same_origin(request.headers.get("Origin"), request.headers.get("Host")):
            return web.Response(status=403, text="A page of another site may not open the console.\n")
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=MAX_MESSAGE_BYTES)
        await socket.prepare(request)
        if self._open_count >= self._options.max_consoles:
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"too many consoles")
            return socket
        self._open_count += 1
        self._sockets.add(socket)
        try:
            await self._run_console(socket, request)
        finally:
            self._open_count -= 1
            self._sockets.discard(socket)
        return socket

    async def _run_console(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        async def close() -> None:
            await socket.close()

        async def send_bytes(data: bytes) -> None:
            with suppress(ConnectionError, RuntimeError):
                await socket.send_bytes(data)

        async def send_text(text: str) -> None:
            with suppress(ConnectionError, RuntimeError):
                await socket.send_str(text)

        console = BrowserConsole(
            "", write_bytes=send_bytes, write_str=send_text, close=close, download_manager=DownloadManager()
        )
        console.arguments, console.environment = self._options.command, self._options.environment
        try:
            await console.start(
                limit_size(request.query.get("width"), 80, MAX_COLUMNS),
                limit_size(request.query.get("height"), 24, MAX_ROWS),
            )
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await pass_message(console, socket, message.data)
        finally:
            await console.stop()

    async def _close_consoles(self, application: web.Application) -> None:
        for socket in tuple(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)


async def pass_message(console: BrowserConsole, socket: web.WebSocketResponse, text: str) -> None:
    """Keys, size and focus from the page. What is none of them is ignored."""
    try:
        kind, *rest = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return
    data: Any = rest[0] if rest else None
    match kind, data:
        case "stdin", str():
            if typed := data.encode(errors="ignore"):  # an empty text would be the end of the console's input
                await console.send_bytes(typed)
        case "resize", {"width": int(width), "height": int(height)}:
            await console.set_terminal_size(
                limit_size(width, 80, MAX_COLUMNS), limit_size(height, 24, MAX_ROWS)
            )
        case "ping", str():
            await socket.send_json(["pong", data])
        case "focus", _:
            await console.focus()
        case "blur", _:
            await console.blur()


def limit_size(value: str | int | None, default: int, largest: int) -> int:
    """A number of cells, 1 to ``largest``; ``default`` if it is not a number."""
    try:
        return max(1, min(largest, int(value if value is not None else default)))
    except ValueError:
        return default


def run_server(options: ServeOptions, *, report: Callable[[str], None]) -> None:
    """Until Ctrl+C or SIGTERM; then every console is closed. Raises: ConfigError for a port in use."""
    asyncio.run(_serve_until_signal(options, report))


async def _serve_until_signal(options: ServeOptions, report: Callable[[str], None]) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    runner = web.AppRunner(ConsoleServer(options).create_application(), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, options.address.host, options.address.port)
        try:
            await site.start()
        except OSError as error:
            raise ConfigError(
                f"Cannot listen on {options.address.host}:{options.address.port}: {error.strerror}."
            ) from error
        port = runner.addresses[0][1]
        address = ListenAddress(options.address.host, port)
        report(f"The console is at {address.format_url(options.token)}")
        report("Whoever has this address can use the console. Ctrl+C ends it.")
        await ended.wait()
    finally:
        await runner.cleanup()
