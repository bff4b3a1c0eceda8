"""The files Grafana reads at start: data source, dashboards, alert rules. As JSON, which is YAML as well."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dosing_tui.config.settings import Settings
from dosing_tui.errors import ExportError
from dosing_tui.grafana.alerts import alerting
from dosing_tui.grafana.dashboards import dashboards
from dosing_tui.grafana.model import FOLDER, SOURCE_UID, Object
from dosing_tui.plant.panels import PANELS

PASSWORD = "DOSING_VIEWER_PASSWORD"
"""Environment variable from which Grafana takes the password of its database user."""
_MADE = "# Made by dosing-tui grafana: change the panels or the settings and make it again.\n"


@dataclass(frozen=True, slots=True)
class Database:
    """Where Grafana finds the database; ``dashboards`` is where it finds these files' dashboards."""

    host: str
    name: str
    user: str
    sslmode: str
    dashboards: str


def provisioning(settings: Settings, database: Database) -> dict[str, str]:
    """Text by path, relative to Grafana's provisioning folder."""
    boards = dashboards(PANELS.values(), settings)
    return {
        "datasources/dosing.yaml": _yaml(_datasource(database)),
        "dashboards/dosing.yaml": _yaml(_provider(database)),
        "alerting/dosing.yaml": _yaml(alerting(settings)),
        **{f"dashboards/dosing/{board['uid']}.json": _text(board) for board in boards},
    }


def write(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """The paths written. Raises: ExportError."""
    try:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ExportError(f"{folder}: Grafana's files cannot be written: {error.strerror}.") from error
    return [folder / name for name in files]


def _datasource(database: Database) -> Object:
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": "Dosing",
                "uid": SOURCE_UID,
                "type": "grafana-postgresql-datasource",
                "access": "proxy",
                "url": database.host,
                "user": database.user,
                "secureJsonData": {"password": f"${PASSWORD}"},
                "jsonData": {
                    "database": database.name,
                    "sslmode": database.sslmode,
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


def _provider(database: Database) -> Object:
    return {
        "apiVersion": 1,
        "providers": [
            {
                "name": "dosing",
                "folder": FOLDER,
                "type": "file",
                "disableDeletion": True,
                "allowUiUpdates": False,
                "options": {"path": database.dashboards},
            }
        ],
    }


def _yaml(content: Object) -> str:
    return _MADE + _text(content)


def _text(content: Object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
