"""The commands. Nothing heavy is imported here: ``dosing-tui --help`` answers at once."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dosing_tui import __version__
from dosing_tui.cli.alarms import alarms
from dosing_tui.cli.batches import audit, batches
from dosing_tui.cli.grafana import grafana
from dosing_tui.cli.notifications import notifications, try_channel
from dosing_tui.cli.recipes import recipes
from dosing_tui.cli.refill import refill
from dosing_tui.cli.reports import panel, report
from dosing_tui.errors import DosingError

if TYPE_CHECKING:
    from dosing_tui.config.loader import LoadedSettings
    from dosing_tui.config.settings import Settings

EXIT_PENDING = 1
"""``migrate --check``: the schema is not up to date."""
EXIT_ERROR = 2
"""A setting, a password or a server is wrong; the reason is on stderr."""


class ErrorReportingGroup(click.Group):
    """Every foreseen error becomes one sentence on stderr and exit status 2, never a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except DosingError as error:
            click.echo(f"dosing-tui: {error}", err=True)
            ctx.exit(EXIT_ERROR)


@click.group(cls=ErrorReportingGroup, invoke_without_command=True)
@click.version_option(__version__, prog_name="dosing-tui")
@click.option(
    "--config", type=click.Path(path_type=Path), help="Settings file; else $DOSING_TUI_CONFIG or the default."
)
@click.option("--theme", type=click.Choice(["dark", "light"]), help="Colours of the console.")
@click.option(
    "--glyphs", type=click.Choice(["auto", "unicode", "console", "ascii"]), help="Characters to draw with."
)
@click.option("--low-bandwidth", is_flag=True, help="Fewer repaints and colours, for slow lines.")
@click.pass_context
def main(
    ctx: click.Context, config: Path | None, theme: str | None, glyphs: str | None, low_bandwidth: bool
) -> None:
    """The operator console of a chemical dosing plant. Without a command it opens the console."""
    ctx.obj = config
    for name, value in (
        ("THEME", theme),
        ("GLYPHS", glyphs),
        ("LOW_BANDWIDTH", "true" if low_bandwidth else None),
    ):
        if value is not None:
            os.environ[f"DOSING_CONSOLE_{name}"] = value
    if ctx.invoked_subcommand is None:
        from dosing_tui.tui.app.main import run_console

        sys.exit(run_console(_get_settings(ctx)))


@main.command()
@click.pass_context
def collect(ctx: click.Context) -> None:
    """Collect without a screen: broker to database, for a service. Logs to stderr."""
    from dosing_tui.collector.service_main import run

    sys.exit(run(_get_settings(ctx), report=_print_message))


@main.command()
@click.option("--check", is_flag=True, help="Change nothing; list what is missing, exit 1 if anything is.")
@click.pass_context
def migrate(ctx: click.Context, check: bool) -> None:
    """Create the database schema, bring it up to date, or adopt the guide's tables with their rows."""
    from dosing_tui.database.schema.migrate import list_pending_steps, migrate_schema

    settings = _get_settings(ctx)
    names = list_pending_steps(settings) if check else migrate_schema(settings, report=_print_message)
    for name in names:
        click.echo(f"{'missing' if check else 'applied'}: {name}")
    if not names:
        click.echo("The schema is up to date.")
    sys.exit(EXIT_PENDING if check and names else 0)


@main.command()
@click.option(
    "--broker", default="", metavar="HOST[:PORT]", help="Broker to publish to; else the configured one."
)
@click.option(
    "--devices", type=click.IntRange(1, 1000), default=2, show_default=True, help="Dosing stations."
)
@click.option("--rate", type=click.FloatRange(0.01, 100_000), help="Messages a second over the whole plant.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed says the same things.")
@click.option("--speed", type=click.FloatRange(0.01, 10_000), default=1.0, show_default=True,
              help="Plant minutes in a minute.")  # fmt: skip
@click.option("--faults", default="none", show_default=True,
              help="Comma-separated: nan, duplicates, uptime, reboot, lost-start, lost-complete, garbage; "
                   "or all, none.")  # fmt: skip
@click.option(
    "--qos", type=click.IntRange(0, 1), default=0, show_default=True, help="0 like the firmware, or 1."
)
@click.option("--duration", type=click.FloatRange(0.1), help="Stop after so many seconds.")
@click.pass_context
def simulate(
    ctx: click.Context, *, broker: str, devices: int, rate: float | None, seed: int, speed: float,
    faults: str, qos: int, duration: float | None,
) -> None:  # fmt: skip
    """Publish what a plant of ESP32 dosing stations would. Ends with a tally as one line of JSON."""
    from dosing_tui.simulator.command import run_simulate_command

    sys.exit(
        run_simulate_command(
            _get_settings(ctx).mqtt, broker=broker, devices=devices, rate=rate, seed=seed, speed=speed,
            faults=faults, qos=qos, duration_s=duration, report=_print_message,
        )
    )  # fmt: skip


@main.command()
@click.option("--folder", type=click.Path(path_type=Path), help="Where the demo keeps its data.")
@click.option("--headless", is_flag=True, help="No screen; the books as one line of JSON at the end.")
@click.option("--duration", type=click.FloatRange(1), help="Stop after so many seconds.")
@click.option("--devices", type=click.IntRange(1, 20), default=2, show_default=True, help="Dosing stations.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same plant.")
@click.option("--rate", type=click.FloatRange(0.01, 10_000), show_default="0.4, headless 20",
              help="Messages a second.")  # fmt: skip
@click.option("--faults", show_default="nan,duplicates,uptime,reboot, headless all", help="As for simulate.")
@click.pass_context
def demo(
    ctx: click.Context, *, folder: Path | None, headless: bool, duration: float | None, devices: int,
    seed: int, rate: float | None, faults: str | None,
) -> None:  # fmt: skip
    """A whole plant on this machine: database, broker, simulated stations and the console."""
    from dosing_tui.demo.main import run_demo

    sys.exit(
        run_demo(
            folder=folder, headless=headless, duration_s=duration, devices=devices, seed=seed, rate=rate,
            faults=faults, console=_get_settings(ctx).console, report=_print_message,
        )
    )  # fmt: skip


alarms.add_command(notifications)
alarms.add_command(refill)
alarms.add_command(try_channel)
main.add_command(alarms)
main.add_command(batches)
main.add_command(audit)
main.add_command(recipes)
main.add_command(report)
main.add_command(panel)
main.add_command(grafana)


@main.group()
def config() -> None:
    """The settings file: write one, show what is in force, say where it is."""


@config.command()
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@click.pass_context
def init(ctx: click.Context, force: bool) -> None:
    """Write a documented settings file to start from."""
    from dosing_tui.config.loader import resolve_config_path
    from dosing_tui.config.render_toml import write_template

    path = resolve_config_path(ctx.obj, os.environ)
    write_template(path, force=force)
    click.echo(f"Wrote {path}")


@config.command()
@click.pass_context
def show(ctx: click.Context) -> None:
    """Print every setting in force and where it comes from; secrets are not printed."""
    from dosing_tui.config.render_toml import render_settings

    click.echo(render_settings(_load_config(ctx)), nl=False)


@config.command()
@click.pass_context
def path(ctx: click.Context) -> None:
    """Print where the settings file is, or would be."""
    from dosing_tui.config.loader import resolve_config_path

    click.echo(resolve_config_path(ctx.obj, os.environ))


def _load_config(ctx: click.Context) -> "LoadedSettings":
    from dosing_tui.config.loader import load_settings

    return load_settings(ctx.obj, os.environ)


def _get_settings(ctx: click.Context) -> "Settings":
    return _load_config(ctx).settings


def _print_message(text: str) -> None:
    """Raises: OSError when nobody reads stderr any more."""
    try:
        click.echo(text, err=True)
    except OSError:
        # what could not be written is tried again at the exit, whose status would become 120
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
        raise
