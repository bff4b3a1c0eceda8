"""The audit trail: every entry holds the hash of the one before, so that a changed byte anywhere shows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from dosing_tui.config.settings import Settings
from dosing_tui.database.batches.storing import Session
from dosing_tui.database.connection import UNLIMITED, connect, target
from dosing_tui.database.sqlfiles import statement
from dosing_tui.database.translation import rowless_errors
from dosing_tui.plant.batches.canonical import canonical, digest, instant

LOCK = 0x646F73696E6A
BEGINNING = "0" * 64
"""What the first entry follows."""
REVIEW, RECIPE, PIN = "review", "recipe", "pin"
"""The actions."""


@dataclass(frozen=True, slots=True)
class Entry:
    seq: int
    at: datetime
    action: str
    subject: str
    who: str
    content: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Moment:
    """The server's clock, and the database role of whoever makes the entry."""

    at: datetime
    db_role: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What ``verify`` found. ``head`` is the last entry's hash: kept elsewhere, it shows a cut-off end."""

    entries: int
    reviews: int
    records: int
    head: str
    faults: tuple[str, ...]


def begin(session: Session) -> Moment:
    """Inside a transaction: from here on nobody else makes entries; what they made before is seen."""
    session.execute(statement("batches/audit_lock"), {"key": LOCK})
    with session.cursor(row_factory=class_row(Moment)) as cursor:
        moment = cursor.execute(statement("batches/audit_now")).fetchone()
    assert moment is not None  # a SELECT without FROM has exactly one row
    return moment


def append(
    session: Session, moment: Moment, *, action: str, subject: str, who: str, content: Mapping[str, object]
) -> int:
    """After ``begin``: the new entry's number."""
    last = session.execute(statement("batches/audit_last")).fetchone()
    seq, previous = (last[0] + 1, last[1]) if last else (1, BEGINNING)
    text = canonical({**content, "seq": seq})
    entry = {
        "seq": seq,
        "at": moment.at,
        "action": action,
        "subject": subject,
        "who": who,
        "content": text,
        "previous": previous,
        "hash": chained(previous, moment.at, action, subject, who, text),
    }
    session.execute(statement("batches/audit_append"), entry)
    return int(seq)


def chained(previous: str, at: datetime, action: str, subject: str, who: str, content: str) -> str:
    """The hash of an entry."""
    return digest(canonical([previous, instant(at), action, subject, who, content]))


def verify(settings: Settings) -> Audit:
    """Compare every entry, review, recipe, PIN and batch with its hash.

    Raises: DatabaseAway, DatabaseRefused.
    """
    with (
        connect(settings, application="audit", limits=UNLIMITED) as session,
        rowless_errors(target(settings)),
    ):
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return verified(session)


def verified(session: Session) -> Audit:
    """The same inside a transaction, of what that sees."""
    with session.cursor(row_factory=class_row(Entry)) as cursor:
        entries = cursor.execute(statement("batches/audit_all")).fetchall()
    by_seq = {entry.seq: entry for entry in entries}
    reviews = session.execute(statement("batches/audited_reviews")).fetchall()
    records, faults = _records(session)
    found = (
        *_chain(entries),
        *_reviews(reviews, by_seq),
        *_without_row(entries, {row[0] for row in reviews}),
        *_others(session, by_seq),
        *faults,
    )
    head = entries[-1].hash if entries else BEGINNING
    return Audit(len(entries), len(reviews), records, head, found)


def _chain(entries: list[Entry]) -> Iterator[str]:
    previous = BEGINNING
    for number, entry in enumerate(entries, start=1):
        if entry.seq != number:
            yield f"Entry {number} of the audit trail is missing; {entry.seq} stands in its place."
            return
        name = f"Entry {entry.seq} of the audit trail ({entry.action} of {entry.subject})"
        if entry.previous != previous:
            yield f"{name} does not follow the one before it."
        if entry.hash != chained(
            entry.previous, entry.at, entry.action, entry.subject, entry.who, entry.content
        ):
            yield f"{name} has been changed."
        previous = entry.hash


REVIEW_COLUMNS = (
    "seq", "batch_key", "batch_id", "at", "who", "os_user", "db_role", "meaning", "comment", "signature",
    "record_hash", "judgement_hash", "withdraws",
)  # fmt: skip


def review_content(values: tuple[object, ...]) -> dict[str, object]:
    """A review as its entry holds it: all but the two texts, which its hashes stand for.

    What takes nothing back does not say so, as no entry did before withdrawals named what they take back.
    """
    plain = [instant(value) if isinstance(value, datetime) else value for value in values]
    content = dict(zip(REVIEW_COLUMNS, plain, strict=True))
    if not content["withdraws"]:
        del content["withdraws"]
    return content


def _reviews(rows: list[tuple[object, ...]], by_seq: Mapping[int, Entry]) -> Iterator[str]:
    for *values, record, judgement in rows:
        content = review_content(tuple(values))
        name = f"Review {content['seq']} of {content['batch_id']}"
        entry = by_seq.get(int(str(content["seq"])))
        if entry is None or entry.action != REVIEW or entry.content != canonical(content):
            yield f"{name} differs from its entry in the audit trail."
        if digest(str(record)) != content["record_hash"]:
            yield f"The record that {name} is about has been changed."
        if digest(str(judgement)) != content["judgement_hash"]:
            yield f"The findings that {name} is about have been changed."


def _others(session: Session, by_seq: Mapping[int, Entry]) -> Iterator[str]:
    for seq, recipe, mode, version, valid_from, text in session.execute(statement("batches/audited_masters")):
        content = recipe_content(recipe, mode, version, valid_from, text)
        if seq not in by_seq or by_seq[seq].content != canonical({**content, "seq": seq}):
            yield f"Version {version} of the recipe {recipe} differs from its entry in the audit trail."
    for seq, who, pin_hash in session.execute(statement("batches/audited_pins")):
        if seq not in by_seq or by_seq[seq].content != canonical({**pin_content(who, pin_hash), "seq": seq}):
            yield f"The PIN of {who} differs from its entry in the audit trail."


def recipe_content(
    recipe: str, mode: str, version: int, valid_from: datetime, definition: str
) -> dict[str, object]:
    return {
        "recipe": recipe,
        "mode": mode,
        "version": version,
        "valid_from": instant(valid_from),
        "definition": digest(definition),
    }


def pin_content(who: str, pin_hash: str) -> dict[str, object]:
    return {"who": who, "pin_hash": digest(pin_hash)}


def _without_row(entries: list[Entry], reviews: set[object]) -> Iterator[str]:
    for entry in entries:
        if entry.action == REVIEW and entry.seq not in reviews:
            yield f"Review {entry.seq} of {entry.subject} is missing."


def _records(session: Session) -> tuple[int, list[str]]:
    """A server-side cursor: all records at once would fill the memory."""
    count = 0
    faults: list[str] = []
    with session.cursor(name="audited_records") as cursor:
        for row in cursor.execute(statement("batches/audited_records")):
            count += 1
            faults += _record(row)
    return count, faults


def _record(row: tuple[object, ...]) -> Iterator[str]:
    name, record_hash, judgement_hash, record, judgement, *review = row
    if record is None:
        yield f"The record of {name} is missing."
        return
    if digest(str(record)) != record_hash:
        yield f"The stored record of {name} has been changed."
    if digest(str(judgement)) != judgement_hash:
        yield f"The stored findings of {name} have been changed."
    if review[:3] != review[3:]:
        yield f"What the list says of the review of {name} is not what was said."
