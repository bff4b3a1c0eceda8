"""``dosing-tui batches review``: what a reviewer says of one batch, signed with a PIN where that is set."""

import re
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from dosing_tui.cli.context import exit_if_unavailable, get_os_user, get_settings, print_message, write_stdout
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.errors import ReviewError

if TYPE_CHECKING:
    from dosing_tui.config.settings import Settings
    from dosing_tui.database.reports.batch_record import BatchRecordContent
    from dosing_tui.domain.batch_review.query_models import BatchDetail, BatchRow
    from dosing_tui.domain.batch_review.review_rules import Decision

EXIT_REFUSAL = 1
"""Nothing was entered: somebody was faster, the batch has changed, a reason is missing, the PIN is wrong."""
DECISIONS = {
    "approve": "approved",
    "deviation": "approved with deviation",
    "reject": "rejected",
    "needs-info": "needs information",
    "confirm": "confirmed",
    "comment": "comment",
    "undo": "withdrawn",
}
"""The options, and what each enters."""
_UNSIGNED_DECISIONS = frozenset({"comment", "undo"})
"""What is said beside a record, or about somebody's word."""
_MIN_HASH_DIGITS = 8
_RECORD_HASH = re.compile(rf"[0-9a-f]{{{_MIN_HASH_DIGITS},64}}(-[0-9a-f]{{{_MIN_HASH_DIGITS},64}})?")
"""First digits of the record's hash, and of that of what is thought of it."""
_FOLLOW_UP_DECISIONS = frozenset({"confirm", "comment"})
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
@click.option("--as", "who", default=get_os_user, show_default="the account", help="Who signs.")
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
    from dosing_tui.domain.batch_review.review_rules import Decision

    if said is None:
        raise click.UsageError(f"Say one of {', '.join(f'--{name}' for name in DECISIONS)}.")
    record = record.strip().lower()
    _check_record(said, key, record)
    settings = get_settings(ctx)
    with exit_if_unavailable():
        try:
            _enter_review(settings, key, Decision(DECISIONS[said]), reason, who, after, record, pin_file)
        except ReviewError as error:
            print_message(f"dosing-tui: {error}")
            sys.exit(EXIT_REFUSAL)


def _check_record(decision: str, key: str, record: str) -> None:
    """Raises: click.UsageError, if what is to be signed is not named."""
    if not record and decision not in _UNSIGNED_DECISIONS and not is_interactive():
        raise click.UsageError(
            f"Name the record you have read: --record, as 'dosing-tui batches show {key}' prints it under"
            " 'To sign it'."
        )
    if record and not _RECORD_HASH.fullmatch(record):
        raise click.UsageError(
            f"--record {clean_text(record, limit=80)} names no record: give at least {_MIN_HASH_DIGITS} digits of its"
            f" hash, as 'dosing-tui batches show {key}' prints it under 'To sign it'."
        )


def _enter_review(
    settings: "Settings", key: str, decision: "Decision", reason: str, who: str, after: int | None,
    record: str, pin_file: Path | None,
) -> None:  # fmt: skip
    from dosing_tui.database.batches.review_writer import enter_review
    from dosing_tui.domain.batch_review.query_models import create_review_draft

    whole = _load_record(settings, key)
    found, row = whole.detail, whole.detail.row
    if record:
        _check_hashes(row, decision, record)
    elif decision.value not in {DECISIONS[name] for name in _UNSIGNED_DECISIONS}:
        _confirm_record(settings, whole, decision, who)
    draft = replace(
        create_review_draft(row, decision, who=who, comment=reason, pin=_prompt_pin(settings, who, pin_file)),
        expected_review_id=_find_last_review(found, decision, who) if after is None else after,
    )
    zone = ZoneInfo(settings.plant.timezone)
    entered = enter_review(settings, draft, os_user=get_os_user())
    click.echo(
        f"{row.batch_id}: {entered.meaning} by {entered.who} at"
        f" {entered.at.astimezone(zone):%Y-%m-%d %H:%M:%S} ({entered.signature}), entry {entered.review_id}."
    )


def _load_record(settings: "Settings", key: str) -> "BatchRecordContent":
    from dosing_tui.database.reports.batch_record import read_batch_record

    found = read_batch_record(settings, key)
    if found is None:
        raise ReviewError(f"There is no batch {clean_text(key, limit=100)}; nothing was entered.")
    return found


def _check_hashes(row: "BatchRow", decision: "Decision", record: str) -> None:
    """What was read with what is there. Raises: ReviewError."""
    facts, _, thoughts = record.partition("-")
    again = f"nothing was entered. Look at it again: 'dosing-tui batches show {row.batch_id}'."
    if not row.record_hash.startswith(facts):
        now = row.record_hash[:16]
        raise ReviewError(f"{row.batch_id} has changed since you saw it: its record is {now} now; {again}")
    if thoughts and not row.judgement_hash.startswith(thoughts):
        raise ReviewError(f"{row.batch_id}: its exceptions or alarms are others than those you saw; {again}")
    if decision.value == DECISIONS["deviation"] and row.findings and not thoughts:
        raise ReviewError(
            f"{row.batch_id}: who approves with deviation names the exceptions, too; nothing was entered."
            f" Give the whole of what 'dosing-tui batches show {row.batch_id}' prints under 'To sign it'."
        )


def _confirm_record(
    settings: "Settings", batch_record: "BatchRecordContent", decision: "Decision", who: str
) -> None:
    """The record is shown and agreed to on the terminal. Raises: ReviewError."""
    from dosing_tui.export.batch_record_files import BatchRecordFormat, render_record

    write_stdout(str(render_record(batch_record, BatchRecordFormat.TEXT, settings, now=datetime.now(UTC))))
    name = batch_record.detail.row.batch_id
    if not click.confirm(f"Is this the record of {name} that is '{decision}' by {who}?", err=True):
        raise ReviewError(f"{name}: nothing was entered.")


def is_interactive() -> bool:
    """Somebody reads what is written, and answers."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _find_last_review(detail: "BatchDetail", decision: "Decision", who: str) -> int:
    """Without --after: one's own last word, or what a confirmation or comment is about; else nobody's."""
    last = detail.reviews[-1] if detail.reviews else None
    about_others = decision.value in {DECISIONS[name] for name in _FOLLOW_UP_DECISIONS}
    if last is None or not (about_others or last.who.casefold() == who.casefold()):
        return 0
    return last.review_id


def _prompt_pin(settings: "Settings", who: str, file: Path | None) -> str:
    from dosing_tui.database.batches.review_policy import read_effective_policy

    if not read_effective_policy(settings).pin:
        return ""
    if file is None:
        return str(click.prompt(f"PIN of {who}", hide_input=True, err=True))
    from dosing_tui.config.secrets import read_private_line

    return read_private_line("--pin-file", file)
