"""Files that the operator asks for: what a tile shows as CSV and JSON, the screen as picture and text."""

import json
import os
import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from pathlib import Path

import platformdirs

from dosing_tui.console.shownrows import Shown
from dosing_tui.errors import DosingError
from dosing_tui.export.csvtext import csv_of
from dosing_tui.export.extract import Column
from dosing_tui.export.jsontext import value_of

_MOST = 1_000


class SaveError(DosingError):
    """The files cannot be written."""


def folder(setting: str) -> Path:
    """Where files go: as configured, else the documents folder, or the program's own where there is none."""
    if setting:
        return Path(setting).expanduser()
    documents = platformdirs.user_documents_path()
    if documents.is_dir():
        return documents / "dosing-tui"
    return platformdirs.user_state_path("dosing-tui", appauthor=False) / "exports"


def save(where: Path, name: str, at: datetime, texts: Mapping[str, str]) -> list[Path]:
    """Each text under its suffix, all with one new name: nothing is ever overwritten. Raises: SaveError."""
    stem = f"{at:%Y-%m-%d_%H%M%S}_{safe_name(name)}"
    try:
        where.mkdir(parents=True, exist_ok=True)
        for number in range(_MOST):
            paths = {suffix: where / f"{stem}{f'_{number}' if number else ''}.{suffix}" for suffix in texts}
            if not any(path.exists() for path in paths.values()):
                return [_written(paths[suffix], text) for suffix, text in texts.items()]
    except OSError as error:
        raise SaveError(f"Nothing could be written to {where}: {error.strerror}.") from error
    raise SaveError(f"There are too many files named {stem} in {where}.")


def _written(path: Path, text: str) -> Path:
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w", encoding="utf-8", newline=""
    ) as file:
        file.write(text)
    return path


def safe_name(name: str) -> str:
    """A file name of letters and digits: recipes contain slashes.

    >>> safe_name("Batches by recipe: CU-65/75")
    'batches_by_recipe_cu-65_75'
    """
    return re.sub(r"[^a-z0-9-]+", "_", name.lower()).strip("_")[:60] or "screen"


def csv_text(what: Shown, zone: tzinfo) -> str:
    """The rows as they are on screen, in the form of every export."""
    return csv_of([Column(name, name, unit) for name, unit in what.columns], what.rows, zone)


def json_text(what: Shown, at: datetime, zone: tzinfo) -> str:
    """The same, with what it is of."""
    return json.dumps(
        {
            "title": what.title, "of": what.scope, "saved": value_of(at, zone),
            "columns": [{"name": name, "unit": unit} for name, unit in what.columns],
            "rows": [[value_of(cell, zone) for cell in row] for row in what.rows],
        },
        ensure_ascii=False, allow_nan=False, indent=1,
    )  # fmt: skip
