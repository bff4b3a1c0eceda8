"""Enter and list entries of the material ledger."""

import json
from collections.abc import Sequence
from datetime import date, datetime

import psycopg
from msgspec import Struct

from dosing_tui.config.settings import Settings
from dosing_tui.database.audit.audit_trail import REFUSED
from dosing_tui.database.connection import (
    Session,
    StatementTimeouts,
    select_rows,
    use_session,
)
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.materials.ledger import (
    MaterialDraft,
    MaterialEntry,
    TankMovement,
    clean_draft,
    validate_draft,
)
from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.errors import MaterialError

APPLICATION_NAME = "materials"
IMPORT_TIMEOUTS = StatementTimeouts(statement_s=60.0, lock_s=60.0, idle_s=60.0)
GROUP_SIZE = 50
"""Entries of one transaction: it holds the lock of the audit trail, for which stations' events wait."""
MAX_ENTRIES = 5_000
"""Most entries of one query."""


class MaterialFilter(Struct, frozen=True):
    """The range is of the times when things happened; None and () are all."""

    since: datetime | None = None
    until: datetime | None = None
    devices: tuple[str, ...] = ()
    chemicals: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


def enter_materials(settings: Settings, drafts: Sequence[MaterialDraft], *, os_user: str) -> list[int | None]:
    """Store entries. Returns their numbers; None of one that was stored before.

    None if one of them is invalid. In groups of ``GROUP_SIZE``: all that is signed or entered waits while a
    group is stored. What is stored when one fails stays: the same entries again add the others.

    Raises: MaterialError, DatabaseUnavailableError, DatabaseAccessError.
    """
    cleaned = [clean_draft(draft) for draft in drafts]
    for draft in cleaned:
        if sentence := validate_draft(draft):
            raise MaterialError(sentence)
    numbers: list[int | None] = []
    with use_session(settings, application=APPLICATION_NAME, timeouts=IMPORT_TIMEOUTS) as session:
        for first in range(0, len(cleaned), GROUP_SIZE):
            try:
                numbers += _enter_group(session, cleaned[first : first + GROUP_SIZE], os_user)
            except MaterialError as error:
                if not first:
                    raise
                raise MaterialError(
                    f"{error} {count_noun(first, 'entry', 'entries')} before it are saved;"
                    " once it is corrected, the same file adds the others."
                ) from error
    return numbers


def enter_material(settings: Settings, draft: MaterialDraft, *, os_user: str) -> int | None:
    """One entry, as ``enter_materials``."""
    return enter_materials(settings, [draft], os_user=os_user)[0]


def list_materials(
    settings: Settings, which: MaterialFilter | None = None, *, most: int = MAX_ENTRIES
) -> list[MaterialEntry]:
    """The newest entries that match, newest first. Raises: DatabaseUnavailableError, DatabaseAccessError."""
    which = which or MaterialFilter()
    parameters = {
        "since": which.since,
        "until": which.until,
        "devices": list(which.devices) or None,
        "chemical_keys": [fold_name(name) for name in which.chemicals] or None,
        "kinds": list(which.kinds) or None,
        "most": most,
    }
    with use_session(settings, application=APPLICATION_NAME) as session:
        return select_rows(session, MaterialEntry, "materials/select_materials", parameters)


def select_movements(session: Session, after: int | None) -> list[TankMovement]:
    """Entries after this one, at most 1,000; None: the last one alone, from which to go on."""
    return select_rows(session, TankMovement, "materials/select_movements", {"after": after})


def _enter_group(session: Session, drafts: Sequence[MaterialDraft], os_user: str) -> list[int | None]:
    """One statement: however slow or suspended this program is, it holds no lock between two entries."""
    user = clean_text(os_user)
    parameters = {"entries": json.dumps([_describe_draft(draft, user) for draft in drafts])}
    try:
        return [
            number for (number,) in session.execute(read_statement("materials/enter_materials"), parameters)
        ]
    except psycopg.DatabaseError as error:
        if error.sqlstate != REFUSED:
            raise
        raise MaterialError(error.diag.message_primary or "Not saved.") from error


def _describe_draft(draft: MaterialDraft, os_user: str) -> dict[str, object]:
    """The entry as the database's function takes it."""
    return {
        "entry_key": draft.entry_key, "source": draft.source.value, "time": draft.time.isoformat(),
        "device_id": draft.device_id, "chemical": draft.chemical, "pump": draft.pump,
        "kind": draft.kind.value, "entered_quantity": draft.quantity, "entered_unit": draft.unit.value,
        "density_g_per_ml": draft.density_g_per_ml, "lot_number": draft.lot_number,
        "supplier": draft.supplier, "expires_on": _format_day(draft.expires_on),
        "opened_on": _format_day(draft.opened_on), "certificate": draft.certificate, "reason": draft.reason,
        "operator": draft.operator, "os_user": os_user,
    }  # fmt: skip


def _format_day(day: date | None) -> str | None:
    return None if day is None else str(day)
