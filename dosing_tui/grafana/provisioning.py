"""The files Grafana reads at start: data source, dashboards, alert rules. As JSON, which is YAML as well."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import target
from dosing_tui.database.translation import Target
from dosing_tui.errors import ExportError
from dosing_tui.grafana.alerts import alerting
from dosing_tui.grafana.dashboards import dashboards
from dosing_tui.grafana.model import FOLDER, SOURCE_UID, Object
from dosing_tui.plant.panels import PANELS

_MADE = "# Made by dosing-tui grafana: change the panels or the settings and make it again.\n"


@dataclass(frozen=True, slots=True)
class Installation:
    """What Grafana sees: ``password`` in its own notation, e.g. $__file{...}; ``dashboards`` a folder."""

    password: str
    sslmode: str
    dashboards: str


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
    """The paths written; without ``force`` all of them are new. Raises: ExportError."""
    existing = [name for name in files if (folder / name).exists()]
    if existing and not force:
        raise ExportError(f"{folder / existing[0]} exists already: --force replaces it.")
    try:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ExportError(f"{folder}: Grafana's files cannot be written: {error.strerror}.") from error
    return [folder / name for name in files]


def _datasource(database: Target, seen: Installation) -> Object:
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": "Dosing",
                "uid": SOURCE_UID,
                "type": "grafana-postgresql-datasource",
                "access": "proxy",
                "url": database.server,
                "user": database.user,
                "secureJsonData": {"password": seen.password},
                "jsonData": {
                    "database": database.database,
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
    return _MADE + _text(content)


def _text(content: Object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
