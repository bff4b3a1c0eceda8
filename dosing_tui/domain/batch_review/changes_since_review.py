"""What has come to a batch since it was reviewed, in sentences: why its review is outdated. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from typing import TypeVar

from dosing_tui.domain.batch_review import assessment as judging
from dosing_tui.domain.batch_review.assessment import Judgement
from dosing_tui.domain.batch_review.exception_checks import Kind
from dosing_tui.domain.batch_review.query_models import BatchDetail
from dosing_tui.domain.batches.alarm_overlap import Alarmed
from dosing_tui.domain.batches.canonical_json_reader import batch_of
from dosing_tui.domain.batches.models import Batch, Identity, Message, identity
from dosing_tui.domain.batches.recipe_matching import apart
from dosing_tui.domain.messages.models import Dose

Thing = TypeVar("Thing")
GONE = "Its messages turned out to be of another batch: what was said of it is about nothing that is left."


def what_came(detail: BatchDetail, zone: tzinfo) -> tuple[str, ...]:
    """Nothing, if its review is not outdated. Clock times are in ``zone``."""
    if detail.row.gone:
        return (GONE,)
    if detail.reviewed is None:
        return ()
    thought = judging.from_text(detail.reviewed.judgement)
    seen = apart(batch_of(detail.reviewed.record, detail.row.batch_key), thought.apart)
    found = (
        *_facts(seen, detail.batch, zone),
        *_thoughts(thought, detail.judged, zone),
        *_bands(seen, thought, detail.batch, detail.judged),
    )
    return found or ("Its record is written in another way now; what it says is the same.",)


def what_was_absorbed(detail: BatchDetail, zone: tzinfo) -> tuple[str, ...]:
    """What was said of batches that have become part of this one, each in a sentence."""
    return tuple(
        f"'{each.meaning}' by {each.who}, {each.at.astimezone(zone):%Y-%m-%d %H:%M:%S}, is about"
        f" {each.batch_id}, whose messages are of this batch now: it says nothing of this one."
        for each in detail.absorbed
    )


def _facts(seen: Batch, now: Batch, zone: tzinfo) -> Iterator[str]:
    had, has = dict(_named(seen)), dict(_named(now))
    for key in _new(has, had):
        yield f"A message came: {_message(has[key], zone)}."
    for key in _new(had, has):
        yield f"A message is no longer its own: {_message(had[key], zone)}."
    if any(had[key] != has[key] for key in had.keys() & has.keys()):
        yield "What one of its messages says is otherwise now."
    for name, before, after in (
        ("status", seen.status.value, now.status.value), ("recipe", seen.recipe, now.recipe),
        ("mode", seen.mode, now.mode),
    ):  # fmt: skip
        if before != after:
            yield f"Its {name} is {after or 'not said'} now; {before or 'not said'} then."
    if seen.stock != now.stock:
        yield "Its tanks' levels are others now."
    if seen.marks != now.marks:
        yield "How its messages fit together is seen otherwise now."


def _named(batch: Batch) -> Iterator[tuple[Identity, Message]]:
    messages: tuple[Message, ...] = (*batch.events, *batch.doses)
    return ((identity(message), message) for message in sorted(messages, key=lambda each: each.time))


def _message(said: Message, zone: tzinfo) -> str:
    at = f"{said.time.astimezone(zone):%H:%M:%S}"
    if isinstance(said, Dose):
        mass = "mass not said" if said.actual_g is None else f"{said.actual_g:.2f} g"
        return f"dose of {said.chemical}, {mass}, at {at}"
    return f"{said.event} at {at}"


def _thoughts(seen: Judgement, now: Judgement, zone: tzinfo) -> Iterator[str]:
    if seen.recipe_version != now.recipe_version:
        yield f"It is judged by {_version(now)} now; there was {_version(seen)} then."
    for finding in _new(now.findings, seen.findings):
        if finding.kind is not Kind.ALARM:
            yield f"An exception came: {finding.sentence}."
    for finding in _new(seen.findings, now.findings):
        if finding.kind is not Kind.ALARM:
            yield f"No exception any more: {finding.sentence}."
    yield from _alarms(seen, now, zone)


def _alarms(seen: Judgement, now: Judgement, zone: tzinfo) -> Iterator[str]:
    """Once they were kept by name alone, as exceptions; since then each with its time."""
    if not seen.alarms and any(finding.kind is Kind.ALARM for finding in seen.findings):
        yield "Its alarms are kept with their times now; they were not when it was reviewed."
        return
    for alarm in _new(now.alarms, seen.alarms):
        yield f"An alarm came: {_alarm(alarm, zone)}."
    for alarm in _new(seen.alarms, now.alarms):
        yield f"An alarm is no longer its own: {_alarm(alarm, zone)}."


def _version(judged: Judgement) -> str:
    return f"version {judged.recipe_version} of the recipe" if judged.recipe_version else "no recipe master"


def _alarm(alarm: Alarmed, zone: tzinfo) -> str:
    return f"{alarm.name} at {alarm.at.astimezone(zone):%H:%M:%S}"


def _new(these: Iterable[Thing], those: Iterable[Thing]) -> Iterator[Thing]:
    known = set(those)
    return (each for each in these if each not in known)


def _bands(before: Batch, seen: Judgement, after: Batch, now: Judgement) -> Iterator[str]:
    """Tolerances of ingredients that were there then, too; the second portion is compared with the second."""
    had = dict(_allowed(before, seen))
    for portion, allowed_g in _allowed(after, now):
        then_g = had.get(portion, allowed_g)
        if then_g != allowed_g:
            chemical, *_ = portion
            yield f"{chemical} may be off by {_grams(allowed_g)} now; {_grams(then_g)} then."


def _allowed(batch: Batch, judged: Judgement) -> Iterator[tuple[tuple[str, int, int], float | None]]:
    """Of each portion (chemical, pump, its number among these) half its band in g."""
    met = Counter[tuple[str, int]]()
    for one, (allowed_g, _) in zip(batch.ingredients, judged.bands, strict=True):
        met[one.chemical, one.pump] += 1
        yield (one.chemical, one.pump, met[one.chemical, one.pump]), allowed_g


def _grams(mass: float | None) -> str:
    return "any mass" if mass is None else f"{mass:.2f} g"
