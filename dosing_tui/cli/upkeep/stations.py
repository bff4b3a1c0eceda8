"""``dosing-tui stations``: stations and tanks that were taken out of service for good.

It is ``dosing-tui alarms remove`` of the alarm RETIRED, which takes all alarms of the station or tank away.
"""

from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from dosing_tui.cli.alarms import COMMENT_OPTION, NAME_OPTION, REASON_OPTION, run_alarm_command
from dosing_tui.cli.context import pass_settings, write_line
from dosing_tui.domain.alarms.catalog import RETIRED
from dosing_tui.domain.alarms.models import AlarmKey
from dosing_tui.domain.alarms.operator_commands import return_to_service

if TYPE_CHECKING:
    from dosing_tui.config.settings import Settings

CHEMICAL_OPTION = click.option("--chemical", default="", help="Only this tank of the station.")


@click.group()
def stations() -> None:
    """List the stations; retire those, or tanks, that are gone for good; exit 3: database unavailable."""


@stations.command("list")
@pass_settings
def list_stations(settings: "Settings") -> None:
    """List all stations by name, and what is retired: since when, by whom and why."""
    from dosing_tui.cli.alarm_actions import list_retired, list_station_names

    retired = {state.key: state for state in list_retired(settings)}
    keys = {AlarmKey(RETIRED, name) for name in list_station_names(settings)}
    zone = ZoneInfo(settings.plant.timezone)
    for key in sorted(keys | retired.keys()):
        name, state = "/".join(filter(None, key[1:])), retired.get(key)
        if state is None or state.hiding is None:
            write_line(f"{name}: in service")
        else:
            since = state.hiding.since.astimezone(zone)
            who = state.hiding.who.name or state.hiding.who.os_user
            write_line(f"{name}: retired since {since:%Y-%m-%d %H:%M} by {who}: {state.hiding.why}")


@stations.command()
@click.argument("station", metavar="STATION")
@CHEMICAL_OPTION
@REASON_OPTION
@NAME_OPTION
@pass_settings
def retire(settings: "Settings", *, station: str, chemical: str, reason: str, name: str) -> None:
    """Retire a station, or one of its tanks, for good.

    It raises no alarm, and its alarms end. It comes back by itself, with an alarm, when it sends again; a
    tank when it is dosed from or its level changes.
    """
    from dosing_tui.cli.alarm_actions import build_removal_entry, find_alarms_or_normal

    targets = find_alarms_or_normal(settings, [_build_tag(station, chemical)])
    build_entry = partial(build_removal_entry, reason=reason)
    run_alarm_command("retired", settings, targets, name, build_entry)


@stations.command()
@click.argument("station", metavar="STATION")
@CHEMICAL_OPTION
@COMMENT_OPTION
@NAME_OPTION
@pass_settings
def unretire(settings: "Settings", *, station: str, chemical: str, comment: str, name: str) -> None:
    """Return a retired station or tank to service."""
    from dosing_tui.cli.alarm_actions import find_alarms_or_normal

    targets = find_alarms_or_normal(settings, [_build_tag(station, chemical)])
    build_entry = partial(return_to_service, comment=comment)
    run_alarm_command("back in service", settings, targets, name, build_entry)


def _build_tag(station: str, chemical: str) -> str:
    return AlarmKey(RETIRED, station, chemical).tag
