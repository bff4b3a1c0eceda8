"""The files Grafana reads at start: data source, dashboards, alert rules."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import target
from dosing_tui.database.error_mapping import Target
from dosing_tui.domain.panels.panel_catalog import PANELS
from dosing_tui.errors import ExportError
from dosing_tui.grafana.alert_rules import alerting
from dosing_tui.grafana.dashboards import dashboards
from dosing_tui.grafana.datasource import FOLDER, MADE, SOURCE_UID, Object
from dosing_tui.grafana.yaml_writer import yaml

_HEAD = 1000
"""Characters in which a file of ours says that it is one."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What Grafana sees: ``password`` in its own notation, e.g. $__file{...}; ``dashboards`` a folder.

    ``user`` is not that of the setting database.dsn: that one may write, and Grafana runs any SQL.
    An empty ``host`` or ``database`` is that setting's.
    """

    user: str
    password: str
    sslmode: str
    dashboards: str
    host: str = ""
    database: str = ""


def provisioning(settings: Settings, seen: Installation) -> dict[str, str]:
    """Text by path, relative to Grafana's provisioning folder. Raises: DatabaseRefused."""
    boards = dashboards(PANELS.values(), settings)
    return {
        "datasources/dosing.yaml": _yaml(_datasource(target(settings), seen)),
        "dashboards/dosing.yaml": _yaml(_provider(seen)),
        "alerting/dosing.yaml": _yaml(alerting(settings)),
        **{f"dashboards/dosing/{board['uid']}.json": _text(board) for board in boards},
    }


def write(folder: Path, files: Mapping[str, str], *, force: bool) -> list[Path]:
    """The paths written. Without ``force``, a file that this program did not make stays, and so do all.

    Raises: ExportError.
    """
    paths = [folder / name for name in files]
    try:
        for path in paths:
            if not force and path.exists() and not _ours(path):
                raise ExportError(f"{path} exists and is not dosing-tui's: --force replaces it.")
        for path, text in zip(paths, files.values(), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ExportError(f"{folder}: Grafana's files cannot be written: {error.strerror}.") from error
    return paths


def _ours(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as stream:
        return MADE in stream.read(_HEAD)


def _server(database: Target) -> str:
    """A host with its port, or the folder of a socket; on this machine where the settings tell none."""
    told = database.port or database.host.startswith("/")
    return database.server if told else "localhost:5432"


def _datasource(database: Target, seen: Installation) -> Object:
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": "Dosing",
                "uid": SOURCE_UID,
                "type": "grafana-postgresql-datasource",
                "access": "proxy",
                "url": seen.host or _server(database),
                "user": seen.user,
                "secureJsonData": {"password": seen.password},
                "jsonData": {
                    "database": seen.database or database.database,
                    "sslmode": seen.sslmode,
                    "postgresVersion": 1500,
                    "timescaledb": True,
                    "maxOpenConns": 5,
                    "maxIdleConns": 2,
                },
                "isDefault": True,
                "editable": False,
            }
        ],
    }


def _provider(seen: Installation) -> Object:
    return {
        "apiVersion": 1,
        "providers": [
            {
                "name": "dosing",
                "folder": FOLDER,
                "type": "file",
                "disableDeletion": True,
                "allowUiUpdates": False,
                "options": {"path": seen.dashboards},
            }
        ],
    }


def _yaml(content: Object) -> str:
    return f"# {MADE}\n{yaml(content)}"


def _text(content: Object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
