"""The log of pumps and scales: append-only; entered by a function of the database."""

from collections.abc import Sequence
from datetime import UTC, datetime

import psycopg
from msgspec.structs import asdict

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import describe_target, open_connection
from dosing_tui.database.error_mapping import translate_errors, translate_rowless_errors
from dosing_tui.database.panel_reader import select_clean_rows
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.capability.service_log import (
    ServiceDraft,
    ServiceEntry,
    clean_draft,
    validate_service,
)
from dosing_tui.domain.capability.service_state import ServiceState
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.errors import DatabaseAccessError, InvalidRowError

APPLICATION_NAME = "pumps"
MAX_ENTRIES = 1_000
REFUSED = "DT001"
"""SQLSTATE of the database's functions for a refusal with a sentence for the operator."""
EVERYTHING = dict.fromkeys(("from", "to", "device", "pump", "entry"))


def enter_service(settings: Settings, draft: ServiceDraft, *, os_user: str) -> ServiceEntry:
    """Store a sanitized entry; return it as stored. ``os_user``: the console's account.

    Raises: DatabaseUnavailableError, DatabaseAccessError (a right is missing), InvalidRowError.
    """
    cleaned = clean_draft(draft)
    if wrong := validate_service(cleaned, datetime.now(UTC)):
        raise InvalidRowError(wrong)
    parameters = asdict(cleaned) | {
        "kind": cleaned.kind.value,
        "readings_g": list(cleaned.readings_g),
        "os_user": clean_text(os_user),
    }
    target = describe_target(settings)
    with open_connection(settings, application=APPLICATION_NAME) as session, translate_errors(target):
        try:
            row = session.execute(read_statement("writes/enter_service"), parameters).fetchone()
        except psycopg.errors.InsufficientPrivilege as error:
            raise DatabaseAccessError(
                f"The entry is not stored: user {target.user} may not add to the log of pumps in the"
                f" {target.named} (the right to execute enter_service is missing)."
            ) from error
        except psycopg.DatabaseError as error:
            if error.sqlstate != REFUSED:
                raise
            raise InvalidRowError(error.diag.message_primary or "Not saved.") from error
        assert row is not None  # the function returns the number, or the statement has failed
        chosen = EVERYTHING | {"entry": row[0], "rows": 1}
        (entry,) = select_clean_rows(session, ServiceEntry, "reads/select_service_entries", chosen)
        session.commit()
    return entry


def list_service_entries(
    settings: Settings, *, since: datetime | None = None, until: datetime | None = None,
    device: str | None = None, pump: int | None = None, limit: int = MAX_ENTRIES,
) -> Sequence[ServiceEntry]:  # fmt: skip
    """Newest first; of a pump also those of its station's scale.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    chosen = {"from": since, "to": until, "device": device, "pump": pump, "entry": None, "rows": limit}
    with (
        open_connection(settings, application=APPLICATION_NAME, autocommit=True) as session,
        translate_rowless_errors(describe_target(settings)),
    ):
        return select_clean_rows(session, ServiceEntry, "reads/select_service_entries", chosen)


def read_service_states(settings: Settings, now: datetime) -> Sequence[ServiceState]:
    """Of each pump that has dosed.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    chosen = {"now": now, "site": settings.plant.site}
    with (
        open_connection(settings, application=APPLICATION_NAME, autocommit=True) as session,
        translate_rowless_errors(describe_target(settings)),
    ):
        return select_clean_rows(session, ServiceState, "reads/select_service_states", chosen)
