"""The console's process behind one page of a browser."""

import asyncio
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

from textual_serve.app_service import AppService

from dosing_tui.ipc.spawn import list_import_path

log = logging.getLogger(__name__)
STOP_TIMEOUT_S = 10.0
"""After it, a console that does not end is killed."""
COLLECTOR_MODE = "DOSING_COLLECTOR_MODE"
_NOT_PASSED_ON = frozenset({"NO_COLOR", "TERM", "DOSING_SERVE_TOKEN"})


def build_command(config: str | None) -> list[str]:
    """The console, with this program's Python and settings file.

    -P: what lies in the working folder, where others may write, is no module of the program.
    """
    return [sys.executable, "-P", "-m", "dosing_tui", *(["--config", config] if config else [])]


def build_environment(base: Mapping[str, str], *, collects: bool) -> dict[str, str]:
    """Of the console's process. Unless it ``collects`` it is a viewer: it closes with the page."""
    # a browser shows every colour and character, whatever the terminal of the server does
    kept = {name: value for name, value in base.items() if name not in _NOT_PASSED_ON}
    mode = {} if collects else {COLLECTOR_MODE: "never"}
    return {**kept, **mode, "PYTHONUTF8": "1", "PYTHONPATH": list_import_path()}


class BrowserConsole(AppService):
    """Started without a shell, and ended for certain."""

    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = {}

    async def _open_app_process(self, width: int = 80, height: int = 24) -> asyncio.subprocess.Process:
        terminal = self._build_environment(width, height)
        given = {name: value for name, value in terminal.items() if os.environ.get(name) != value}
        process = await asyncio.create_subprocess_exec(
            *self.arguments, env={**self.environment, **given, "TEXTUAL_FPS": "15"},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin is not None
        self._process, self._stdin = process, process.stdin
        log.info("console %s opened", process.pid)
        return process

    async def run(self) -> None:
        """Until the process has ended; then the page is informed."""
        await super().run()
        await self.remote_close()

    async def stop(self) -> None:
        """Ask the console to quit; kill it when it does not."""
        process = self._process
        with suppress(TimeoutError, asyncio.TimeoutError):
            await asyncio.wait_for(super().stop(), STOP_TIMEOUT_S)
        if process is not None and process.returncode is None:
            with suppress(TimeoutError, asyncio.TimeoutError):
                await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S / 5)
            if process.returncode is None:
                log.warning("console %s does not end, killed", process.pid)
                process.kill()
                await process.wait()
