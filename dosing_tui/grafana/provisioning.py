"""The files that Grafana reads at start: data source, dashboards, alert rules, contact points."""

import json
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import describe_target
from dosing_tui.database.error_mapping import DatabaseTarget
from dosing_tui.domain.panels.panel_catalog import PANELS
from dosing_tui.errors import ExportError
from dosing_tui.grafana import collector_monitoring
from dosing_tui.grafana.alert_rules import build_alert_file
from dosing_tui.grafana.dashboards import build_dashboards
from dosing_tui.grafana.datasource import DATASOURCE_UID, FILE_HEADER, FOLDER, JsonObject
from dosing_tui.grafana.lot_dashboard import build_lot_dashboard
from dosing_tui.grafana.notifications import build_notification_file

_HEADER_LENGTH = 1000
"""Characters at the start of a file that contain FILE_HEADER if dosing-tui wrote it."""


class GrafanaOptions(Struct, frozen=True):
    """How Grafana connects. ``password`` is in Grafana's notation: $__file{...}; ``dashboards`` is a folder.

    ``user`` should not be that of database.dsn: that role may write, and Grafana runs any SQL. An empty
    ``host`` or ``database`` is that of database.dsn.
    """

    user: str
    password: str
    sslmode: str
    dashboards: str
    host: str = ""
    database: str = ""
    prometheus: str = ""
    """URL of the Prometheus that scrapes the collector; '' for none: then nothing is written of it."""


def build_provisioning_files(settings: Settings, options: GrafanaOptions) -> dict[str, str]:
    """Text by path, relative to Grafana's provisioning folder. Raises: DatabaseAccessError."""
    boards = [*build_dashboards(PANELS.values(), settings), build_lot_dashboard(settings)]
    return {
        "datasources/dosing.yaml": _render_yaml(_build_datasource(describe_target(settings), options)),
        "dashboards/dosing.yaml": _render_yaml(_build_dashboard_provider(options)),
        "alerting/dosing.yaml": _render_yaml(build_alert_file(settings)),
        "alerting/dosing-notifications.yaml": _render_yaml(build_notification_file(settings)),
        **{
            f"dashboards/dosing/{board['uid']}.json": f"{json.dumps(board, indent=2, ensure_ascii=False)}\n"
            for board in boards
        },
        **(_build_monitoring_files(settings, options.prometheus) if options.prometheus else {}),
    }


def _build_monitoring_files(settings: Settings, url: str) -> dict[str, str]:
    board = collector_monitoring.build_collector_dashboard(settings.plant.timezone)
    return {
        "datasources/dosing-prometheus.yaml": _render_yaml(collector_monitoring.build_datasource_file(url)),
        "alerting/dosing-collector.yaml": _render_yaml(collector_monitoring.build_collector_alerts(settings)),
        "prometheus/dosing-rules.yaml": _render_yaml(collector_monitoring.build_prometheus_rules(settings)),
        "dashboards/dosing/dosing-collector.json": f"{json.dumps(board, indent=2, ensure_ascii=False)}\n",
    }


def write_files(folder: Path, files: Mapping[str, str], *, force: bool) -> list[Path]:
    """Write the files and return their paths. Without ``force``, nothing is written if a file is not ours.

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


def _build_datasource(database: DatabaseTarget, options: GrafanaOptions) -> JsonObject:
    """The server is a host with its port, or the folder of a socket; local if the settings name none."""
    is_named = database.port or database.host.startswith("/")
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": "Dosing",
                "uid": DATASOURCE_UID,
                "type": "grafana-postgresql-datasource",
                "access": "proxy",
                "url": options.host or (database.server if is_named else "localhost:5432"),
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
    """Text of several lines as a block, text that is not a plain word in quotes."""
    # imported here to save start-up
    import yaml

    class Dumper(yaml.SafeDumper):
        """Of its own, to leave the representers of the library alone."""

    def represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        style = "|" if "\n" in text else None if text.isalpha() else '"'
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)

    Dumper.add_representer(str, represent_text)
    text = yaml.dump(content, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1_000_000)
    return f"# {FILE_HEADER}\n{text}"
