"""``dosing-tui backup`` and ``restore``: the database with its proof, the spool and the settings."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from dosing_tui.cli.context import get_settings, load_plant_config, print_message, write_line
from dosing_tui.config.settings import Settings
from dosing_tui.domain.quantities.quantity_text import count_noun, format_count
from dosing_tui.ipc.stop_signal import exit_on_signal

EXIT_DIFFERENT = 1
"""The restored database is not what was saved."""


@click.command()
@click.argument("target", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--user", default="", metavar="ROLE", show_default="that of database.dsn",
              help="Role that owns the tables: dosing_owner.")  # fmt: skip
@click.option("--keep", type=click.IntRange(1), metavar="N",
              help="Afterwards remove all backups of this site in DIR but the newest N.")  # fmt: skip
@click.pass_context
def backup(ctx: click.Context, target: Path, user: str, keep: int | None) -> None:
    """Write a backup into a new folder of DIR, while the plant runs.

    It holds the database (pg_dump), the spool of this machine, the settings without secrets, and a
    manifest with the rows and digests of every table and the last hash of the audit trail. Prints the folder.
    The database's role must own the tables. Its passwords are not saved, hashes of reviewers' PINs are.
    """
    from dosing_tui.collector.context.local_state import get_spool_folder
    from dosing_tui.collector.spool.spool_file import FILE_NAME
    from dosing_tui.config.render_toml import render_settings
    from dosing_tui.database.backup.dump import SPOOL_COPY, back_up_database
    from dosing_tui.database.backup.retention import remove_old_backups, remove_unfinished_backups
    from dosing_tui.database.connection import use_role

    loaded = load_plant_config(ctx)
    for left in remove_unfinished_backups(target, loaded.settings.plant.site):
        print_message(f"Removed {left}, an unfinished backup.")
    spool_file = get_spool_folder(loaded.settings) / FILE_NAME
    settings = use_role(loaded.settings, user) if user else loaded.settings
    with exit_on_signal():
        folder, manifest = back_up_database(
            settings,
            target,
            now=datetime.now(UTC),
            texts={"settings.txt": render_settings(loaded)},
            spool_file=spool_file,
        )
    if SPOOL_COPY not in manifest.files:
        print_message(
            f"No spool in {spool_file.parent}: not saved. The collector's is where its service's "
            "DOSING_COLLECTOR_SPOOL_DIR or collector.spool_dir say."
        )
    rows = sum(table.rows for table in manifest.proof.tables)
    print_message(
        f"{count_noun(rows, 'row')} of {count_noun(len(manifest.proof.tables), 'table')}."
        " Keep a copy on another machine."
    )
    for removed in remove_old_backups(target, settings.plant.site, keep) if keep else ():
        print_message(f"Removed {removed}.")
    write_line(folder)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="BACKUP")
@click.option("--database", required=True, metavar="NAME", help="Fresh database; created if it is missing.")
@click.option("--verify", is_flag=True, help="Prove that it equals the backup; then start its jobs.")
@click.option("--only-verify", is_flag=True, help="Restore nothing; compare a database restored before.")
@click.pass_context
def restore(ctx: click.Context, *, folder: Path, database: str, verify: bool, only_verify: bool) -> None:
    """Restore BACKUP into a fresh database of the settings' server.

    --verify compares the rows and digests of every table with the manifest, and checks the audit trail as
    'audit verify' does. It proves no sequence, trigger, function nor right. Background jobs stay off until
    that has passed; then those run that ran before. Exit 0: restored; 1: it differs.
    """
    from dosing_tui.database.backup import restore as steps
    from dosing_tui.database.backup.manifest import read_manifest

    settings, manifest = get_settings(ctx), read_manifest(folder)
    if not only_verify:
        with exit_on_signal():
            steps.restore_database(settings, folder, manifest, database=database, report=print_message)
        if waiting := describe_waiting_readings(folder, settings):
            print_message(waiting)
    faults = steps.verify_database(settings, manifest, database=database) if verify or only_verify else []
    if (verify or only_verify) and not faults:
        steps.start_jobs(settings, manifest, database=database)
    for fault in faults:
        write_line(fault)
    if faults:
        sys.exit(EXIT_DIFFERENT)
    proof = manifest.proof
    rows = count_noun(sum(table.rows for table in proof.tables), "row")
    rows = f"{rows} of {count_noun(len(proof.tables), 'table')}"
    if verify or only_verify:
        entries = format_count(proof.audit_entries)
        write_line(f"{database} equals the backup: {rows}, audit trail of {entries} entries.")
        print_message("Not proved: sequences, triggers, functions and rights.")
    else:
        write_line(f"Restored {rows}. Background jobs are off until --only-verify has passed.")


def describe_waiting_readings(backup_folder: Path, settings: Settings) -> str:
    """Where the backup's spool belongs, if readings wait in it; '' if none does."""
    from dosing_tui.collector.context.local_state import get_spool_folder
    from dosing_tui.collector.spool.spool_file import FILE_NAME
    from dosing_tui.collector.spool.spool_reading import read_spool_content
    from dosing_tui.database.backup.dump import SPOOL_COPY

    copy = backup_folder / SPOOL_COPY
    if not copy.exists() or not (count := read_spool_content(copy).message_count):
        return ""
    place = get_spool_folder(settings) / FILE_NAME
    return (
        f"{count_noun(count, 'reading')} of the spool may not be in the dump: before the collector starts, "
        f"copy {copy} to {place} (with a DOSING_COLLECTOR_SPOOL_DIR of its service: to "
        f"{settings.plant.site}/{FILE_NAME} there), owned by the collector's account."
    )
