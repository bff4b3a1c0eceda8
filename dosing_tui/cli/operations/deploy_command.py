"""``dosing-tui deploy``: the container stack's folder, checked without running it."""

import os
import sys
from pathlib import Path

import click

from dosing_tui.cli.context import write_stdout


@click.group()
def deploy() -> None:
    """The plant's stack in containers: check its folder."""


@deploy.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path("."))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="One line for each check, or one JSON document.")  # fmt: skip
def check(folder: Path, form: str) -> None:
    """Check FOLDER, a copy of deploy/, as it is.

    No service need run, and no network is needed. It checks variables, passwords, mounts, ports, the
    services' settings, the broker's configuration (by a Mosquitto of this machine), accounts, certificates,
    Telegraf, Grafana, systemd's units and documents. Changes nothing. Exit status 0: no fault; 1: warnings;
    3: errors.
    """
    from dosing_tui.deployment.deploy_check import check_deployment
    from dosing_tui.doctor.report_format import render_json, render_text
    from dosing_tui.tui.app.terminal import get_encoding

    diagnosis = check_deployment(folder, os.environ)
    ascii_only = get_encoding(os.environ).lower().replace("-", "") != "utf8"
    shown = render_json(diagnosis) if form == "json" else render_text(diagnosis, ascii_only=ascii_only)
    write_stdout(shown)
    sys.exit(diagnosis.exit_status)
