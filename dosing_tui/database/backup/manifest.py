"""The manifest of a backup: what was saved, and what a restored database has to equal."""

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec import Struct, to_builtins

from dosing_tui.database.backup.table_proof import DatabaseProof, TableProof
from dosing_tui.errors import BackupError

MANIFEST_FILE: Final = "manifest.json"
DUMP_FILE: Final = "database.dump"
FORMAT: Final = 2
READABLE_FORMATS: Final = (1, FORMAT)
"""Format 1 began without jobs and without the hours of continuous aggregates."""
_BLOCK_BYTES = 1024 * 1024


class BackupManifest(Struct, frozen=True):
    """``files``: name -> SHA-256 of each file of the backup."""

    program: str
    site: str
    created_at: datetime
    proof: DatabaseProof
    files: dict[str, str]
    scheduled_jobs: tuple[int, ...] | None = ()
    """TimescaleDB's jobs that were not switched off: those to start in a restored database.

    None: a backup that does not say, and has no proof of continuous aggregates.
    """
    roles: tuple[str, ...] = ()
    """Those that its objects belong to or give rights to; a backup of format 1 names none."""


def write_manifest(folder: Path, manifest: BackupManifest) -> None:
    document = to_builtins(manifest) | {"format": FORMAT, "created_at": manifest.created_at.isoformat()}
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    (folder / MANIFEST_FILE).write_text(text, encoding="utf-8")


def read_manifest(folder: Path) -> BackupManifest:
    """Raises: BackupError, if there is none, it cannot be used, or a file differs from its hash."""
    path = folder / MANIFEST_FILE
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] not in READABLE_FORMATS:
            raise BackupError(f"{path} has format {document['format']}: use the dosing-tui that made it.")
        proof, says_jobs = document["proof"], document["format"] == FORMAT or "scheduled_jobs" in document
        tables = tuple(TableProof(**table) for table in proof.pop("tables"))
        manifest = BackupManifest(
            document["program"],
            document["site"],
            datetime.fromisoformat(document["created_at"]),
            DatabaseProof(**proof, tables=tables),
            document["files"],
            tuple(int(job) for job in document["scheduled_jobs"]) if says_jobs else None,
            tuple(document.get("roles", ())),
        )
    except OSError as error:
        raise BackupError(f"{folder} holds no backup: {path.name}: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(f"{path} is not the manifest of a backup.") from error
    _check_files(folder, manifest.files)
    return manifest


def hash_file(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _check_files(folder: Path, files: dict[str, str]) -> None:
    for name, digest in files.items():
        path = folder / Path(name).name
        if not path.is_file():
            raise BackupError(f"{path} is missing: the backup is not complete.")
        if hash_file(path) != digest:
            raise BackupError(
                f"{path} was changed after the backup: its SHA-256 differs from the manifest's."
            )
