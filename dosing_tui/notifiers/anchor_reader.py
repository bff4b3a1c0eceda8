"""Reads anchors of the audit trail back: from their file, mails, printed reports and logs of a broker."""

import quopri
from collections.abc import Iterable
from email import message_from_bytes
from pathlib import Path

from dosing_tui.domain.batch_review.audit_anchor import AuditAnchor, find_audit_anchors
from dosing_tui.errors import ConfigError


def read_anchors(sources: Iterable[Path]) -> list[AuditAnchor]:
    """Each anchor once, by time. A folder is read with all its files.

    Raises: ConfigError, also for a source without any anchor.
    """
    found: set[AuditAnchor] = set()
    for source in sources:
        try:
            files = sorted(source.rglob("*")) if source.is_dir() else [source]
            anchors = {anchor for file in files if file.is_file() for anchor in _read_file(file)}
        except OSError as error:
            raise ConfigError(f"{error.filename} cannot be read: {error.strerror}.") from error
        if not anchors:
            raise ConfigError(f"There is no anchor of an audit trail in {source}.")
        found |= anchors
    return sorted(found, key=lambda anchor: (anchor.at, anchor.entry))


def _read_file(path: Path) -> set[AuditAnchor]:
    """Mails are read as stored, encoded for transport; several in one file only if quoted-printable."""
    content = path.read_bytes()
    parts = (part.get_payload(decode=True) for part in message_from_bytes(content).walk())
    texts = (content, quopri.decodestring(content), *(part for part in parts if isinstance(part, bytes)))
    return {anchor for text in texts for anchor in find_audit_anchors(text.decode("utf-8", "replace"))}
