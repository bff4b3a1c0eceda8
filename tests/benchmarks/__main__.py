"""Measures collector, panels and console, beside Telegraf if there is one: ``python -m tests.benchmarks``.

Starts a Mosquitto and a PostgreSQL, prints a table, writes JSON. docs/performance.md has the method.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.comparison.console import measure_console, measure_help
from tests.benchmarks.comparison.consumers import Consumer, DosingCollector, Schema, Telegraf
from tests.benchmarks.comparison.figures import OURS, FigureSet, format_value
from tests.benchmarks.comparison.intake import measure_flood, measure_rate
from tests.benchmarks.comparison.kills import KILLS, measure_kill
from tests.benchmarks.comparison.machine import describe_run
from tests.benchmarks.comparison.panels import create_big_plant, measure_panels
from tests.benchmarks.comparison.servers import PlantServers, start_servers
from tests.support.tmux_terminal import FOUND

RATES = (10, 200, 1_000, 5_000)
FLUSH_INTERVALS = ("200ms", "10s")
"""Of Telegraf: a short one, and its default. A flood fills batches before either has passed."""
INTAKE_PARTS = ("flood", "rates", "kills")
PARTS = ("panels", "console", *INTAKE_PARTS)
RESULTS = Path(__file__).with_name("results")
FOREIGN = (
    "DOSING_",
    "PG",
    "XDG_",
    "TEXTUAL_",
    "CREDENTIALS_DIRECTORY",
    "NO_COLOR",
    "FORCE_COLOR",
    "COLORTERM",
)
"""Beginnings of environment variables that would let the user's own set-up into a measurement."""


@dataclass(frozen=True, slots=True)
class Sizes:
    flood: int
    seconds: float
    """Of each rate, and of each measurement on the console."""
    run_in_s: float
    """Before each rate is counted: what a consumer starts or plans once is not the cost of a message.
    At 200 messages a second a process that rebuilds batches is started after five seconds.
    """
    doses: int
    killed_messages: int


SMALL = Sizes(flood=20_000, seconds=5, run_in_s=10, doses=20_000, killed_messages=3_000)
FULL = Sizes(flood=200_000, seconds=30, run_in_s=10, doses=20_000_000, killed_messages=20_000)


def main(arguments: Sequence[str]) -> None:
    """Measure what is asked for; print and write it, after each round and at the end."""
    asked = _parse_arguments(arguments)
    parts = asked.only or (PARTS if asked.full_size else PARTS[:-1])
    sizes = _choose_sizes(asked)
    figures, loads = FigureSet(), [os.getloadavg()]
    with _own_environment(), start_servers(asked.dsn) as servers:
        run = describe_run(servers.database.dsn, asked.telegraf) | {"load_averages": loads}
        consumers = _list_consumers(asked.telegraf, asked.flush)
        for number in range(1, asked.rounds + 1 if set(parts) & set(INTAKE_PARTS) else 0):
            _say(f"round {number} of {asked.rounds}")
            if "flood" in parts:
                _measure_floods(servers, consumers, sizes, figures)
            if "rates" in parts:
                _measure_rates(servers, consumers, asked.rates, sizes, figures)
            if "kills" in parts:
                _measure_kills(consumers, sizes, figures)
            loads.append(os.getloadavg())
            _write_results(asked.json, run, figures)
        if {"panels", "console"} & set(parts):
            _measure_console_and_panels(servers, sizes, parts, asked.rounds, figures)
            _write_results(asked.json, run, figures)
    sys.stdout.write(f"{json.dumps(run, indent=1)}\n\n{figures.format_table()}\n")


def _write_results(file: Path, run: Mapping[str, Any], figures: FigureSet) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({**run, "figures": figures.to_json()}, indent=1) + "\n")


def _choose_sizes(asked: argparse.Namespace) -> Sizes:
    usual = FULL if asked.full_size else SMALL
    return Sizes(
        asked.flood or usual.flood,
        asked.seconds or usual.seconds,
        usual.run_in_s if asked.run_in is None else asked.run_in,
        asked.doses or usual.doses,
        usual.killed_messages,
    )


def _parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--full-size", action="store_true", help="more than an hour instead of some minutes")
    parser.add_argument("--rounds", type=int, default=3, help="medians of so many (default: 3)")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, help=f"default: all; without --full-size, all but {PARTS[-1]}"
    )
    parser.add_argument("--telegraf", type=Path, metavar="PATH", help="a binary, measured in turn with ours")
    parser.add_argument(
        "--flush",
        nargs="+",
        choices=FLUSH_INTERVALS,
        default=FLUSH_INTERVALS,
        help="of Telegraf; default: all",
    )
    parser.add_argument(
        "--dsn", default="", help="a database server of this machine to use, with track_commit_timestamp = on"
    )
    parser.add_argument("--flood", type=int, metavar="MESSAGES", help="instead of the size's own number")
    parser.add_argument(
        "--rates", type=int, nargs="+", default=RATES, metavar="PER_SECOND", help="messages a second"
    )
    parser.add_argument("--seconds", type=float, help="of each rate and console measurement")
    parser.add_argument("--run-in", type=float, metavar="SECONDS", help="of each rate, before it is counted")
    parser.add_argument("--doses", type=int, help="in the database whose panels are measured")
    parser.add_argument(
        "--json", type=Path, default=RESULTS / "benchmark.json", metavar="PATH", help="what is written"
    )
    return parser.parse_args(arguments)


@contextmanager
def _own_environment() -> Iterator[None]:
    """Nothing of the user's own settings, state or caches, here and in what is started."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="dosing-benchmark-") as home:
        for name in [name for name in os.environ if name.startswith(FOREIGN)]:
            del os.environ[name]
        os.environ.update({"HOME": home, "TZ": "UTC"})
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def _list_consumers(telegraf: Path | None, flush_intervals: Sequence[str]) -> list[Consumer]:
    """In the order of their turns."""
    found: list[Consumer] = [DosingCollector()]
    if telegraf:
        found += [
            Telegraf(telegraf.resolve(), schema, flush) for flush in flush_intervals for schema in Schema
        ]
    return found


def _measure_floods(
    servers: PlantServers, consumers: Sequence[Consumer], sizes: Sizes, figures: FigureSet
) -> None:
    for consumer in _leave_out_slow_flushes(consumers):
        measured = measure_flood(servers, consumer, sizes.flood).list_flood_figures()
        _note_figures(figures, f"flood of {sizes.flood:,}", consumer.name, measured)


def _measure_rates(
    servers: PlantServers,
    consumers: Sequence[Consumer],
    rates: Sequence[int],
    sizes: Sizes,
    figures: FigureSet,
) -> None:
    for per_s in rates:
        for consumer in consumers:
            run = measure_rate(servers, consumer, per_s, sizes.seconds, run_in_s=sizes.run_in_s)
            measured = run.list_rate_figures()
            _note_figures(figures, f"{per_s:,}/s", consumer.name, measured)


def _measure_kills(consumers: Sequence[Consumer], sizes: Sizes, figures: FigureSet) -> None:
    for kind in KILLS:
        for consumer in _leave_out_slow_flushes(consumers):
            measured = measure_kill(consumer, kind, sizes.killed_messages)
            _note_figures(figures, f"kill -9 of {kind}", consumer.name, measured)


def _leave_out_slow_flushes(consumers: Sequence[Consumer]) -> list[Consumer]:
    return [consumer for consumer in consumers if not consumer.name.endswith(FLUSH_INTERVALS[1])]


def _measure_console_and_panels(
    servers: PlantServers, sizes: Sizes, parts: Sequence[str], rounds: int, figures: FigureSet
) -> None:
    with create_big_plant(servers, sizes.doses, report=_say) as dsn:
        for number in range(rounds):
            if "panels" in parts:
                _note_figures(figures, f"panels, {sizes.doses:,} doses", OURS, measure_panels(dsn, _say))
            if "console" in parts and FOUND:
                _note_figures(figures, "console", OURS, measure_help())
                _note_figures(
                    figures, "console", OURS, measure_console(dsn, sizes.seconds, first=1 + 1_000 * number)
                )


def _note_figures(figures: FigureSet, scenario: str, subject: str, measured: Mapping[str, float]) -> None:
    figures.add_figures(scenario, subject, measured)
    _say(
        f"  {scenario}, {subject}: "
        + "; ".join(f"{name} {format_value(measured[name])}" for name in measured)
    )


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    # a shell has what it starts in the background ignore Ctrl+C; either signal ends what was started as well
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    main(sys.argv[1:])
