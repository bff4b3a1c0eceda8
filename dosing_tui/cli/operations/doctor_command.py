"""``dosing-tui doctor``: every check of this installation, one line each."""

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dosing_tui.cli.context import write_stdout

if TYPE_CHECKING:
    from dosing_tui.doctor.checks.check_result import CheckLevel, Diagnosis


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="One line for each check, or one JSON document.")  # fmt: skip
@click.option("--notify", is_flag=True, help="Send a test message over every notification channel.")
@click.option("--listen", "listen_s", type=click.FloatRange(0, 600), default=2.0, show_default=True,
              metavar="SECONDS", help="Time to listen for messages of the stations.")  # fmt: skip
@click.option("--faults", "only_faults", is_flag=True, help="Print warnings and errors only.")
@click.option("--bundle", type=click.Path(path_type=Path), metavar="FILE",
              help="Also write a ZIP file for support, without secrets.")  # fmt: skip
@click.pass_context
def doctor(
    ctx: click.Context, *, form: str, notify: bool, listen_s: float, only_faults: bool, bundle: Path | None
) -> None:
    """Check settings, broker, database, spool, stations and terminal; say what to do.

    Changes nothing. Exit status 0: no fault; 1: warnings; 3: errors.
    """
    from dosing_tui.config.loader import load_settings
    from dosing_tui.doctor.checks.terminal_checks import read_terminal
    from dosing_tui.doctor.diagnose import DiagnosisOptions, run_diagnosis
    from dosing_tui.doctor.report_format import render_json
    from dosing_tui.doctor.support_bundle import refuse_existing_bundle
    from dosing_tui.tui.app.terminal import get_encoding

    if bundle is not None:
        refuse_existing_bundle(bundle)
    config: Path | None = ctx.find_root().obj
    terminal = read_terminal(os.environ, encoding=get_encoding(os.environ))
    options = DiagnosisOptions(listen_s=listen_s, sends_notifications=notify, terminal=terminal)
    diagnosis = run_diagnosis(lambda: load_settings(config, os.environ), os.environ, options)
    if bundle is not None:
        _write_bundle(bundle, diagnosis, config)
    shown = diagnosis.keep_faults() if only_faults else diagnosis
    write_stdout(render_json(shown) if form == "json" else _render_terminal(shown))
    sys.exit(diagnosis.exit_status)


def _write_bundle(path: Path, diagnosis: "Diagnosis", config: Path | None) -> None:
    """Raises: ExportError."""
    from dosing_tui.config.loader import load_settings
    from dosing_tui.config.sections.log_settings import LogSettings
    from dosing_tui.doctor.support_bundle import write_bundle
    from dosing_tui.errors import ConfigError
    from dosing_tui.tui.app.log_file import get_log_path

    loaded = None
    with suppress(ConfigError):  # the diagnosis says so
        loaded = load_settings(config, os.environ)
    log_file = get_log_path(loaded.settings.log if loaded else LogSettings())
    write_bundle(path, diagnosis, loaded, log_file, os.environ)
    click.echo(f"Wrote {path}. Read it before you send it: it has names of your plant.", err=True)


def _render_terminal(diagnosis: "Diagnosis") -> str:
    """Wrapped and coloured on a terminal; elsewhere one line for each check."""
    from dosing_tui.doctor.report_format import leave_plain, render_text
    from dosing_tui.tui.app.terminal import get_encoding

    is_terminal = sys.stdout.isatty()
    return render_text(
        diagnosis,
        width=shutil.get_terminal_size().columns if is_terminal else None,
        paint=_colour_level if is_terminal and not os.environ.get("NO_COLOR") else leave_plain,
        ascii_only=get_encoding(os.environ).lower().replace("-", "") != "utf8",
    )


def _colour_level(level: "CheckLevel", text: str) -> str:
    from dosing_tui.doctor.checks.check_result import CheckLevel

    colours = {CheckLevel.ERROR: "red", CheckLevel.WARNING: "yellow", CheckLevel.OK: "green"}
    return click.style(text, fg=colours.get(level), bold=level is CheckLevel.ERROR)
