"""The head of the audit trail, for anchors outside of the database."""

from datetime import datetime

from msgspec import Struct

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import select_rows, use_session
from dosing_tui.domain.batch_review.audit_anchor import AuditAnchor, sign_audit_anchor


class AuditHead(Struct, frozen=True):
    """Last entry and its hash. ``anchored_hash``: that of the entry asked for, None if there is none."""

    entry: int
    hash: str
    anchored_hash: str | None


def read_audit_head(settings: Settings, anchored: int = 0) -> AuditHead | None:
    """None for an empty trail. Raises: DatabaseUnavailableError, DatabaseAccessError."""
    with use_session(settings, application="audit") as session:
        rows = select_rows(session, AuditHead, "batches/select_audit_head", {"anchored": anchored})
    return rows[0] if rows else None


def build_audit_anchor(settings: Settings, head: AuditHead, at: datetime) -> AuditAnchor:
    """Signed, if there is a key."""
    return sign_audit_anchor(
        AuditAnchor(settings.plant.site, head.entry, head.hash, at), settings.anchors.key
    )
