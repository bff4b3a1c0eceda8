"""Whether the stack's programs, Telegraf, Grafana and systemd take what they are given."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dosing_tui.config.loader import load_settings
from dosing_tui.config.settings import Settings
from dosing_tui.database.sql_files import find_sql_folder
from dosing_tui.deployment.compose.compose_service import ComposeService
from dosing_tui.deployment.stack_folder import StackFolder, list_credentials
from dosing_tui.deployment.unit_files import BackupPlan, ServicePlan, render_units
from dosing_tui.doctor.checks.check_result import CheckResult, CheckTheme, ThemeReporter
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.errors import DosingError
from dosing_tui.grafana.provisioning import GrafanaOptions, build_provisioning_files

FIELDS = {
    "ingest_dosing_consumption": ("pump", "target_g", "actual_g", "error_g", "duration_ms"),
    "ingest_batch_events": ("pumps",),
    "ingest_inventory_levels": ("remaining_g", "capacity_g", "percent_full"),
}
"""Numbers of the stations' messages, by the view to which Telegraf writes them."""
COLLECT = ("collect",)
TELEGRAF_FILE = "telegraf/telegraf.conf"
_SETTINGS, _TELEGRAF = ThemeReporter(CheckTheme.SETTINGS), ThemeReporter(CheckTheme.TELEGRAF)
_GRAFANA, _UNITS = ThemeReporter(CheckTheme.GRAFANA), ThemeReporter(CheckTheme.UNITS)


def check_settings_of(stack: StackFolder) -> tuple[list[CheckResult], Settings | None]:
    """Each own service loads the settings with its variables and secrets; also those of the collector."""
    results, found = [], None
    for name, service in stack.own_services.items():
        try:
            settings = _load_for(stack, service)
        except DosingError as error:
            results.append(
                _SETTINGS.fail_check(name, str(error), "Mend dosing-tui.toml, .env or compose.yaml.")
            )
            continue
        found = settings if service.command[:1] == COLLECT or found is None else found
        results.append(_SETTINGS.pass_check(name, "Loads its settings."))
    if not results:
        results.append(
            _SETTINGS.skip_check("services", "No service of compose.yaml is built or has dosing-tui's image.")
        )
    return results, found


def _load_for(stack: StackFolder, service: ComposeService) -> Settings:
    """As in the container: variables, and the secrets as credentials. Raises: ConfigError."""
    with tempfile.TemporaryDirectory() as place:
        for name in list_credentials(service):
            (Path(place) / name).write_text("https://example.invalid/ a password\n", encoding="utf-8")
        environment = {**service.environment, "CREDENTIALS_DIRECTORY": place}
        return load_settings(stack.path / "dosing-tui.toml", environment).settings


def check_telegraf(stack: StackFolder, settings: Settings | None) -> Iterator[CheckResult]:
    users = list(stack.list_users(TELEGRAF_FILE))
    if not users:
        yield _TELEGRAF.skip_check("configuration", f"No service mounts {TELEGRAF_FILE}.")
        return
    is_started = any(stack.starts_service(service) for service in users)
    report = _TELEGRAF.fail_check if is_started else _TELEGRAF.warn_of
    try:
        given: dict[str, Any] = tomllib.loads(stack.read_file(TELEGRAF_FILE))
        inputs = given["inputs"]["mqtt_consumer"]
        faults = [fault for one in inputs for fault in _list_input_faults(one, stack, settings)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield report("configuration", f"telegraf.conf cannot be used: {error!r}.", "Mend it.")
        return
    for fault in faults:
        yield report("configuration", fault, "Mend telegraf/telegraf.conf.")
    if not faults:
        yield _TELEGRAF.pass_check(
            "configuration", "Its views, columns, topics and account are those of the stack."
        )


def _list_input_faults(given: dict[str, Any], stack: StackFolder, settings: Settings | None) -> Iterator[str]:
    view, columns = given["name_override"], _read_view_columns()
    if view not in columns:
        yield f"{view} is not a view for other writers: {', '.join(columns)}."
        return
    if missing := sorted({*given["tag_keys"], *FIELDS[view]} - columns[view]):
        yield f"{view} has no column {', '.join(missing)}."
    if given["username"] not in stack.broker_users:
        yield f"mosquitto/acl has no account {given['username']}."
    if settings and (foreign := sorted(set(given["topics"]) - set(settings.mqtt.topics))):
        yield f"{', '.join(foreign)} is not a topic of mqtt.prefix '{settings.mqtt.prefix}'."


def _read_view_columns() -> dict[str, set[str]]:
    """Columns by view, from the schema's last file that makes it."""
    found = {}
    for path in sorted((find_sql_folder() / "schema" / "any").iterdir(), key=lambda path: path.name):
        text = path.read_text(encoding="utf-8")
        for view in FIELDS:
            if made := re.search(
                rf"CREATE (?:OR REPLACE )?VIEW {view} AS\s+SELECT(.*?)FROM", text, re.DOTALL
            ):
                found[view] = {column.strip() for column in made[1].split(",")}
    return found


def check_grafana(settings: Settings | None) -> Iterator[CheckResult]:
    import yaml

    if settings is None:
        yield _GRAFANA.skip_check("provisioning", "Needs settings that can be loaded.")
        return
    options = GrafanaOptions(
        user="dosing_viewer", password="$__file{/run/secrets/database-password}", sslmode="disable",
        dashboards="/etc/grafana/provisioning/dashboards/dosing", prometheus="http://prometheus:9090",
    )  # fmt: skip
    files = build_provisioning_files(settings, options)
    for name, text in files.items():
        try:
            json.loads(text) if name.endswith(".json") else yaml.safe_load(text)
        except (ValueError, yaml.YAMLError) as error:
            yield _GRAFANA.fail_check(
                "provisioning", f"{name} cannot be read: {error}.", "Report this as a fault."
            )
            return
    yield _GRAFANA.pass_check("provisioning", f"{count_noun(len(files), 'file')} can be written and read.")


def check_units(settings: Settings | None) -> Iterator[CheckResult]:
    """Units as 'service install' writes them for these settings, by systemd's own check."""
    program = shutil.which("systemd-analyze")
    if program is None or settings is None:
        yield _UNITS.skip_check("systemd", "There is no systemd-analyze here, or no settings to use.")
        return
    backup = BackupPlan(Path("/var/backups/dosing-tui"), "02:30", 30, "dosing_owner")
    plan = ServicePlan(
        "dosing-tui", "root", sys.executable, Path("/etc/dosing-tui/config.toml"), settings, backup
    )
    with tempfile.TemporaryDirectory() as name:
        for unit, text in (units := render_units(plan)).items():
            (Path(name) / unit).write_text(text, encoding="utf-8")
        command = (program, "verify", "--man=no", *(str(Path(name) / unit) for unit in units))
        done = subprocess.run(command, capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if "dosing-tui" in line]
    if done.returncode or said:
        yield _UNITS.fail_check(
            "systemd", f"It objects: {(said or [done.stderr])[0]}", "Report this as a fault."
        )
    else:
        yield _UNITS.pass_check("systemd", f"Units of 'service install': all {len(units)} are accepted.")
