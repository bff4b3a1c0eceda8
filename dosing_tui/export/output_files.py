"""Names exported files safely for every system and writes them without overwriting others."""

import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Literal

from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.errors import ExportError
from dosing_tui.export.table import ExportTable

MAX_SLUG_LENGTH = 60
_MAX_DUPLICATES = 1_000
"""Most files with the same stem in one folder."""
_RESERVED_NAMES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Windows device names; no file may have them, with or without a suffix."""


def make_slug(text: str) -> str:
    """Part of a file's name: letters, digits, ``-``, ``_`` and single dots; 'export' if nothing remains.

    >>> make_slug("CU-65/75"), make_slug(".."), make_slug("Größe 1"), make_slug("nul.csv")
    ('CU-65-75', 'export', 'Grosse-1', '_nul.csv')
    """
    ascii_only = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    safe = re.sub(r"\.{2,}", ".", re.sub(r"[^A-Za-z0-9._]+", "-", ascii_only))
    short = safe.strip("-._")[:MAX_SLUG_LENGTH].strip("-._")
    return f"_{short}" if _RESERVED_NAMES.fullmatch(short) else short or "export"


def build_file_stem(table: ExportTable) -> str:
    """Panel, filters, start of the range and time of export, to the second."""
    chosen = [name for dimension in Dimension for name in table.selection.get_values(dimension)]
    names = [make_slug(part) for part in (table.panel, "_".join(chosen)) if part]
    moments = [moment for moment in (table.since, table.generated_at) if moment is not None]
    times = [_format_timestamp(moment, table.zone) for moment in moments]
    return "_".join(names + times)


def write_new_files(folder: Path, stem: str, texts: Mapping[str, str]) -> list[Path]:
    """Write each text under its suffix, all with one unused stem. Raises: ExportError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"Folder {folder} cannot be created: {error.strerror}.") from error
    for number in range(_MAX_DUPLICATES):
        name = f"{stem}_{number}" if number else stem
        paths = {suffix: folder / f"{name}.{suffix}" for suffix in texts}
        if not any(path.exists() for path in paths.values()):
            for suffix, text in texts.items():
                write_file(paths[suffix], text, force=False)
            return list(paths.values())
    raise ExportError(f"Too many files named {stem} in {folder}: move or delete some.")


def write_file(path: Path, content: str | bytes, *, force: bool) -> None:
    """Write it completely, text as UTF-8; on failure the existing file stays as it is.

    Raises: ExportError, also if the file exists and ``force`` is not set.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if force and path.is_file():
            _replace_file(path, data)
        else:
            _create_file(path, data, mode="wb" if force else "xb")
    except FileExistsError as error:
        raise ExportError(f"{path} exists already; --force replaces it.") from error
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror}.") from error


def write_output(
    content: str | bytes, output: Path | None, *, name: str, force: bool, show: Callable[[str], object],
    report: Callable[[str], object],
) -> None:  # fmt: skip
    """Write to the file ``output``, to ``name`` in the folder ``output``, or text to ``show`` without output.

    Raises: ExportError, also for a PDF without an output.
    """
    if output is not None:
        path = output / name if output.is_dir() else output
        write_file(path, content, force=force)
        report(f"Wrote {path}")
    elif isinstance(content, bytes):
        raise ExportError("PDF cannot be shown in a terminal: name a file or a folder with --output.")
    else:
        show(content)


def _create_file(path: Path, data: bytes, *, mode: Literal["wb", "xb"]) -> None:
    with path.open(mode) as stream:
        try:
            stream.write(data)
            stream.flush()
        except OSError:
            if path.is_file():
                path.unlink(missing_ok=True)
            raise


def _replace_file(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        _create_file(temporary, data, mode="xb")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _format_timestamp(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d_%H%M%S}"
