"""On what, and of what, figures were measured."""

import os
import platform
import re
import subprocess
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg

from dosing_tui.demo.servers.mqtt_broker import find_mosquitto

CHECKOUT = Path(__file__).parents[3]


def describe_run(dsn: str, telegraf: Path | None) -> dict[str, Any]:
    """Date, machine, versions and commit, for JSON."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _find_commit(),
        "machine": {
            "processor": _find_line(Path("/proc/cpuinfo"), r"model name\s*: (.*)"),
            "cores": os.cpu_count(),
            "memory_mb": int(_find_line(Path("/proc/meminfo"), r"MemTotal:\s+(\d+)") or 0) // 1024,
            "system": platform.platform(),
        },
        "versions": {
            "dosing-tui": version("dosing-tui"),
            "python": platform.python_version(),
            "mosquitto": _ask_program(find_mosquitto(), "-h", pattern=r"mosquitto version (\S+)"),
            **_read_server_versions(dsn),
            **(
                {"telegraf": _ask_program(telegraf, "--version", pattern=r"Telegraf (\S+)")}
                if telegraf
                else {}
            ),
        },
    }


def _find_commit() -> str:
    """Of the checkout, with ``+`` when it holds changes; '' without git."""
    with suppress(OSError, subprocess.CalledProcessError):
        return f"{_run_git('rev-parse', '--short', 'HEAD')}{'+' if _run_git('status', '--porcelain') else ''}"
    return ""


def _run_git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(CHECKOUT), *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def _ask_program(program: Path | None, argument: str, *, pattern: str) -> str:
    with suppress(OSError):
        said = subprocess.run([str(program), argument], capture_output=True, text=True).stdout
        return _find_text(said, pattern)
    return ""


def _find_line(file: Path, pattern: str) -> str:
    with suppress(OSError):
        return _find_text(file.read_text(), pattern)
    return ""


def _find_text(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else ""


def _read_server_versions(dsn: str) -> dict[str, str]:
    with psycopg.connect(dsn) as session:
        ((postgres,),) = session.execute("SHOW server_version").fetchall()
        offered = session.execute(
            "SELECT default_version FROM pg_available_extensions WHERE name = 'timescaledb'"
        ).fetchall()
    return {"postgresql": str(postgres), **({"timescaledb": str(offered[0][0])} if offered else {})}
