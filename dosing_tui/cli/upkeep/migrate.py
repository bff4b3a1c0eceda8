"""``dosing-tui migrate``: the schema, the import of old tables, and what becomes of their history."""

import sys
from collections.abc import Sequence

import click

from dosing_tui.cli.context import get_settings, print_message, write_line
from dosing_tui.domain.messages.models import READING_TABLES

DECIDED_TABLES = (*READING_TABLES, "sums")
EXIT_PENDING = 1
"""``migrate --check``: the schema is not up to date."""


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; list pending migrations, exit 1 if any.")
@click.option("--keep-history", is_flag=True, help="Keep rows that are older than [retention] for good.")
@click.option("--apply-retention", is_flag=True, help="Drop rows that are older than [retention], as set.")
@click.option("--table", "tables", multiple=True, type=click.Choice(DECIDED_TABLES), metavar="NAME",
              help="Decide only on this table, in question or not; repeatable.")  # fmt: skip
@click.pass_context
def migrate(
    ctx: click.Context, *, check: bool, keep_history: bool, apply_retention: bool, tables: tuple[str, ...]
) -> None:
    """Create or update the database schema; import the guide's tables with their rows.

    Nothing is dropped unasked: where tables hold rows older than [retention], a terminal asks.
    Without one the rows stay until --keep-history or --apply-retention. Both decide only on what was in
    question: a table that is kept for ever by an earlier decision is changed only with --table.
    """
    from dosing_tui.database.schema.migrate import check_schema, migrate_schema
    from dosing_tui.database.schema.retention import HistoryChoice

    settings = get_settings(ctx)
    if keep_history and apply_retention:
        raise click.UsageError("--keep-history and --apply-retention exclude each other.")
    if check:
        found = check_schema(settings, tables)
        names = found.pending_steps
        for note in (*found.notes, *found.questions):
            print_message(note)
    else:
        history = HistoryChoice.ASK_LATER
        if keep_history or apply_retention:
            history = HistoryChoice.KEEP if keep_history else HistoryChoice.APPLY
        elif sys.stdin.isatty():
            history = HistoryChoice(_ask_for_history(check_schema(settings, tables).questions))
        names = migrate_schema(settings, report=print_message, history=history, named_tables=tables)
    for name in names:
        write_line(f"{'missing' if check else 'applied'}: {name}")
    if not names:
        write_line("The schema is up to date.")
    sys.exit(EXIT_PENDING if check and names else 0)


def _ask_for_history(questions: Sequence[str]) -> str:
    """The value of a HistoryChoice."""
    if not questions:
        return "later"
    for question in questions:
        print_message(question)
    choice = click.Choice(["later", "keep", "drop"])
    return str(click.prompt("Old rows", type=choice, default="later", err=True))
