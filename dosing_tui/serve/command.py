"""What ``dosing-tui serve`` does with its options."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from dosing_tui.errors import ConfigError
from dosing_tui.serve.access import check_address, parse_address

TOKEN_VARIABLE = "DOSING_SERVE_TOKEN"
MIN_TOKEN_LENGTH = 16


def run_serve_command(
    *, listen: str, is_remote_allowed: bool, max_consoles: int, collects: bool, config: Path | None,
    report: Callable[[str], None],
) -> None:  # fmt: skip
    """Until a signal. Raises: ConfigError for the address, the token, or without the extra ``serve``."""
    address = parse_address(listen)
    check_address(address, is_remote_allowed=is_remote_allowed)
    token = os.environ.get(TOKEN_VARIABLE) or secrets.token_urlsafe(24)
    if len(token) < MIN_TOKEN_LENGTH:
        raise ConfigError(f"{TOKEN_VARIABLE} is too short. Set {MIN_TOKEN_LENGTH} characters or more.")
    try:
        from dosing_tui.serve.browser_console import build_command, build_environment
        from dosing_tui.serve.web_server import ServeOptions, run_server
    except ImportError as error:
        raise ConfigError("This needs the extra 'serve': pip install 'dosing-tui[serve]'.") from error
    command = build_command(str(config) if config else None)
    environment = build_environment(os.environ, collects=collects)
    run_server(ServeOptions(address, token, max_consoles, command, environment), report=report)
