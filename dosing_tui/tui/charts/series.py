"""Series over time, as charts take them: values by bucket, None where nothing was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from statistics import fmean

from dosing_tui.tui.charts.primitives.braille import Points
from dosing_tui.tui.charts.primitives.scale import Window, nice_top
from dosing_tui.tui.rendering.number_format import NOTHING


@dataclass(frozen=True, slots=True)
class Curve:
    name: str
    values: tuple[float | None, ...]


class Sign(StrEnum):
    """How something that happened is drawn; where several things share a column, the first of these."""

    NOTE = "◆"
    ABORT = "✗"
    BOTH = "│"
    """A start and an end."""
    START = "╷"
    END = "╵"


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that happened: drawn on the time axis, told by the cursor."""

    at: datetime
    sign: Sign
    text: str


@dataclass(frozen=True, slots=True)
class Curves:
    """``unit`` is that of all values. ``adds_up``: a sum over the window makes sense."""

    curves: tuple[Curve, ...]
    window: Window
    zone: tzinfo
    unit: str = ""
    decimals: int = 1
    adds_up: bool = False
    limit: float | None = None
    low: bool = False
    """What is below the limit is abnormal, not what is above."""
    least_top: float = 0.0
    """The scale reaches at least so far."""
    partial: int | None = None
    """The bucket that is not over yet."""
    flags: tuple[Flag, ...] = ()

    @property
    def top(self) -> float:
        largest = max((value or 0.0 for curve in self.curves for value in curve.values), default=0.0)
        return max(self.least_top, nice_top(largest))

    def beyond(self, value: float) -> bool:
        """On the abnormal side of the limit."""
        return self.limit is not None and (value < self.limit if self.low else value > self.limit)

    def written(self, value: float | None) -> str:
        return NOTHING if value is None else f"{value:.{self.decimals}f}"

    def span(self, bucket: int) -> tuple[datetime, datetime]:
        """When a bucket begins and ends, in the plant's zone."""
        start = self.window.since + self.window.bucket * bucket
        return start.astimezone(self.zone), (start + self.window.bucket).astimezone(self.zone)

    def told(self, bucket: int) -> tuple[Flag, ...]:
        """What happened within a bucket."""
        return tuple(flag for flag in self.flags if self.window.index(flag.at) == bucket)


@dataclass(frozen=True, slots=True)
class Statistics:
    """Over the buckets that have a value; None where none has."""

    least: float | None
    mean: float | None
    most: float | None
    total: float | None
    last: float | None


def statistics(values: Sequence[float | None]) -> Statistics:
    """
    >>> statistics([1.0, None, 3.0])
    Statistics(least=1.0, mean=2.0, most=3.0, total=4.0, last=3.0)
    """
    measured = [value for value in values if value is not None]
    if not measured:
        return Statistics(None, None, None, None, None)
    return Statistics(min(measured), fmean(measured), max(measured), sum(measured), measured[-1])


def pieces(values: Sequence[float | None], top: float) -> list[Points]:
    """The unbroken stretches of a series, from 0 to 1 in both directions; a gap is a gap."""
    found: list[list[tuple[float, float]]] = [[]]
    count = len(values)
    for number, value in enumerate(values):
        if value is None:
            found.append([])
        else:
            found[-1].append(((number + 0.5) / count, value / top if top > 0 else 0.0))
    return [piece for piece in found if piece]
