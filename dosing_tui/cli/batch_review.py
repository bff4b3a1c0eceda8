"""``dosing-tui batches review``: one review of one batch, signed with a PIN where the policy requires it."""

import re
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from dosing_tui.cli.context import exit_without_result, get_os_user, get_settings, write_line, write_stdout
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.errors import ReviewError

if TYPE_CHECKING:
    from dosing_tui.config.settings import Settings
    from dosing_tui.database.reports.batch_record import BatchRecordContent
    from dosing_tui.domain.batch_review.query_models import BatchDetail, BatchRow
    from dosing_tui.domain.batch_review.review_rules import Decision

DECISIONS = {
    "approve": "approved",
    "deviation": "approved with deviation",
    "reject": "rejected",
    "needs-info": "needs information",
    "confirm": "confirmed",
    "comment": "comment",
    "undo": "withdrawn",
}
"""Option -> decision that it enters."""
_UNSIGNED_DECISIONS = frozenset({"comment", "withdrawn"})
"""Entries that sign no record."""
_MIN_HASH_DIGITS = 8
_RECORD_HASH = re.compile(rf"[0-9a-f]{{{_MIN_HASH_DIGITS},64}}(-[0-9a-f]{{{_MIN_HASH_DIGITS},64}})?")
"""First digits of the record's hash, and of the hash of its exceptions and alarms."""
_FOLLOW_UP_DECISIONS = frozenset({"confirmed", "comment"})
"""Entries about another person's review."""


@click.command()
@click.argument("key")
@click.option("--approve", "option", flag_value="approve", help="Approve the batch.")
@click.option("--deviation", "option", flag_value="deviation", help="With deviation; requires a reason.")
@click.option("--reject", "option", flag_value="reject", help="Reject the batch; requires a reason.")
@click.option("--needs-info", "option", flag_value="needs-info", help="Needs information; requires a reason.")
@click.option("--confirm", "option", flag_value="confirm", help="Confirm an approval as the second person.")
@click.option("--comment", "option", flag_value="comment", help="Add the reason as a comment.")
@click.option(
    "--undo",
    "option",
    flag_value="undo",
    help="Withdraw the last review; both stay in the audit trail.",
)
@click.option("--reason", default="", help="Reason; stored with the review.")
@click.option("--as", "who", default=get_os_user, show_default="the account", help="Reviewer.")
@click.option("--after", type=click.IntRange(min=0), metavar="ENTRY",
              help="The last entry you have seen; required after another person's.")  # fmt: skip
@click.option("--record", default="", metavar="HASH",
              help="The record you have read: the hash under 'To sign it' in show. Required, unless"
              " you read and confirm it here, on a terminal; not for --comment and --undo.")  # fmt: skip
@click.option("--pin-file", type=click.Path(path_type=Path),
              help="Private file with your PIN; default: a prompt, if PINs are required.")  # fmt: skip
@click.pass_context
def review(
    ctx: click.Context, *, key: str, option: str | None, reason: str, who: str, after: int | None,
    record: str, pin_file: Path | None,
) -> None:  # fmt: skip
    """Review the batch KEY: exit 0 entered, 1 not entered, 2 wrong input or set-up, 3 no database."""
    from dosing_tui.domain.batch_review.review_rules import Decision

    if option is None:
        raise click.UsageError(f"Give one of {', '.join(f'--{name}' for name in DECISIONS)}.")
    record = record.strip().lower()
    _check_record(DECISIONS[option], key, record)
    settings = get_settings(ctx)
    try:
        _enter_review(settings, key, Decision(DECISIONS[option]), reason, who, after, record, pin_file)
    except ReviewError as error:
        exit_without_result(f"dosing-tui: {error}")


def _check_record(decision: str, key: str, record: str) -> None:
    """Raises: click.UsageError, if the record to sign is missing or not a hash."""
    if not record and decision not in _UNSIGNED_DECISIONS and not is_interactive():
        raise click.UsageError(
            f"Give the record you have read: --record, as 'dosing-tui batches show {key}' prints it under"
            " 'To sign it'."
        )
    if record and not _RECORD_HASH.fullmatch(record):
        raise click.UsageError(
            f"--record {clean_text(record, limit=80)} is not a hash: give at least {_MIN_HASH_DIGITS} digits,"
            f" as 'dosing-tui batches show {key}' prints it under 'To sign it'."
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
    elif decision.value not in _UNSIGNED_DECISIONS:
        _confirm_record(settings, whole, decision, who)
    draft = replace(
        create_review_draft(row, decision, who=who, comment=reason, pin=_prompt_pin(settings, who, pin_file)),
        expected_review_id=_find_last_review(found, decision, who) if after is None else after,
    )
    zone = ZoneInfo(settings.plant.timezone)
    entered = enter_review(settings, draft, os_user=get_os_user())
    write_line(
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
    """Compare the record that was read with the present one. Raises: ReviewError."""
    facts_hash, _, judgement_hash = record.partition("-")
    again = f"nothing was entered. Read it again: 'dosing-tui batches show {row.batch_id}'."
    if not row.record_hash.startswith(facts_hash):
        now = row.record_hash[:16]
        raise ReviewError(f"{row.batch_id} has changed since you saw it: its record is {now} now; {again}")
    if judgement_hash and not row.judgement_hash.startswith(judgement_hash):
        raise ReviewError(f"{row.batch_id}: its exceptions or alarms have changed since you saw it; {again}")
    if decision.value == DECISIONS["deviation"] and row.findings and not judgement_hash:
        raise ReviewError(
            f"{row.batch_id}: an approval with deviation covers the exceptions, too; nothing was entered."
            f" Give both hashes that 'dosing-tui batches show {row.batch_id}' prints under 'To sign it'."
        )


def _confirm_record(
    settings: "Settings", batch_record: "BatchRecordContent", decision: "Decision", who: str
) -> None:
    """Print the record and ask for confirmation on the terminal. Raises: ReviewError if it is refused."""
    from dosing_tui.export.batch_record_files import render_record
    from dosing_tui.export.documents.file_format import FileFormat

    write_stdout(str(render_record(batch_record, FileFormat.TEXT, settings, now=datetime.now(UTC))))
    name = batch_record.detail.row.batch_id
    if not click.confirm(f"Is this the record of {name} that is '{decision}' by {who}?", err=True):
        raise ReviewError(f"{name}: nothing was entered.")


def is_interactive() -> bool:
    """Input and output are a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _find_last_review(detail: "BatchDetail", decision: "Decision", who: str) -> int:
    """Default of --after: one's own last review, or the subject of a confirmation or comment; else 0."""
    last = detail.reviews[-1] if detail.reviews else None
    is_follow_up = decision.value in _FOLLOW_UP_DECISIONS
    if last and (is_follow_up or last.who.casefold() == who.casefold()):
        return last.review_id
    return 0


def _prompt_pin(settings: "Settings", who: str, file: Path | None) -> str:
    from dosing_tui.database.batches.review_policy import read_effective_policy

    if not read_effective_policy(settings).pin:
        return ""
    if file is None:
        return str(click.prompt(f"PIN of {who}", hide_input=True, err=True))
    from dosing_tui.config.secrets import read_private_line

    return read_private_line("--pin-file", file)
