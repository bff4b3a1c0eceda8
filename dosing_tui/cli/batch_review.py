"""``dosing-tui batches review``: what a reviewer says of one batch, signed with a PIN where that is set."""

import re
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from dosing_tui.cli.context import away, os_user, say, settings_of, write
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.errors import ReviewError

if TYPE_CHECKING:
    from dosing_tui.config.settings import Settings
    from dosing_tui.database.batches.queries import BatchDetail, BatchRow
    from dosing_tui.database.reports.batch_record import WholeBatch
    from dosing_tui.domain.batch_review.review_rules import Meaning

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
_UNSIGNED = frozenset({"comment", "undo"})
"""What is said beside a record, or about somebody's word."""
_LEAST = 8
_RECORD = re.compile(rf"[0-9a-f]{{{_LEAST},64}}(-[0-9a-f]{{{_LEAST},64}})?")
"""First digits of the record's hash, and of that of what is thought of it."""
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
              help="The record you have read: what show prints under 'To sign it'. Needed, unless you read"
              " and confirm it here, on a terminal; not for --comment and --undo.")  # fmt: skip
@click.option("--pin-file", type=click.Path(path_type=Path),
              help="Private file with your PIN; else it is asked for, where PINs are set.")  # fmt: skip
@click.pass_context
def review(
    ctx: click.Context, *, key: str, said: str | None, reason: str, who: str, after: int | None, record: str,
    pin_file: Path | None,
) -> None:  # fmt: skip
    """Review the batch KEY: exit 0 entered, 1 not entered, 2 wrong input or set-up, 3 database away."""
    from dosing_tui.domain.batch_review.review_rules import Meaning

    if said is None:
        raise click.UsageError(f"Say one of {', '.join(f'--{name}' for name in MEANINGS)}.")
    record = record.strip().lower()
    _check_record(said, key, record)
    settings = settings_of(ctx)
    with away():
        try:
            _enter(settings, key, Meaning(MEANINGS[said]), reason, who, after, record, pin_file)
        except ReviewError as error:
            say(f"dosing-tui: {error}")
            sys.exit(EXIT_REFUSED)


def _check_record(said: str, key: str, record: str) -> None:
    """Raises: click.UsageError, if what is to be signed is not named."""
    if not record and said not in _UNSIGNED and not at_terminal():
        raise click.UsageError(
            f"Name the record you have read: --record, as 'dosing-tui batches show {key}' prints it under"
            " 'To sign it'."
        )
    if record and not _RECORD.fullmatch(record):
        raise click.UsageError(
            f"--record {clean_text(record, limit=80)} names no record: give at least {_LEAST} digits of its"
            f" hash, as 'dosing-tui batches show {key}' prints it under 'To sign it'."
        )


def _enter(
    settings: "Settings", key: str, meaning: "Meaning", reason: str, who: str, after: int | None,
    record: str, pin_file: Path | None,
) -> None:  # fmt: skip
    from dosing_tui.database.batches.review_writer import review as enter
    from dosing_tui.domain.batch_review.query_models import draft_of

    whole = _found(settings, key)
    found, row = whole.detail, whole.detail.row
    if record:
        _compare(row, meaning, record)
    elif meaning.value not in {MEANINGS[name] for name in _UNSIGNED}:
        _confirm(settings, whole, meaning, who)
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


def _found(settings: "Settings", key: str) -> "WholeBatch":
    from dosing_tui.database.reports.batch_record import whole

    found = whole(settings, key)
    if found is None:
        raise ReviewError(f"There is no batch {clean_text(key, limit=100)}; nothing was entered.")
    return found


def _compare(row: "BatchRow", meaning: "Meaning", record: str) -> None:
    """What was read with what is there. Raises: ReviewError."""
    facts, _, thoughts = record.partition("-")
    again = f"nothing was entered. Look at it again: 'dosing-tui batches show {row.batch_id}'."
    if not row.record_hash.startswith(facts):
        now = row.record_hash[:16]
        raise ReviewError(f"{row.batch_id} has changed since you saw it: its record is {now} now; {again}")
    if thoughts and not row.judgement_hash.startswith(thoughts):
        raise ReviewError(f"{row.batch_id}: its exceptions or alarms are others than those you saw; {again}")
    if meaning.value == MEANINGS["deviation"] and row.findings and not thoughts:
        raise ReviewError(
            f"{row.batch_id}: who approves with deviation names the exceptions, too; nothing was entered."
            f" Give the whole of what 'dosing-tui batches show {row.batch_id}' prints under 'To sign it'."
        )


def _confirm(settings: "Settings", whole: "WholeBatch", meaning: "Meaning", who: str) -> None:
    """The record is shown and agreed to on the terminal. Raises: ReviewError."""
    from dosing_tui.export.batch_record_files import Form, record_of

    write(str(record_of(whole, Form.TEXT, settings, now=datetime.now(UTC))))
    name = whole.detail.row.batch_id
    if not click.confirm(f"Is this the record of {name} that is '{meaning}' by {who}?", err=True):
        raise ReviewError(f"{name}: nothing was entered.")


def at_terminal() -> bool:
    """Somebody reads what is written, and answers."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _seen(found: "BatchDetail", meaning: "Meaning", who: str) -> int:
    """Without --after: one's own last word, or what a confirmation or comment is about; else nobody's."""
    last = found.reviews[-1] if found.reviews else None
    about_others = meaning.value in {MEANINGS[name] for name in _ABOUT_OTHERS}
    if last is None or not (about_others or last.who.casefold() == who.casefold()):
        return 0
    return last.review_id


def _pin(settings: "Settings", who: str, file: Path | None) -> str:
    from dosing_tui.database.batches.review_policy import in_force

    if not in_force(settings).pin:
        return ""
    if file is None:
        return str(click.prompt(f"PIN of {who}", hide_input=True, err=True))
    from dosing_tui.config.secrets import private_line

    return private_line("--pin-file", file)
