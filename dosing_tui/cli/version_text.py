"""``dosing-tui --version``: program, schema, Python, and the build where it is known."""

import json
import platform
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from dosing_tui import __version__
from dosing_tui.database.sql_files import get_newest_migration

BUILD_FILE = Path(__file__).parents[1] / "build.txt"
"""Written by the build of an image or a release; absent in a checkout."""


def format_version() -> str:
    """One line."""
    schema = get_newest_migration()
    build = f", build {found}" if (found := _find_build()) else ""
    return f"dosing-tui {__version__} (schema {schema}, Python {platform.python_version()}{build})"


def _find_build() -> str:
    """The commit: of the build, or of an installation straight from a repository; '' if neither knows."""
    with suppress(OSError):
        return BUILD_FILE.read_text(encoding="utf-8").strip()[:40]
    with suppress(metadata.PackageNotFoundError, ValueError, KeyError, TypeError):
        origin = metadata.distribution("dosing-tui").read_text("direct_url.json")
        return str(json.loads(origin or "")["vcs_info"]["commit_id"])[:12]
    return ""
