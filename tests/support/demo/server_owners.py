"""Processes that own servers, as any user, to be ended in every way there is."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dosing_tui.demo.servers.child_processes import ServiceAccount, can_reach


@contextmanager
def owner_of(
    program: str, folder: Path, *arguments: str, account: ServiceAccount | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A Python process running ``program`` on the folder, and the first line it says."""
    python = python_for(account) if account else Path(sys.executable)
    # what a killed owner cannot tidy up is gone with the folder
    own = {**build_environment(account), "TMPDIR": str(folder if folder.is_dir() else folder.parent)}
    who = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    owner = subprocess.Popen(
        [python, "-c", program, folder, *arguments],
        # a pipe stays open until the owner is killed; an inherited stdin may be at its end already
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/", env=own, **who,  # type: ignore[call-overload]
    )  # fmt: skip
    try:
        assert owner.stdin
        assert owner.stdout
        yield owner, owner.stdout.readline()
    finally:
        owner.kill()
        owner.wait()
        owner.stdout.close()
        owner.stdin.close()


def python_for(account: ServiceAccount) -> Path | None:
    """This Python, or the same version of it, where ``account`` may run it."""
    same = f"python3.{sys.version_info.minor}"
    candidates = (Path(sys.executable).resolve(), Path("/usr/bin") / same, Path("/usr/local/bin") / same)
    return next((path for path in candidates if path.exists() and can_reach(path.resolve(), account)), None)


def build_environment(account: ServiceAccount | None) -> dict[str, str]:
    """With the libraries of this Python, should it be another that runs."""
    if account is None:
        return dict(os.environ)
    libraries = [path for path in map(Path, sys.path) if path.is_dir() and can_reach(path / "any", account)]
    return {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(map(str, libraries)),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
