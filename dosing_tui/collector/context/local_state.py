"""Local state of a site: the spool folder, and the marker of the machine that collected last."""

from contextlib import suppress
from pathlib import Path

from platformdirs import user_state_path

from dosing_tui.collector.context.private_files import prepare_private_file
from dosing_tui.config.settings import Settings

MARKER_FILE = "collected-here"
MARKER_TEXT = (
    "A process of this machine was the site's last collector.\n"
    "While leader election is unavailable, the next process on this machine continues to collect.\n"
)


def get_spool_folder(settings: Settings) -> Path:
    given = settings.collector.spool_dir
    base = Path(given).expanduser() if given else user_state_path("dosing-tui", appauthor=False) / "spool"
    return base / settings.plant.site


def get_spool_mtime(folder: Path) -> int | None:
    """Modification time of the spool in ns; None without a spool."""
    try:
        return (folder / "spool.sqlite").stat().st_mtime_ns
    except OSError:
        return None


def is_last_collector(folder: Path) -> bool:
    return (folder / MARKER_FILE).exists()


def set_collector_marker(folder: Path) -> None:
    # not essential: without the marker this machine waits for the leader election
    with suppress(OSError):
        prepare_private_file(folder / MARKER_FILE)
        (folder / MARKER_FILE).write_text(MARKER_TEXT)


def clear_collector_marker(folder: Path) -> None:
    with suppress(OSError):
        (folder / MARKER_FILE).unlink(missing_ok=True)
