"""Folders of the demo: locked by one process, reachable for the server's account, short for sockets."""

import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from dosing_tui.demo.servers.child_processes import ServiceAccount, can_reach
from dosing_tui.errors import DemoError

ORIGIN_FILE = "stands-for"
"""File in a substitute folder with the path of the original."""
SOCKET_PATH_LIMIT = 107
"""Bytes of a unix socket's address (Linux; 103 on macOS, which the short names here also keep)."""


def lock_file(path: Path, busy_message: str) -> IO[bytes]:
    """Lock ``path`` until the returned file is closed or this process ends in any way.

    Raises: DemoError, with the sentence ``busy_message`` if another process holds it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("ab")
    except OSError as error:
        raise DemoError(f"The folder {path.parent} cannot be used: {error.strerror}.") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise DemoError(busy_message) from error
    return handle


def make_private_folder(path: Path, account: ServiceAccount | None) -> Path:
    """Create ``path`` with mode 0700; a folder of another owner is an error. Raises: DemoError."""
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
        if account:
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
    found, owner = path.lstat(), account.uid if account else os.geteuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) & 0o077:
        raise DemoError(f"{path} is not a private folder of this user; remove it and start again.")
    return path


def make_socket_folder(data_folder: Path, account: ServiceAccount | None) -> Path:
    """A private folder for ``data_folder``, always the same, short enough for a socket's path."""
    owner = account.uid if account else os.geteuid()
    name = f"dosing-{owner}-{_hash_path(data_folder)}"
    for base in _list_runtime_folders(account):
        if len(os.fsencode(base / name / ".s.PGSQL.5432.lock")) <= SOCKET_PATH_LIMIT - 4:
            return make_private_folder(base / name, account)
    raise DemoError(
        "No folder with a short enough path for PostgreSQL's socket; set XDG_RUNTIME_DIR or TMPDIR."
    )


def _list_runtime_folders(account: ServiceAccount | None) -> list[Path]:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    bases = [Path(runtime)] if runtime and account is None else []
    bases += [Path(tempfile.gettempdir()), Path("/tmp")]
    usable = [
        base for base in bases if base.is_dir() and "," not in str(base)
    ]  # libpq splits hosts at commas
    return [base for base in usable if account is None or can_reach(base / "any", account)]


def make_public_folder(path: Path) -> None:
    """Create ``path`` with mode 0755, for any umask; an existing folder stays as it is."""
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o755)


def make_reachable_folder(folder: Path, account: ServiceAccount, copies: Path) -> Path:
    """``folder``, or if ``account`` cannot reach it, its substitute under ``copies``.

    Raises: DemoError.
    """
    if can_reach(folder / "any", account):
        return folder
    substitute = copies / f"demo-{_hash_path(folder)}"
    try:
        for each in (copies, substitute):
            make_public_folder(each)
        _remove_orphans(copies)
        (substitute / ORIGIN_FILE).write_bytes(os.fsencode(folder.absolute()))
    except OSError as error:
        raise DemoError(
            f"The account of the servers, {account.name}, may not enter {folder}; choose another --folder. "
            f"({copies} cannot be used instead: {error}.)"
        ) from error
    return substitute


def _remove_orphans(copies: Path) -> None:
    """Remove substitutes of deleted folders, unless the parent is missing too: its disk may be unmounted."""
    for origin_file in copies.glob(f"demo-*/{ORIGIN_FILE}"):
        folder = Path(os.fsdecode(origin_file.read_bytes()))
        if folder.parent.is_dir() and not folder.exists():
            shutil.rmtree(origin_file.parent, ignore_errors=True)


def _hash_path(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:12]
