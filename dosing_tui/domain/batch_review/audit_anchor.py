"""Anchors of the audit trail: its last hash as one line, kept where the database's owner has no hand."""

import hmac
import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.batches.canonical_json import format_instant

_PATTERN = re.compile(
    r"dosing-tui audit anchor: site ([A-Za-z0-9_-]{1,40}), entry (\d{1,18}), hash ([0-9a-f]{64}),"
    r" at ([0-9T:.+-]{20,40}), signature (none|[0-9a-f]{64})"
)


class AuditAnchor(Struct, frozen=True):
    """Number and hash of the audit trail's last entry at the time ``at``."""

    site: str
    entry: int
    hash: str
    at: datetime
    signature: str = ""
    """HMAC-SHA256 of the line before it, in hexadecimal digits; '' for none."""


def format_audit_anchor(anchor: AuditAnchor) -> str:
    """Format as one line; ``find_audit_anchors`` is the inverse."""
    return f"{_format_signed_part(anchor)}, signature {anchor.signature or 'none'}"


def sign_audit_anchor(anchor: AuditAnchor, key: str) -> AuditAnchor:
    """Sign with a shared key; unsigned for an empty one."""
    if not key:
        return replace(anchor, signature="")
    text = _format_signed_part(anchor).encode()
    return replace(anchor, signature=hmac.digest(key.encode(), text, "sha256").hex())


def find_audit_anchors(text: str) -> Iterator[AuditAnchor]:
    """Find the anchors in any text, also where a line was wrapped between two words."""
    for site, entry, digest, at, signature in _PATTERN.findall(" ".join(text.split())):
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            continue
        yield AuditAnchor(site, int(entry), digest, moment, "" if signature == "none" else signature)


def describe_anchor_fault(anchor: AuditAnchor, hashes: Mapping[int, str], *, site: str, key: str) -> str:
    """Return how the trail differs from an anchor, as a sentence; '' if it does not.

    ``hashes``: those of the stored entries by number. Without a key, signatures are not checked.
    """
    name = f"entry {anchor.entry}, anchored {anchor.at:%Y-%m-%d %H:%M:%S %Z}"
    if anchor.site != site:
        return f"The anchor of {name}, is of another site: {anchor.site}."
    if key and not anchor.signature:
        return f"The anchor of {name}, is not signed."
    if key and not hmac.compare_digest(anchor.signature, sign_audit_anchor(anchor, key).signature):
        return f"The anchor of {name}, is not signed with this key."
    if anchor.entry not in hashes:
        return f"The end of the audit trail was cut off: {name}, is missing."
    if hashes[anchor.entry] != anchor.hash:
        return f"The audit trail was rewritten: {name}, has another hash now."
    return ""


def _format_signed_part(anchor: AuditAnchor) -> str:
    return (
        f"dosing-tui audit anchor: site {anchor.site}, entry {anchor.entry}, hash {anchor.hash},"
        f" at {format_instant(anchor.at)}"
    )
