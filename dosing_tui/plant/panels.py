"""What the overview asks the database: one declaration per panel, one row type per shape.

A panel's SQL is ``sql/panels/<id>.sql``; its columns carry the names of the row type's fields.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from dosing_tui.plant.readings import Kind


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """One bucket of one series. ``at`` is the bucket's start; None is 'no measurement', not 0."""

    at: datetime
    series: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Total:
    """A label with its value, largest first."""

    label: str
    value: float | None


@dataclass(frozen=True, slots=True)
class ErrorBin:
    """Doses whose error lies in [lower_g, upper_g); None is an open end."""

    lower_g: float | None
    upper_g: float | None
    doses: int


@dataclass(frozen=True, slots=True)
class ErrorSummary:
    """Mean and standard deviation of error_g, and the share out of tolerance in percent."""

    doses: int
    mean_g: float | None
    sd_g: float | None
    out_percent: float | None


@dataclass(frozen=True, slots=True)
class ProductionDay:
    """One plant day so far (``day`` 0 today, 1 yesterday up to the same time of day)."""

    day: int
    batches: int
    doses: int
    dosed_g: float | None
    avg_duration_s: float | None
    out_percent: float | None
    aborted: int


Row = TypeVar("Row")
LONG_WINDOW = timedelta(days=2)
VERY_LONG_WINDOW = timedelta(days=14)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Panel(Generic[Row]):
    """``drawn_from``: a new reading of these kinds makes the panel due. ``bucket``: a SeriesPoint's width."""

    id: str
    title: str
    unit: str
    row: type[Row]
    drawn_from: frozenset[Kind]
    bucket: timedelta | None = None

    def bucket_in(self, since: datetime, until: datetime) -> timedelta | None:
        """How wide its buckets are in this window: one hour or six where quarters are too many to draw."""
        window = until - since
        if self.bucket is None or self.bucket >= _HOUR or window <= LONG_WINDOW:
            return self.bucket
        return _HOUR if window <= VERY_LONG_WINDOW else 6 * _HOUR


_DOSES = frozenset({Kind.DOSE})
_EVENTS = frozenset({Kind.EVENT})

TODAY = Panel("today_by_chemical", "Consumption today", "g", Total, _DOSES)
CONSUMPTION = Panel("consumption_over_time", "Consumption", "g/h", SeriesPoint, _DOSES, _HOUR)
BY_CHEMICAL = Panel(
    "consumption_by_chemical", "Consumption by chemical", "g", SeriesPoint, _DOSES, timedelta(minutes=15)
)
ACCURACY = Panel("accuracy_histogram", "Accuracy", "error g", ErrorBin, _DOSES)
ACCURACY_SUMMARY = Panel("accuracy_summary", "Accuracy", "error g", ErrorSummary, _DOSES)
ERROR_RATE = Panel("error_rate", "Error rate", "%", SeriesPoint, _DOSES, _HOUR)
BATCHES = Panel("batches_today", "Batches by recipe", "today", Total, _EVENTS)
PRODUCTION = Panel("production_today", "Production", "today", ProductionDay, _DOSES | _EVENTS)

OVERVIEW: tuple[Panel[object], ...] = (  # type: ignore[assignment]  # a tuple of panels of several row types
    TODAY, CONSUMPTION, BY_CHEMICAL, ACCURACY, ACCURACY_SUMMARY, ERROR_RATE, BATCHES, PRODUCTION,
)  # fmt: skip
