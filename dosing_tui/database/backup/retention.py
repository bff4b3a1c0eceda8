"""Which backups of a folder are removed when there are newer ones."""

import re
from pathlib import Path
from shutil import rmtree

from dosing_tui.database.backup.manifest import MANIFEST_FILE
from dosing_tui.errors import BackupError


def remove_old_backups(target: Path, site: str, keep_count: int) -> list[Path]:
    """Remove the site's complete backups in ``target`` but the newest; return those removed, oldest first.

    Raises: BackupError.
    """
    pattern = re.compile(rf"dosing-{re.escape(site)}-\d{{8}}T\d{{6}}Z")
    made = sorted(
        path
        for path in target.iterdir()
        if pattern.fullmatch(path.name) and not path.is_symlink() and (path / MANIFEST_FILE).is_file()
    )
    old = made[:-keep_count]
    for path in old:
        try:
            rmtree(path)
        except OSError as error:
            raise BackupError(f"{path} cannot be removed: {error.strerror or error}.") from error
    return old
