"""``dosing-tui batches`` and ``dosing-tui audit``: batches, reviews, PINs, policy and audit trail."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from dosing_tui.cli.batch_records import export, list_batches, show
from dosing_tui.cli.batch_review import review
from dosing_tui.cli.context import (
    exit_without_result,
    get_os_user,
    get_settings,
    parse_time,
    print_message,
    write_line,
)
from dosing_tui.domain.quantities.quantity_text import count_noun, format_count

EXIT_MISMATCH = 1
"""``audit verify``: an entry was changed or is missing."""


@click.group()
def batches() -> None:
    """Batches, reconstructed from the stations' messages."""


for command in (list_batches, show, export, review):
    batches.add_command(command)


@batches.command()
@click.option("--from", "since", required=True, help="Date or time, in the plant's zone.")
@click.option("--to", "until", help="Date or time; default: now.")
@click.pass_context
def rebuild(ctx: click.Context, since: str, until: str | None) -> None:
    """Rebuild batches from their readings. Reviews and comments stay as they are."""
    from dosing_tui.database.batches.incremental_rebuild import rebuild_batches

    settings, now = get_settings(ctx), datetime.now(UTC)
    zone = settings.plant.timezone
    begins, ends = parse_time(since, zone), parse_time(until, zone) if until else now
    if begins >= ends:
        raise click.BadParameter("--from is not before --to.")
    done = rebuild_batches(settings, since=begins, until=ends, now=now, report=print_message)
    write_line(
        f"{count_noun(done.batch_count, 'batch', 'batches')},"
        f" {format_count(done.stored_count)} of them new or changed;"
        f" {format_count(done.removed_count)} merged into others."
    )


@batches.command()
@click.option("--as", "who", default=get_os_user, show_default="the account", help="Owner of the PIN.")
@click.pass_context
def pin(ctx: click.Context, who: str) -> None:
    """Set the PIN for signing reviews; a change requires the old PIN.

    A first PIN, or one in place of a forgotten one, is set by the schema's owner or a reviewer admin.
    """
    from dosing_tui.database.audit.pins import set_pin

    settings = get_settings(ctx)
    old = click.prompt("Old PIN (empty for a first one)", default="", hide_input=True, show_default=False)
    new = click.prompt("New PIN", hide_input=True, confirmation_prompt=True)
    set_pin(settings, who=who, pin=new, old=old)
    write_line(f"The PIN of {who} is set.")


@batches.command()
@click.option("--pin/--no-pin", default=None, help="A reviewer signs with a PIN.")
@click.option("--second-person/--no-second-person", default=None,
              help="An approval is valid after a second person confirms it.")  # fmt: skip
@click.option("--as", "who", default=get_os_user, show_default="the account", help="Author of the change.")
@click.option("--reason", default="", help="Reason for the audit trail.")
@click.pass_context
def policy(
    ctx: click.Context, *, pin: bool | None, second_person: bool | None, who: str, reason: str
) -> None:
    """Set the plant's policy for reviews. Settings of a console can only be stricter.

    Without an option it is printed. Only the database role that owns the schema may change it.
    """
    from dosing_tui.database.batches.review_policy import read_plant_policy, set_policy
    from dosing_tui.domain.batch_review.review_policy import ReviewPolicy, format_policy

    settings = get_settings(ctx)
    old = read_plant_policy(settings)
    new = ReviewPolicy(
        old.pin if pin is None else pin, old.second_person if second_person is None else second_person
    )
    if (pin, second_person) != (None, None) and not set_policy(settings, new, who=who, reason=reason):
        print_message("No change.")
    write_line(f"Reviews of this plant: {format_policy(new)}.")


@click.group()
def audit() -> None:
    """The audit trail of reviews, recipes, PINs and the review policy."""


@audit.command()
@click.option("--anchors", "sources", multiple=True, metavar="PATH",
              type=click.Path(path_type=Path, exists=True),
              help="Also compare with anchors: a file that holds some (mail, report, log),"
                   " or a folder of such files; may be repeated.")  # fmt: skip
@click.pass_context
def verify(ctx: click.Context, sources: tuple[Path, ...]) -> None:
    """Compare every entry, review, recipe, PIN, policy and batch with its hash, and lists with records.

    Exit 0: no differences; 1: an entry differs or is missing; 2: wrong input or set-up."""
    from dosing_tui.database.batches.audit_verify import verify_audit_trail
    from dosing_tui.notifiers.anchor_reader import read_anchors

    settings, anchors = get_settings(ctx), read_anchors(sources)
    result = verify_audit_trail(settings, anchors)
    for fault in result.faults:
        write_line(fault)
    write_line(
        f"{count_noun(result.entries, 'entry', 'entries')}, {count_noun(result.reviews, 'review')},"
        f" {count_noun(result.records, 'batch', 'batches')}: "
        + (f"{count_noun(len(result.faults), 'fault')}." if result.faults else "all as they were entered.")
    )
    if anchors:
        last = max(anchor.at for anchor in anchors)
        checked = "signatures checked" if settings.anchors.key else "signatures not checked: no anchors.key"
        write_line(
            f"{count_noun(len(anchors), 'anchor')}, the last of {last:%Y-%m-%d %H:%M:%S %Z} ({checked});"
            f" {count_noun(result.entries - result.anchored, 'entry', 'entries')} not anchored."
        )
    write_line(f"Head of the chain: {result.head}")
    sys.exit(EXIT_MISMATCH if result.faults else 0)


@audit.command()
@click.pass_context
def anchor(ctx: click.Context) -> None:
    """Print the trail's last hash as an anchor, to keep it elsewhere: exit 0, 1 if the trail is empty."""
    from dosing_tui.database.audit.audit_head import build_audit_anchor, read_audit_head
    from dosing_tui.domain.batch_review.audit_anchor import format_audit_anchor

    settings = get_settings(ctx)
    head = read_audit_head(settings)
    if head is None:
        exit_without_result("The audit trail has no entries.")
    write_line(format_audit_anchor(build_audit_anchor(settings, head, datetime.now(UTC))))
