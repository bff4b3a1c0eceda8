"""``dosing-tui batches review``: what a reviewer says of one batch, signed with a PIN where that is set."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from dosing_tui.commands.words import away, os_user, say, settings_of
from dosing_tui.errors import ReviewError

if TYPE_CHECKING:
    from dosing_tui.config.settings import Settings
    from dosing_tui.database.batches.listing import BatchDetail
    from dosing_tui.plant.batches.reviews import Meaning

EXIT_REFUSED = 1
"""Nothing was entered: somebody was faster, the batch has changed, a reason is missing, the PIN is wrong."""
MEANINGS = {
    "approve": "approved",
    "deviation": "approved with deviation",
    "reject": "rejected",
    "needs-info": "needs information",
    "confirm": "confirmed",
    "comment": "comment",
    "undo": "withdrawn",
}
"""The options, and what each enters."""
_ABOUT_OTHERS = frozenset({"confirm", "comment"})
"""What is said about another's word, or beside it."""


@click.command()
@click.argument("key")
@click.option("--approve", "said", flag_value="approve", help="It is as it should be.")
@click.option("--deviation", "said", flag_value="deviation", help="Approved, although; needs a reason.")
@click.option("--reject", "said", flag_value="reject", help="Not to be used; needs a reason.")
@click.option("--needs-info", "said", flag_value="needs-info", help="Not decided yet; needs a reason.")
@click.option("--confirm", "said", flag_value="confirm", help="As the second person, after an approval.")
@click.option("--comment", "said", flag_value="comment", help="Only the reason, as a comment.")
@click.option("--undo", "said", flag_value="undo", help="Withdraw the last word; it stays to be read.")
@click.option("--reason", default="", help="Why; kept with the review.")
@click.option("--as", "who", default=os_user, show_default="the account", help="Who signs.")
@click.option("--after", type=click.IntRange(min=0), metavar="ENTRY",
              help="The last entry you have seen, as show prints it; needed after another's.")  # fmt: skip
@click.option("--record", default="", metavar="HASH",
              help="The record you have read, as show prints it under 'To sign it'; needed, but for --comment and"
              " --undo, unless you read and confirm it on this terminal.")  # fmt: skip
@click.option("--pin-file", type=click.Path(path_type=Path),
              help="Private file with your PIN; else it is asked for, where PINs are set.")  # fmt: skip
@click.pass_context
def review(
    ctx: click.Context, *, key: str, said: str | None, reason: str, who: str, after: int | None, record: str,
    pin_file: Path | None,
) -> None:  # fmt: skip
    """Review the batch KEY: exit 0 entered, 1 not entered, 2 wrong input or set-up, 3 database away."""
    from dosing_tui.plant.batches.reviews import Meaning

    if said is None:
        raise click.UsageError(f"Say one of {', '.join(f'--{name}' for name in MEANINGS)}.")
    settings = settings_of(ctx)
    with away():
        try:
            _enter(settings, key, Meaning(MEANINGS[said]), reason, who, after, record, pin_file)
        except ReviewError as error:
            say(f"dosing-tui: {error}")
            sys.exit(EXIT_REFUSED)


def _enter(
    settings: "Settings", key: str, meaning: "Meaning", reason: str, who: str, after: int | None,
    record: str, pin_file: Path | None,
) -> None:  # fmt: skip
    from dosing_tui.database.batches.reviewing import review as enter
    from dosing_tui.plant.batches.listing import draft_of

    found = _found(settings, key, record)
    row = found.row
    draft = replace(
        draft_of(row, meaning, who=who, comment=reason, pin=_pin(settings, who, pin_file)),
        seen_review=_seen(found, meaning, who) if after is None else after,
    )
    zone = ZoneInfo(settings.plant.timezone)
    entered = enter(settings, draft, os_user=os_user())
    click.echo(
        f"{row.batch_id}: {entered.meaning} by {entered.who} at"
        f" {entered.at.astimezone(zone):%Y-%m-%d %H:%M:%S} ({entered.signature}), entry {entered.review_id}."
    )


def _found(settings: "Settings", key: str, record: str) -> "BatchDetail":
    from dosing_tui.database.batches.listing import detail
    from dosing_tui.plant.text import clean_text

    found = detail(settings, key)
    if found is None:
        raise ReviewError(f"There is no batch {clean_text(key, limit=100)}; nothing was entered.")
    if record and not found.row.record_hash.startswith(record.strip().lower()):
        raise ReviewError(
            f"{found.row.batch_id} has changed since you saw it: its record is"
            f" {found.row.record_hash[:16]} now; nothing was entered. Look at it again."
        )
    return found


def _seen(found: "BatchDetail", meaning: "Meaning", who: str) -> int:
    """Without --after: one's own last word, or what a confirmation or comment is about; else nobody's."""
    last = found.reviews[-1] if found.reviews else None
    about_others = meaning.value in {MEANINGS[name] for name in _ABOUT_OTHERS}
    if last is None or not (about_others or last.who.casefold() == who.casefold()):
        return 0
    return last.review_id


def _pin(settings: "Settings", who: str, file: Path | None) -> str:
    if not settings.review.pin:
        return ""
    if file is None:
        return str(click.prompt(f"PIN of {who}", hide_input=True, err=True))
    from dosing_tui.config.secrets import private_line

    return private_line("--pin-file", file)
