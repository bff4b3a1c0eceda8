"""The audit trail as its database's owner may rewrite it: every hash fits, and nothing else shows it."""

import psycopg

from dosing_tui.config.settings import Settings
from dosing_tui.database.audit import audit_trail
from dosing_tui.database.audit.audit_trail import AuditEntry
from dosing_tui.database.batches.master_recipes import import_recipes
from dosing_tui.database.connection import select_rows
from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterRecipe
from tests.support.domain.batch_messages import NOON


def add_recipe_versions(settings: Settings, *tolerances_g: float) -> None:
    """One entry of the audit trail each."""
    for tolerance_g in tolerances_g:
        recipe = MasterRecipe("CU-85", (MasterIngredient("T-9", 3, tolerance_g=tolerance_g),))
        import_recipes(settings, [recipe], who="Anna", valid_from=NOON)


def rewrite_trail(settings: Settings, *, who: str) -> None:
    """Says of the first entry that another person made it, and computes all hashes anew."""
    with psycopg.connect(settings.database.dsn) as session:
        session.execute("SET session_replication_role = replica")
        previous = audit_trail.GENESIS_HASH
        for entry in select_rows(session, AuditEntry, "batches/select_audit_trail"):
            person = who if entry.seq == 1 else entry.who
            digest = audit_trail.compute_hash(
                previous, entry.at, entry.action, entry.subject, person, entry.content
            )
            session.execute(
                "UPDATE audit_trail SET who = %s, previous = %s, hash = %s WHERE seq = %s",
                (person, previous, digest, entry.seq),
            )
            previous = digest


def cut_off_last_recipe(settings: Settings) -> None:
    with psycopg.connect(settings.database.dsn) as session:
        session.execute("SET session_replication_role = replica")
        session.execute("DELETE FROM recipe_masters WHERE audit_seq = (SELECT max(seq) FROM audit_trail)")
        session.execute("DELETE FROM audit_trail WHERE seq = (SELECT max(seq) FROM audit_trail)")
