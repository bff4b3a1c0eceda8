"""Which spans of which stations have to be rebuilt, and how much around them has to be read. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from dosing_tui.domain.batches.models import SegmentationRules

LONGEST = timedelta(days=2)
"""Most that is rebuilt in one transaction, the surroundings aside."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A station's day in which readings were stored; ``touches`` tells whether more have come since."""

    device_id: str
    day: date
    since: datetime
    until: datetime
    touches: int


@dataclass(frozen=True, slots=True)
class Span:
    """A station's time from ``since`` to before ``until``."""

    device_id: str
    since: datetime
    until: datetime


def affected(touched: Touched, rules: SegmentationRules) -> Span:
    """Where batches may begin that new readings can change: their own, and those that go by their levels."""
    return Span(
        touched.device_id,
        touched.since - rules.max_duration,
        touched.until + rules.max_level_age + rules.max_delay,
    )


def around(span: Span, rules: SegmentationRules) -> Span:
    """What has to be read so that every batch that begins in the span comes out right.

    With ``RULES`` that is some 12 h more than the span, however long a station has dosed without a pause.
    """
    before = max(rules.max_level_age + rules.max_delay, rules.get_lookback())
    return Span(span.device_id, span.since - before, span.until + rules.max_duration + rules.max_delay)


def merged(spans: Iterable[Span]) -> list[Span]:
    """Overlapping spans of a station as one."""
    found: list[Span] = []
    for device, group in groupby(sorted(spans, key=_order), key=lambda span: span.device_id):
        begins: datetime | None = None
        ends = begins
        for span in group:
            if begins is not None and ends is not None and span.since > ends:
                found.append(Span(device, begins, ends))
                begins = None
            begins = span.since if begins is None else begins
            ends = span.until if ends is None else max(ends, span.until)
        if begins is not None and ends is not None:
            found.append(Span(device, begins, ends))
    return found


def pieces(span: Span) -> Iterator[Span]:
    """The span in parts that are short enough for one transaction."""
    since = span.since
    while since < span.until:
        until = min(since + LONGEST, span.until)
        yield Span(span.device_id, since, until)
        since = until


def _order(span: Span) -> tuple[str, datetime]:
    return (span.device_id, span.since)
