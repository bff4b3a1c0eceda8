"""Reads a station's readings around a span: since the last batch that is as it was, and a bounded number."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace
from psycopg.rows import TupleRow

from dosing_tui.database.batches.spans.span_planner import MAX_MESSAGES, MAX_SPAN, StationSpan, widen_span
from dosing_tui.database.connection import Session, fetch_row, select_rows
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.batches.batch_identity import format_anchor
from dosing_tui.domain.batches.models import DEFAULT_RULES, Batch, BatchMessage, BatchStatus
from dosing_tui.domain.batches.reconstruction import reconstruct_batches
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading, TimeQuality

ReadingT = TypeVar("ReadingT", Dose, BatchEvent, InventoryLevel)
MessageT = TypeVar("MessageT", Dose, BatchEvent)
MAX_LEADS = 64
"""Newest stored batches among which one is looked for to go on from."""
LEAD_GAP = DEFAULT_RULES.max_delay + DEFAULT_RULES.level_grace + timedelta(seconds=5)
"""How far a message may be from its time, and a level from its dose: what ended before new ones stays."""
_MOMENT = timedelta(microseconds=1)
_TIME_QUALITIES = {quality.value: quality for quality in TimeQuality}


class StoredLead(Struct, frozen=True):
    """A stored batch from which a rebuild may go on."""

    anchor: str
    anchored_at: datetime
    status: str
    last_at: datetime
    doses: int

    def is_unchanged(self, batch: Batch) -> bool:
        """Whether a batch is this one with every message, and later ones do not depend on earlier ones."""
        return (
            batch.ends_all_before
            and format_anchor(batch.anchor) == self.anchor
            and (batch.status.value, batch.last_at, len(batch.doses))
            == (self.status, self.last_at, self.doses)
        )


class ReadingWindow(Struct, frozen=True):
    """The messages to read for the batches that begin in ``span``; ``lead`` begins before them."""

    span: StationSpan
    reads_since: datetime
    reads_until: datetime
    lead: StoredLead | None = None


class SpanBatches(Struct, frozen=True):
    """The batches that begin in a span."""

    span: StationSpan
    batches: tuple[Batch, ...]
    reading_count: int
    """Rows read for them."""


def reconstruct_span(session: Session, whole: StationSpan, *, now: datetime) -> SpanBatches:
    """Reconstruct the first batches of a span: all of it, or a part of bounded size.

    It goes on from a stored batch that new readings cannot have changed, if that comes out as it is stored.
    """
    read_count = 0
    for window in _plan_windows(session, whole):
        batches, count = _reconstruct_window(session, window, now)
        read_count += count
        lead, span = window.lead, window.span
        if lead is None or any(map(lead.is_unchanged, batches)):
            ours = tuple(batch for batch in batches if span.since <= batch.anchor_time < span.until)
            return SpanBatches(span, ours, read_count)
    raise AssertionError("The last window has no lead.")


def plan_first_window(session: Session, span: StationSpan) -> ReadingWindow:
    """The window that is tried first, of a whole span or of its first part."""
    return next(_plan_windows(session, span))


def _plan_windows(session: Session, span: StationSpan) -> Iterator[ReadingWindow]:
    """Those that go on from a stored batch, and then the one that does without."""
    for lead, reads_since in _list_leads(session, span):
        yield _bound_window(
            session, replace(span, since=max(span.since, lead.anchored_at + _MOMENT)), lead, reads_since
        )
    yield _bound_window(session, span, None, span.since)


def _list_leads(session: Session, span: StationSpan) -> Sequence[tuple[StoredLead, datetime]]:
    """Stored batches to go on from, each with the time from which on its messages are read."""
    earliest = widen_span(replace(span, since=span.first_change), DEFAULT_RULES).since
    before = span.first_change - 2 * LEAD_GAP
    asked = {"device": span.device_id, "from": earliest, "before": before, "rows": MAX_LEADS}
    stored = select_rows(session, StoredLead, "batches/select_rebuild_lead", asked)
    found: list[tuple[StoredLead, datetime]] = []
    times = Counter(lead.anchored_at for lead in stored)
    for lead, earlier in zip_longest(stored, stored[1:]):
        since = lead.anchored_at - 2 * LEAD_GAP
        if lead.last_at >= before or times[lead.anchored_at] > 1:
            continue
        if lead.status == BatchStatus.COMPLETE:
            return [*found, (lead, since)]
        if lead.status in (BatchStatus.ABORTED, BatchStatus.NO_START) and not found:
            found.append((lead, min(since, earlier.anchored_at) if earlier else since))
    return found


def _bound_window(
    session: Session, span: StationSpan, lead: StoredLead | None, reads_since: datetime
) -> ReadingWindow:
    """Cut a span behind so many messages. It reads as far beyond as a batch can last, or so many messages."""
    end = min(span.until, span.since + MAX_SPAN)
    wide = widen_span(replace(span, until=end), DEFAULT_RULES)
    asked = {
        "device": span.device_id,
        "from": span.since if lead else wide.since,  # nothing before it is asked for with a lead
        "since": span.since,
        "before_rows": MAX_MESSAGES,
        "until": span.since,
        "to": wide.until,
        "after_rows": MAX_MESSAGES,
    }
    known_since, cut = fetch_row(session.execute(read_statement("batches/select_margins"), asked))
    reads_until = wide.until
    if cut is not None and cut < end:
        end = max(cut, span.since + _MOMENT)
    if cut is not None:
        later = {**asked, "from": end, "since": end, "until": end, "after_rows": MAX_MESSAGES // 2}
        _, reads_until = fetch_row(session.execute(read_statement("batches/select_margins"), later))
    if lead is None:
        reads_since = known_since or wide.since
    return ReadingWindow(replace(span, until=end), reads_since, reads_until or wide.until, lead)


def _reconstruct_window(session: Session, window: ReadingWindow, now: datetime) -> tuple[list[Batch], int]:
    """The batches of a window, and how many rows were read."""
    device, since = window.span.device_id, window.reads_since
    asked = {"device": device, "from": since, "to": window.reads_until}
    doses = _read_messages(session, Dose, "batches/select_doses", asked)
    events = _read_messages(session, BatchEvent, "batches/select_events", asked)
    if not doses and not events:
        return [], 0
    messages: list[BatchMessage] = [*doses, *events]
    last = max(message.time for message in messages)
    asked["to"] = min(window.reads_until, last + 2 * LEAD_GAP)
    levels = _read_rows(session, InventoryLevel, "batches/select_levels", asked)
    earlier, stock_doses = _read_stock_before(session, device, since, {level.chemical for level in levels})
    readings: list[Reading] = [*messages, *levels, *earlier]
    batches = reconstruct_batches(readings, now=now, stock_doses=stock_doses)
    return batches, len(readings) + len(stock_doses)


def _read_stock_before(
    session: Session, device: str, before: datetime, chemicals: Iterable[str]
) -> tuple[list[InventoryLevel], list[Dose]]:
    """The last level of each tank before a time, and the doses from that tank since."""
    oldest = before - DEFAULT_RULES.max_level_age - DEFAULT_RULES.max_delay
    asked = {"device": device, "before": before, "from": oldest, "chemical": sorted(chemicals)}
    levels = _read_rows(session, InventoryLevel, "batches/select_levels_before", asked)
    since: dict[str, datetime] = {}
    for level in levels:
        since[level.chemical] = min(
            level.time - 2 * DEFAULT_RULES.max_delay, since.get(level.chemical, level.time)
        )
    asked = {
        "device": device,
        "before": before,
        "chemical": list(since),
        "since": list(since.values()),
        "rows": 2 * DEFAULT_RULES.max_doses_since_level,
    }
    return levels, _read_rows(session, Dose, "batches/select_doses_before", asked)


def _read_rows(
    session: Session, build: Callable[..., ReadingT], statement: str, asked: dict[str, object]
) -> list[ReadingT]:
    return [build(*_convert_row(row)) for row in session.execute(read_statement(statement), asked)]


def _read_messages(
    session: Session, build: Callable[..., MessageT], statement: str, asked: dict[str, object]
) -> list[MessageT]:
    """The last three columns are what few stations send: their names of batch, lot and operator."""
    found = []
    for *values, batch_id, lot, operator in session.execute(read_statement(statement), asked):
        message = build(*_convert_row(tuple(values)))
        if batch_id or lot or operator:
            message = replace(message, batch_id=batch_id, lot=lot, operator=operator)
        found.append(message)
    return found


def _convert_row(row: TupleRow) -> TupleRow:
    """The last two columns are the time quality and the flags."""
    *values, quality, flags = row
    return (*values, _TIME_QUALITIES.get(quality, TimeQuality.RECEIVE), tuple(flags))
