"""Verify the audit trail, and the rows that it covers, and report every difference."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dosing_tui.config.settings import Settings
from dosing_tui.database.audit import audit_trail
from dosing_tui.database.audit.audit_trail import AuditEntry
from dosing_tui.database.batches.list_consistency import check_batches, check_merged_batches
from dosing_tui.database.connection import NO_TIMEOUTS, Session, select_rows, use_session
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.batch_review.audit_anchor import AuditAnchor, describe_anchor_fault
from dosing_tui.domain.batches.canonical_json import hash_text, to_canonical_json

EntriesBySeq = Mapping[int, AuditEntry]
EntryFaults = Iterator[tuple[int, str]]
"""Verified rows by the number of their audit entry, each with its fault ('' without one)."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Result of a verification. ``head``: last hash; anchored elsewhere, it reveals a rewritten trail.

    ``anchored``: last entry with an anchor that fits, 0 without one.
    """

    entries: int
    reviews: int
    records: int
    head: str
    faults: tuple[str, ...]
    hashes: Mapping[int, str] = field(repr=False)
    """Hash of every entry, by its number."""
    anchored: int = 0


def verify_audit_trail(settings: Settings, anchors: Sequence[AuditAnchor] = ()) -> AuditReport:
    """Compare entries, and all rows that they cover, with hashes and ``anchors``.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with use_session(settings, application="audit", timeouts=NO_TIMEOUTS, autocommit=False) as session:
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        report = verify_in_session(session)
    site, key = settings.plant.site, settings.anchors.key
    faults = {anchor: describe_anchor_fault(anchor, report.hashes, site=site, key=key) for anchor in anchors}
    return replace(
        report,
        faults=(*report.faults, *(fault for fault in faults.values() if fault)),
        anchored=max((anchor.entry for anchor, fault in faults.items() if not fault), default=0),
    )


def verify_in_session(session: Session) -> AuditReport:
    """The same in the caller's transaction, without anchors."""
    # in other zones times in the repeated hour of autumn never compare equal
    session.execute("SET LOCAL TIME ZONE 'UTC'")
    session.execute("SET LOCAL extra_float_digits = 1")  # the entries hold numbers as text
    entries = select_rows(session, AuditEntry, "batches/select_audit_trail")
    by_seq = {entry.seq: entry for entry in entries}
    told = [*_check_reviews(session, by_seq), *_check_tables(session, by_seq)]
    records, faults = check_batches(session)
    found = (
        *_check_chain(entries),
        *(fault for _, fault in told if fault),
        *_find_missing_rows(entries, {seq for seq, _ in told}),
        *(
            f"The batch {name} is missing, though there are reviews of it."
            for (name,) in session.execute(read_statement("batches/select_missing_batches"))
        ),
        *faults,
        *check_merged_batches(session),
    )
    reviews = sum(entry.action == audit_trail.REVIEW for entry in entries)
    head = entries[-1].hash if entries else audit_trail.GENESIS_HASH
    hashes = {entry.seq: entry.hash for entry in entries}
    return AuditReport(len(entries), reviews, records, head, found, hashes)


def _check_chain(entries: list[AuditEntry]) -> Iterator[str]:
    previous = audit_trail.GENESIS_HASH
    for number, entry in enumerate(entries, start=1):
        if entry.seq != number:
            yield f"Entry {number} of the audit trail is missing; entry {entry.seq} follows."
            return
        name = f"Entry {entry.seq} of the audit trail ({entry.action} of {entry.subject})"
        if entry.previous != previous:
            yield f"{name} does not follow the one before it."
        if entry.hash != audit_trail.compute_hash(
            entry.previous, entry.at, entry.action, entry.subject, entry.who, entry.content
        ):
            yield f"{name} has been changed."
        previous = entry.hash


def _check_reviews(session: Session, by_seq: EntriesBySeq) -> EntryFaults:
    """A server-side cursor: each review holds a whole record."""
    with session.cursor(name="audited_reviews") as cursor:
        for *values, record, judgement in cursor.execute(read_statement("batches/select_audited_reviews")):
            content = audit_trail.build_review_content(tuple(values))
            seq = int(str(content["seq"]))
            name = f"Review {seq} of {content['batch_id']}"
            yield seq, "" if _is_in_trail(by_seq, seq, audit_trail.REVIEW, content) else f"{name}{_MISMATCH}"
            if hash_text(str(record)) != content["record_hash"]:
                yield seq, f"The record that {name} is about has been changed."
            if hash_text(str(judgement)) != content["judgement_hash"]:
                yield seq, f"The findings that {name} is about have been changed."


_MISMATCH = " differs from its entry in the audit trail."


_AUDITED_TABLES: Mapping[str, tuple[str, Callable[..., dict[str, object]], str]] = {
    audit_trail.RECIPE: (
        "batches/select_audited_recipes",
        audit_trail.build_recipe_content,
        "Version {3} of the recipe {1}",
    ),
    audit_trail.PIN: ("batches/select_audited_pins", audit_trail.build_pin_content, "The PIN of {1}"),
    audit_trail.POLICY: (
        "batches/select_audited_policies",
        audit_trail.build_policy_content,
        "The review policy of entry {0}",
    ),
    audit_trail.TOLERANCE: (
        "batches/select_audited_tolerances",
        audit_trail.build_tolerance_content,
        "Version {1} of the tolerance rules",
    ),
    audit_trail.MATERIAL: (
        "batches/select_audited_materials",
        audit_trail.build_material_content,
        "Material entry {0} ({5} of {4})",
    ),
}
"""By action: the statement of its rows, the content of a row's entry, and the row's name in a message."""


def _check_tables(session: Session, by_seq: EntriesBySeq) -> EntryFaults:
    for action, (statement, build_content, name) in _AUDITED_TABLES.items():
        for seq, *values in session.execute(read_statement(statement)).fetchall():
            good = _is_in_trail(by_seq, seq, action, build_content(*values))
            yield seq, "" if good else f"{name.format(seq, *values)}{_MISMATCH}"


def _is_in_trail(by_seq: EntriesBySeq, seq: int, action: str, content: Mapping[str, object]) -> bool:
    entry = by_seq.get(seq)
    said = to_canonical_json({**content, "seq": seq})
    return entry is not None and entry.action == action and entry.content == said


def _find_missing_rows(entries: list[AuditEntry], checked_seqs: set[int]) -> Iterator[str]:
    for entry in entries:
        if entry.seq not in checked_seqs:
            yield f"{_describe_entry(entry)} is missing; it is in entry {entry.seq} of the audit trail."


def _describe_entry(entry: AuditEntry) -> str:
    """The row of an entry, for a message."""
    match entry.action:
        case audit_trail.REVIEW:
            return f"Review {entry.seq} of {entry.subject}"
        case audit_trail.RECIPE:
            return f"Version {_parse_version(entry)} of the recipe {entry.subject}"
        case audit_trail.PIN:
            return f"The PIN of {entry.subject}"
        case audit_trail.POLICY:
            return "The review policy"
        case audit_trail.TOLERANCE:
            return f"Version {_parse_version(entry)} of the tolerance rules"
        case audit_trail.MATERIAL:
            return f"Material entry {entry.seq}, {entry.subject},"
        case _:
            return f"What is called '{entry.action}' of {entry.subject}"


def _parse_version(entry: AuditEntry) -> str:
    try:
        return str(json.loads(entry.content)["version"])
    except (ValueError, KeyError, TypeError):
        return "?"
