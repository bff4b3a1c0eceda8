"""``dosing-tui alarms refill``: records the refill of a tank, done or about to be done."""

from datetime import UTC, datetime, timedelta

import click

from dosing_tui.cli.context import get_os_user, get_settings


@click.command()
@click.argument("device")
@click.argument("chemical")
@click.option("--grams", type=click.FloatRange(0), help="Content of the tank after the refill, in g.")
@click.option(
    "--within", "minutes", type=click.FloatRange(1, 240), default=60.0, show_default=True, metavar="MINUTES",
    help="Time until the station reports the new level.",
)  # fmt: skip
@click.option("--as", "who", default=get_os_user, show_default="the account", help="Operator.")
@click.pass_context
def refill(
    ctx: click.Context, *, device: str, chemical: str, grams: float | None, minutes: float, who: str
) -> None:
    """Record the refill of a tank.

    The level of CHEMICAL at station DEVICE may then rise by any amount without an alarm. Both are names
    that the plant has published, in any spelling that differs only in case, spaces and hyphens.
    """
    from dosing_tui.cli.alarm_actions import find_alarms_or_normal
    from dosing_tui.config.alarm_limits import get_max_shelving
    from dosing_tui.database.alarms import journal
    from dosing_tui.domain.alarms.models import Actor, AlarmEvent
    from dosing_tui.domain.alarms.operator_commands import CommandContext
    from dosing_tui.domain.alarms.tank_refill import REFILL_RULE, create_refill_entries
    from dosing_tui.domain.messages.text_sanitizer import clean_text

    settings = get_settings(ctx)
    (tank,) = find_alarms_or_normal(
        settings, [f"{REFILL_RULE.id}/{clean_text(device)}/{clean_text(chemical)}"]
    )
    device, chemical = tank.key.device, tank.key.item
    entries = create_refill_entries(
        journal.read_alarm_states(settings),
        CommandContext(Actor(who, get_os_user()), datetime.now(UTC)),
        device=device,
        chemical=chemical,
        grams=grams,
        level_timeout=timedelta(minutes=minutes),
        max_duration=get_max_shelving(settings, REFILL_RULE.priority),
    )
    journal.enter_actions(settings, entries)
    done = any(entry.event in (AlarmEvent.ACKNOWLEDGE, AlarmEvent.RESET) for entry in entries)
    effect = "is explained" if done else f"is no alarm for {minutes:g} minutes"
    click.echo(f"Refill of {chemical} ({device}): the jump of its level {effect}.")
