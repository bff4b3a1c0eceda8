"""The files Grafana reads at start: data source, dashboards, alert rules."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import describe_target
from dosing_tui.database.error_mapping import DatabaseTarget
from dosing_tui.domain.panels.panel_catalog import PANELS
from dosing_tui.errors import ExportError
from dosing_tui.grafana.alert_rules import build_alert_file
from dosing_tui.grafana.dashboards import build_dashboards
from dosing_tui.grafana.datasource import DATASOURCE_UID, FILE_HEADER, FOLDER, JsonObject
from dosing_tui.grafana.yaml_writer import dump_yaml

_HEADER_LENGTH = 1000
"""Characters in which a file of ours says that it is one."""


@dataclass(frozen=True, slots=True)
class GrafanaOptions:
    """What Grafana sees: ``password`` in its own notation, e.g. $__file{...}; ``build_dashboards`` a folder.

    ``user`` is not that of the setting database.dsn: that one may write, and Grafana runs any SQL.
    An empty ``host`` or ``database`` is that setting's.
    """

    user: str
    password: str
    sslmode: str
    dashboards: str
    host: str = ""
    database: str = ""


def build_provisioning_files(settings: Settings, options: GrafanaOptions) -> dict[str, str]:
    """Text by path, relative to Grafana's provisioning folder. Raises: DatabaseAccessError."""
    boards = build_dashboards(PANELS.values(), settings)
    return {
        "datasources/dosing.yaml": _render_yaml(_build_datasource(describe_target(settings), options)),
        "dashboards/dosing.yaml": _render_yaml(_build_dashboard_provider(options)),
        "alerting/dosing.yaml": _render_yaml(build_alert_file(settings)),
        **{f"dashboards/dosing/{board['uid']}.json": _render_json(board) for board in boards},
    }


def write_files(folder: Path, files: Mapping[str, str], *, force: bool) -> list[Path]:
    """The paths written. Without ``force``, a file that this program did not make stays, and so do all.

    Raises: ExportError.
    """
    paths = [folder / name for name in files]
    try:
        for path in paths:
            if not force and path.exists() and not _is_own_file(path):
                raise ExportError(f"{path} exists and is not dosing-tui's: --force replaces it.")
        for path, text in zip(paths, files.values(), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ExportError(f"{folder}: Grafana's files cannot be written: {error.strerror}.") from error
    return paths


def _is_own_file(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as stream:
        return FILE_HEADER in stream.read(_HEADER_LENGTH)


def _format_server(database: DatabaseTarget) -> str:
    """A host with its port, or the folder of a socket; on this machine where the settings tell none."""
    told = database.port or database.host.startswith("/")
    return database.server if told else "localhost:5432"


def _build_datasource(database: DatabaseTarget, options: GrafanaOptions) -> JsonObject:
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": "Dosing",
                "uid": DATASOURCE_UID,
                "type": "grafana-postgresql-datasource",
                "access": "proxy",
                "url": options.host or _format_server(database),
                "user": options.user,
                "secureJsonData": {"password": options.password},
                "jsonData": {
                    "database": options.database or database.database,
                    "sslmode": options.sslmode,
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


def _build_dashboard_provider(options: GrafanaOptions) -> JsonObject:
    return {
        "apiVersion": 1,
        "providers": [
            {
                "name": "dosing",
                "folder": FOLDER,
                "type": "file",
                "disableDeletion": True,
                "allowUiUpdates": False,
                "options": {"path": options.dashboards},
            }
        ],
    }


def _render_yaml(content: JsonObject) -> str:
    return f"# {FILE_HEADER}\n{dump_yaml(content)}"


def _render_json(content: JsonObject) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
