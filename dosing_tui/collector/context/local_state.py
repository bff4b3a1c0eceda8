"""What this machine keeps for a site: the folder of its spool, and whether it was the last to collect."""

from contextlib import suppress
from pathlib import Path

from platformdirs import user_state_path

from dosing_tui.config.settings import Settings

MARKER_FILE = "collected-here"
MARKER_TEXT = (
    "A process of this machine was the last to collect for this site.\n"
    "While the database cannot be asked who collects, the next one here goes on collecting.\n"
)


def get_spool_folder(settings: Settings) -> Path:
    given = settings.collector.spool_dir
    base = Path(given).expanduser() if given else user_state_path("dosing-tui", appauthor=False) / "spool"
    return base / settings.plant.site


def get_spool_mtime(folder: Path) -> int | None:
    """Changes whenever the spool does; None if there is none."""
    try:
        return (folder / "spool.sqlite").stat().st_mtime_ns
    except OSError:
        return None


def is_last_collector(folder: Path) -> bool:
    return (folder / MARKER_FILE).exists()


def set_collector_marker(folder: Path) -> None:
    # only a convenience: without the marker this machine waits for the database to elect it
    with suppress(OSError):
        (folder / MARKER_FILE).write_text(MARKER_TEXT)


def clear_collector_marker(folder: Path) -> None:
    with suppress(OSError):
        (folder / MARKER_FILE).unlink(missing_ok=True)
