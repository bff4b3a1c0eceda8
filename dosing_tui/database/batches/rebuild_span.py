"""Rebuilds the batches of one span of one station from its readings and stores what has changed."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from psycopg.rows import TupleRow, class_row

from dosing_tui.config.settings import Settings
from dosing_tui.database.batches.context_events import alarm_spans
from dosing_tui.database.batches.span_planner import Span, around
from dosing_tui.database.connection import Session
from dosing_tui.database.sql_files import statement
from dosing_tui.domain.batch_review import assessment as judging
from dosing_tui.domain.batch_review.exception_checks import ReviewLimits, assess_ingredients, find_exceptions
from dosing_tui.domain.batches.alarm_overlap import AlarmSpan, list_batch_alarms
from dosing_tui.domain.batches.batch_identity import format_anchor, format_batch_id, restore_keys
from dosing_tui.domain.batches.canonical_json import batch_to_record, hash_text
from dosing_tui.domain.batches.duration_baseline import DurationBaseline, select_baselines
from dosing_tui.domain.batches.master_recipe import MasterVersion, parse_definition, select_version
from dosing_tui.domain.batches.models import DEFAULT_RULES, Batch
from dosing_tui.domain.batches.recipe_matching import split_portions
from dosing_tui.domain.batches.reconstruction import reconstruct_batches
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading, TimeQuality

_SEPARATOR = "\x1f"
_QUALITIES = {quality.value: quality for quality in TimeQuality}


@dataclass(frozen=True, slots=True)
class Stored:
    """What a rebuild has to know of a batch that is stored."""

    batch_key: str
    anchor: str
    record_hash: str
    judgement_hash: str
    last_review: int


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a span: batches that are in it, those that were stored anew, those that are no more."""

    batches: int = 0
    stored: int = 0
    vanished: int = 0

    def __add__(self, other: "Change") -> "Change":
        return Change(
            self.batches + other.batches, self.stored + other.stored, self.vanished + other.vanished
        )


@dataclass(frozen=True, slots=True)
class Reference:
    """What batches are judged by, and the zone their days are in."""

    masters: tuple[MasterVersion, ...]
    limits: ReviewLimits
    zone: tzinfo
    alarms: tuple[AlarmSpan, ...] = ()
    """Of the whole time that is rebuilt."""
    usual: tuple[DurationBaseline, ...] = ()


@dataclass(frozen=True, slots=True)
class _Whole:
    """A batch with its two texts."""

    batch: Batch
    record: str
    judged: judging.Assessment
    judgement: str


def masters(session: Session) -> tuple[MasterVersion, ...]:
    """Every version of every recipe."""
    rows = session.execute(statement("batches/masters")).fetchall()
    return tuple(MasterVersion(parse_definition(json.loads(d)), version, at) for d, version, at in rows)


def reference(session: Session, settings: Settings, *, since: datetime, until: datetime) -> Reference:
    """What batches that begin in [since, until) are judged by.

    All of it is the database's, whatever this program's settings say: every machine judges alike.
    """
    row = session.execute(statement("batches/rules")).fetchone()
    assert row is not None  # there is one row, from the first migration on
    limits = ReviewLimits(tolerance_g=row[0], stock_low_percent=row[1])
    site, longest = settings.plant.site, DEFAULT_RULES.max_duration
    alarms = alarm_spans(session, site=site, since=since - longest, until=until + longest)
    known = usual(session, since=since - longest, until=until)
    return Reference(masters(session), limits, ZoneInfo(settings.plant.timezone), alarms, known)


def usual(session: Session, *, since: datetime, until: datetime) -> tuple[DurationBaseline, ...]:
    """How long batches that begin in [since, until) should take."""
    with session.cursor(row_factory=class_row(DurationBaseline)) as cursor:
        return tuple(cursor.execute(statement("batches/usual"), {"from": since, "to": until}))


def rebuild_span(session: Session, span: Span, by: Reference, *, now: datetime) -> Change:
    """Inside the caller's transaction, who sees to it that nobody else rebuilds."""
    readings = _readings(session, around(span, DEFAULT_RULES))
    batches = [
        batch
        for batch in reconstruct_batches(readings, now=now)
        if batch.device_id == span.device_id and span.since <= batch.anchor_time < span.until
    ]
    asked = {"device": span.device_id, "from": span.since, "to": span.until}
    with session.cursor(row_factory=class_row(Stored)) as cursor:
        had = {row.batch_key: row for row in cursor.execute(statement("batches/stored"), asked)}
    renamed = restore_keys(batches, {key: row.anchor for key, row in had.items()})
    by = replace(by, alarms=_alarms_of(span, by.alarms))
    changed = [whole for whole in (_whole(batch, by) for batch in renamed.batches) if _is_new(whole, had)]
    vanished = sorted(renamed.obsolete_keys)
    if changed:
        _store(session, changed, by.zone)
    if vanished:
        session.execute(statement("batches/remove"), {"batch_key": vanished})
        # After it: what was reviewed while its removal waited is seen here only.
        session.execute(statement("batches/outlived"), {"batch_key": vanished})
    return Change(len(batches), len(changed), len(vanished))


def _alarms_of(span: Span, alarms: Iterable[AlarmSpan]) -> tuple[AlarmSpan, ...]:
    """Those that can have been active during one of its batches."""
    since, until = span.since - DEFAULT_RULES.max_duration, span.until + DEFAULT_RULES.max_duration
    return tuple(
        alarm
        for alarm in alarms
        if alarm.device_id in ("", span.device_id)
        and alarm.since <= until
        and (alarm.until is None or alarm.until >= since)
    )


def _readings(session: Session, span: Span) -> list[Reading]:
    asked = {"device": span.device_id, "from": span.since, "to": span.until}
    found: list[Reading] = []
    found += [Dose(*_typed(row)) for row in session.execute(statement("batches/doses"), asked)]
    found += [BatchEvent(*_typed(row)) for row in session.execute(statement("batches/events"), asked)]
    found += [InventoryLevel(*_typed(row)) for row in session.execute(statement("batches/levels"), asked)]
    return found


def _typed(row: TupleRow) -> TupleRow:
    """The last two columns are the time quality and the flags."""
    *values, quality, flags = row
    return (*values, _QUALITIES.get(quality, TimeQuality.RECEIVE), tuple(flags))


def _whole(batch: Batch, by: Reference) -> _Whole:
    master = select_version(by.masters, recipe=batch.recipe, mode=batch.mode, at=batch.begins_at)
    batch = split_portions(batch, master.recipe if master else None)
    known = select_baselines(by.usual, recipe=batch.recipe, mode=batch.mode, at=batch.begins_at)
    judged = judging.build_assessment(
        find_exceptions(batch, master=master, limits=replace(by.limits, baselines=known), alarms=by.alarms),
        assess_ingredients(batch, master=master, limits=by.limits),
        master,
        list_batch_alarms(batch, by.alarms),
    )
    return _Whole(batch, batch_to_record(batch), judged, judging.format_assessment(judged))


def _is_new(whole: _Whole, had: dict[str, Stored]) -> bool:
    known = had.get(whole.batch.key)
    if known is None or known.anchor != format_anchor(whole.batch.anchor):
        return True
    return (known.record_hash, known.judgement_hash) != (hash_text(whole.record), hash_text(whole.judgement))


def _store(session: Session, changed: Sequence[_Whole], zone: tzinfo) -> None:
    ids = _ids(session, [whole.batch for whole in changed], zone)
    rows = [_row(whole, ids[whole.batch.key]) for whole in changed]
    session.execute(statement("batches/store"), {name: [row[name] for row in rows] for name in rows[0]})
    texts = json.dumps([(whole.batch.key, whole.record, whole.judgement) for whole in changed])
    session.execute(statement("batches/store_records"), {"texts": texts})


def _ids(session: Session, batches: Sequence[Batch], zone: tzinfo) -> dict[str, str]:
    asked = {
        "batch_key": [batch.key for batch in batches],
        "device_id": [batch.device_id for batch in batches],
        "day": [batch.begins_at.astimezone(zone).date() for batch in batches],
    }
    session.execute(statement("batches/number"), asked)
    device = batches[0].device_id
    found = session.execute(statement("batches/numbers"), {"batch_key": asked["batch_key"]})
    return {key: format_batch_id(device, day, number) for key, day, number in found}


def _row(whole: _Whole, name: str) -> dict[str, object]:
    batch, kinds = whole.batch, _kinds(whole.judged)
    return {
        **shown_columns(batch, whole.judged),
        "batch_key": batch.key,
        "batch_id": name,
        "last_at": batch.last_at,
        "anchored_at": batch.anchor_time,
        "anchor": format_anchor(batch.anchor),
        "finding_kinds": _SEPARATOR.join(kinds),
        "record_hash": hash_text(whole.record),
        "judgement_hash": hash_text(whole.judgement),
    }


def shown_columns(batch: Batch, judged: judging.Assessment) -> dict[str, object]:
    """What lists show of a batch, by its column, as its record and its judgement say it."""
    return {
        "device_id": batch.device_id,
        "recipe": batch.recipe,
        "mode": batch.mode,
        "status": batch.status.value,
        "reason": batch.reason,
        "begins_at": batch.begins_at,
        "ends_at": batch.ends_at,
        "pumps": batch.pumps,
        "doses": len(batch.doses),
        "target_g": _sum(ingredient.target_g for ingredient in batch.ingredients),
        "actual_g": _sum(ingredient.actual_g for ingredient in batch.ingredients),
        "findings": len(judged.exceptions),
        "finding_kinds": _kinds(judged),
        "recipe_version": judged.recipe_version,
    }


def _kinds(judged: judging.Assessment) -> list[str]:
    """Each once."""
    return list(dict.fromkeys(finding.kind.value for finding in judged.exceptions))


def _sum(masses: Iterable[float | None]) -> float | None:
    """None, if one is not known or there is none."""
    known = list(masses)
    said = [mass for mass in known if mass is not None]
    return round(sum(said), 6) if said and len(said) == len(known) else None
