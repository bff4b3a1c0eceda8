"""The commands. Heavy imports are inside their functions, to keep ``dosing-tui --help`` fast."""

import os
import sys
import traceback
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import Any, NamedTuple

import click

from dosing_tui.cli.context import (
    EXIT_UNAVAILABLE,
    get_settings,
    load_config,
    parse_interval,
    print_message,
    write_line,
    write_stdout,
)
from dosing_tui.cli.examples import WHOLE_SENTENCE, add_examples, format_examples
from dosing_tui.errors import DatabaseUnavailableError, DosingError
from dosing_tui.ipc.cycle_search import pause_cycle_search, resume_cycle_search

EXIT_ERROR = 2
"""A setting, a password or a server is wrong; the reason is on stderr."""


class CommandPlace(NamedTuple):
    """Where a command is, and its help as far as the list of commands may show it."""

    module: str
    help: str


COMMAND_PLACES = {
    "alarms": CommandPlace(
        "dosing_tui.cli.alarms",
        "List, acknowledge and shelve alarms, read their journal; exit 3: database unavailable.",
    ),
    "audit": CommandPlace(
        "dosing_tui.cli.batches", "The audit trail of reviews, recipes, PINs and the review policy."
    ),
    "backup": CommandPlace(
        "dosing_tui.cli.upkeep.backup", "Write a backup into a new folder of DIR, while the plant runs."
    ),
    "batches": CommandPlace("dosing_tui.cli.batches", "Batches, reconstructed from the stations' messages."),
    "completion": CommandPlace(
        "dosing_tui.cli.operations.shell_commands",
        "Print the shell's function that completes commands and options with the tab key.",
    ),
    "deploy": CommandPlace(
        "dosing_tui.cli.operations.deploy_command", "The plant's stack in containers: check its folder."
    ),
    "doctor": CommandPlace(
        "dosing_tui.cli.operations.doctor_command",
        "Check settings, broker, database, spool, stations and terminal; say what to do.",
    ),
    "grafana": CommandPlace(
        "dosing_tui.cli.operations.grafana_command",
        "Write Grafana's provisioning: the same SQL, ranges, filters and limits as in the console.",
    ),
    "import": CommandPlace(
        "dosing_tui.cli.upkeep.import_command",
        "Import history from a CSV or Parquet file into a table of readings.",
    ),
    "maintain": CommandPlace(
        "dosing_tui.cli.upkeep.maintain",
        "Sizes, retention and background jobs of the database; run its maintenance.",
    ),
    "materials": CommandPlace(
        "dosing_tui.cli.materials.ledger_commands",
        "The material ledger: deliveries, drum changes, refills, losses and counts of the tanks.",
    ),
    "migrate": CommandPlace(
        "dosing_tui.cli.upkeep.migrate",
        "Create or update the database schema; import the guide's tables with their rows.",
    ),
    "man": CommandPlace(
        "dosing_tui.cli.operations.shell_commands",
        "Write a manual page for each command to FOLDER; 'man dosing-tui' is the first.",
    ),
    "panel": CommandPlace(
        "dosing_tui.cli.reports",
        "Print a panel's rows over a range: exit 0 rows, 1 none, 2 wrong input or set-up, 3 no database.",
    ),
    "pumps": CommandPlace(
        "dosing_tui.cli.upkeep.pumps",
        "Log of pumps and scales: tube changes, calibrations, check weighings; what is due.",
    ),
    "recipes": CommandPlace(
        "dosing_tui.cli.recipes", "Master recipes, with which batches are compared. They are optional."
    ),
    "report": CommandPlace("dosing_tui.cli.reports", "Reports to read, print or send."),
    "restore": CommandPlace(
        "dosing_tui.cli.upkeep.backup", "Restore BACKUP into a fresh database of the settings' server."
    ),
    "service": CommandPlace(
        "dosing_tui.cli.operations.service_command",
        "The collector as a systemd service: show its unit, install or remove it, diagnose it.",
    ),
    "stations": CommandPlace(
        "dosing_tui.cli.upkeep.stations",
        "List the stations; retire those, or tanks, that are gone for good; exit 3: database unavailable.",
    ),
    "trace": CommandPlace(
        "dosing_tui.cli.materials.trace_command",
        "Trace lots of chemicals: exit 0 some, 1 none, 2 wrong input or set-up, 3 no database.",
    ),
}
"""The commands of other modules. A test compares these texts with the commands' own."""


class LazyGroup(click.Group):
    """Imports the modules of commands when they are used: ``--help`` needs their names alone.

    ``places``: name of a command and of its variable in the module -> its place.
    """

    def __init__(self, *arguments: object, places: Mapping[str, CommandPlace], **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]  # click's own
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *self._places])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        if cmd_name in self._places:
            variable = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
            command = getattr(import_module(self._places[cmd_name].module), variable)
            assert isinstance(command, click.Command)
        if command is not None:
            add_examples(command, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        names = self.list_commands(ctx)
        # commands that have a help and nothing else
        texts = {name: click.Command(name, help=place.help) for name, place in self._places.items()}
        known = {**self.commands, **texts}
        with formatter.section("Commands"):
            formatter.write_dl([(name, known[name].get_short_help_str(WHOLE_SENTENCE)) for name in names])


class ErrorReportingGroup(LazyGroup):
    """A DosingError is one sentence on stderr and exit status 2, without a traceback.

    3 if the database is unavailable: then a later attempt may succeed.
    """

    def main(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().main(*arguments, **options)
        except DosingError as error:
            print_message(f"dosing-tui: {error}")
            sys.exit(EXIT_UNAVAILABLE if isinstance(error, DatabaseUnavailableError) else EXIT_ERROR)
        except Exception:  # of any kind: Python's own status, 1, would say that there is nothing to show
            traceback.print_exc()
            sys.exit(EXIT_ERROR)


def print_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    """Callback of --version."""
    if value and not ctx.resilient_parsing:
        from dosing_tui.cli.version_text import format_version

        write_line(format_version())
        ctx.exit()


@click.group(
    cls=ErrorReportingGroup, invoke_without_command=True, places=COMMAND_PLACES,
    context_settings={"help_option_names": ["-h", "--help"]}, epilog=format_examples(""),
)  # fmt: skip
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=print_version,
              help="Show the versions of program and schema, and the build.")  # fmt: skip
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="Settings file; see 'config path'.",
)
@click.option(
    "--theme",
    type=click.Choice(["dark", "light", "high-contrast", "colour-blind"]),
    help="Colours of the console.",
)
@click.option(
    "--glyphs", type=click.Choice(["auto", "unicode", "console", "ascii"]), help="Characters to draw with."
)
@click.option("--low-bandwidth", is_flag=True, help="Fewer repaints and colours, for slow lines.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal, to select text.")
@click.option("--kiosk", is_flag=True, help="Wall mode: big figures that rotate, locked keys, a viewer.")
@click.option(
    "--rotate", default="20s", show_default=True, metavar="TIME", help="Time for each page of --kiosk."
)
@click.option(
    "--collect", is_flag=True, help="With --kiosk: follow collector.mode instead of being a viewer."
)
@click.pass_context
def main(
    ctx: click.Context, config: Path | None, *, theme: str | None, glyphs: str | None, low_bandwidth: bool,
    no_mouse: bool, kiosk: bool, rotate: str, collect: bool,
) -> None:  # fmt: skip
    """The operator console of a chemical dosing plant. Without a command it opens the console."""
    ctx.obj = config
    for name, value in (
        ("THEME", theme),
        ("GLYPHS", glyphs),
        ("LOW_BANDWIDTH", "true" if low_bandwidth else None),
        ("MOUSE", "false" if no_mouse else None),
    ):
        if value is not None:
            os.environ[f"DOSING_CONSOLE_{name}"] = value
    if kiosk and not collect:
        os.environ["DOSING_COLLECTOR_MODE"] = "never"
    if ctx.invoked_subcommand is None:
        pause_cycle_search()  # until the first screen is drawn
        try:
            from dosing_tui.tui.app.main import run_console

            settings = get_settings(ctx)
            sys.exit(run_console(settings, kiosk=parse_interval(rotate) if kiosk else None))
        finally:
            resume_cycle_search()


@main.command()
@click.pass_context
def collect(ctx: click.Context) -> None:
    """Run the collector without a screen, as a service: broker to database. Logs to stderr."""
    from dosing_tui.collector.service_main import run
    from dosing_tui.live_state import LiveState

    settings = get_settings(ctx)

    def observe(live_state: LiveState) -> AbstractContextManager[None]:
        if not settings.monitoring.listen:
            return nullcontext()
        from dosing_tui.monitoring.monitor import run_monitoring

        return run_monitoring(settings, live_state)

    sys.exit(run(settings, report=print_message, observe=observe))


@main.command()
@click.option(
    "--broker", default="", metavar="HOST[:PORT]", help="Broker to publish to; default: the configured one."
)
@click.option(
    "--devices", type=click.IntRange(1, 1000), default=2, show_default=True, help="Dosing stations."
)
@click.option("--rate", type=click.FloatRange(0.01, 100_000), help="Messages a second over the whole plant.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same messages.")
@click.option("--speed", type=click.FloatRange(0.01, 10_000), default=1.0, show_default=True,
              help="Plant time per real time.")  # fmt: skip
@click.option("--faults", default="none", show_default=True,
              help="Comma-separated: nan, duplicates, uptime, reboot, lost-start, lost-complete, garbage; "
                   "or all, none.")  # fmt: skip
@click.option(
    "--qos", type=click.IntRange(0, 1), default=0, show_default=True, help="0 like the firmware, or 1."
)
@click.option("--duration", type=click.FloatRange(0.1), help="Stop after this many seconds.")
@click.pass_context
def simulate(
    ctx: click.Context, *, broker: str, devices: int, rate: float | None, seed: int, speed: float,
    faults: str, qos: int, duration: float | None,
) -> None:  # fmt: skip
    """Publish the messages of a plant of ESP32 dosing stations. Prints its counts as one line of JSON."""
    from dosing_tui.simulator.command import run_simulate_command

    sys.exit(
        run_simulate_command(
            load_config(ctx).settings.mqtt, broker=broker, devices=devices, rate=rate, seed=seed, speed=speed,
            faults=faults, qos=qos, duration_s=duration, report=print_message,
        )
    )  # fmt: skip


@main.command()
@click.option("--folder", type=click.Path(path_type=Path), help="Folder of the demo's data.")
@click.option("--headless", is_flag=True, help="No screen; prints the message counts as one line of JSON.")
@click.option("--duration", type=click.FloatRange(1), help="Stop after this many seconds.")
@click.option("--devices", type=click.IntRange(1, 20), default=9, show_default=True, help="Dosing stations.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same plant.")
@click.option("--rate", type=click.FloatRange(0.01, 10_000), show_default="the pace of real pumps",
              help="Messages a second; batches then take less time than their doses.")  # fmt: skip
@click.option("--faults", show_default="nan,duplicates,uptime,reboot, headless all", help="As for simulate.")
@click.pass_context
def demo(
    ctx: click.Context, *, folder: Path | None, headless: bool, duration: float | None, devices: int,
    seed: int, rate: float | None, faults: str | None,
) -> None:  # fmt: skip
    """Run a whole plant on this machine: database, broker, simulated stations and the console."""
    from dosing_tui.demo.main import run_demo

    sys.exit(
        run_demo(
            folder=folder, headless=headless, duration_s=duration, devices=devices, seed=seed, rate=rate,
            faults=faults, console=load_config(ctx).settings.console, report=print_message,
        )
    )  # fmt: skip


@main.command()
@click.option("--listen", default="127.0.0.1:8000", show_default=True, metavar="HOST[:PORT]",
              help="Address to listen on; port 0 takes a free one.")  # fmt: skip
@click.option("--allow-remote", is_flag=True, help="Allow an address that other machines reach, unencrypted.")
@click.option("--max-consoles", type=click.IntRange(1, 100), default=4, show_default=True,
              help="Pages open at a time; each is a process.")  # fmt: skip
@click.option("--collect", is_flag=True, help="Consoles follow collector.mode, instead of being viewers.")
@click.pass_context
def serve(ctx: click.Context, *, listen: str, allow_remote: bool, max_consoles: int, collect: bool) -> None:
    """Show the console in a browser. The address printed has a token; without it nothing is shown.

    A token of your own is taken from DOSING_SERVE_TOKEN.
    """
    from dosing_tui.serve.command import run_serve_command

    get_settings(ctx)  # a mistake in them is reported here, not in every page
    run_serve_command(
        listen=listen, is_remote_allowed=allow_remote, max_consoles=max_consoles, collects=collect,
        config=ctx.obj, report=print_message,
    )  # fmt: skip


@main.group()
def config() -> None:
    """Settings file: write one, show the settings in force, print its path."""


@config.command()
@click.option("--force", is_flag=True, help="Replace a file that exists.")
@click.pass_context
def init(ctx: click.Context, force: bool) -> None:
    """Write a documented settings file to start from."""
    from dosing_tui.config.loader import resolve_config_path
    from dosing_tui.config.render_toml import write_template

    path = resolve_config_path(ctx.obj, os.environ)
    write_template(path, force=force)
    write_line(f"Wrote {path}")
    option = f" --config {path}" if ctx.obj else ""
    print_message(f"Set broker, database and time zone there, then run: dosing-tui{option} doctor")


@config.command()
@click.pass_context
def show(ctx: click.Context) -> None:
    """Print every setting in force, and where it comes from. Secrets are not printed."""
    from dosing_tui.config.render_toml import render_settings

    write_stdout(render_settings(load_config(ctx)))


@config.command()
@click.pass_context
def path(ctx: click.Context) -> None:
    """Print the path of the settings file, existing or not."""
    from dosing_tui.config.loader import resolve_config_path

    write_line(resolve_config_path(ctx.obj, os.environ))
