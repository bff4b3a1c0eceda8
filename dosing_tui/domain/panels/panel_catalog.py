"""What is asked of the database: one declaration per panel, one row type per shape.

A panel's SQL is ``sql/panels/<id>.sql``; its columns carry the names of the row type's fields.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from dosing_tui.domain.messages.models import ReadingKind
from dosing_tui.domain.panels.filters import NO_FILTER, Dimension, Selection


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """One bucket of one series. ``at`` is the bucket's start; None is 'no measurement', not 0."""

    at: datetime
    series: str
    value: float | None


@dataclass(frozen=True, slots=True)
class LabeledTotal:
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
class TankLevel:
    """The newest level of one tank; None is 'not told'."""

    device_id: str
    chemical: str
    remaining_g: float | None
    capacity_g: float | None
    percent_full: float | None
    time: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class ProductionDay:
    """``day`` 0 is the window so far (today), 1 the one before it up to the same time (yesterday)."""

    day: int
    batches: int
    doses: int
    dosed_g: float | None
    avg_duration_s: float | None
    out_percent: float | None
    aborted: int


@dataclass(frozen=True, slots=True)
class RecipeDay:
    """One day of the plant, recipe and mode.

    ``batches`` is told once per day and recipe, in the row of the mode with most doses; None elsewhere, on
    days before the first batch that is known, and where a filter by chemical or mode leaves it unknown.
    """

    day: date
    recipe: str
    mode: str
    batches: int | None
    doses: int
    dosed_g: float | None
    mean_error_g: float | None
    mean_duration_s: float | None


@dataclass(frozen=True, slots=True)
class PanelQuery:
    """[since, until) in UTC, and what of it."""

    since: datetime
    until: datetime
    now: datetime
    selection: Selection = NO_FILTER


RowT = TypeVar("RowT")
BUCKET_WIDTHS = (
    (timedelta(days=14), timedelta(hours=1)),
    (timedelta(days=180), timedelta(hours=6)),
    (timedelta.max, timedelta(days=1)),
)
"""How wide buckets are at least in windows up to how long, beyond SHORT_WINDOW."""
SHORT_WINDOW = timedelta(days=2)
_HOUR = timedelta(hours=1)


class ChartKind(StrEnum):
    """How a panel is drawn, here and in Grafana."""

    BARS = "bars"
    LINES = "lines"
    AREA = "area"
    HISTOGRAM = "histogram"
    GAUGES = "gauges"
    STATS = "stats"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Panel(Generic[RowT]):
    """``refresh_on``: a new reading of these kinds makes the panel due. ``bucket_width``: a SeriesPoint's width."""

    id: str
    title: str
    unit: str
    row_type: type[RowT]
    refresh_on: frozenset[ReadingKind]
    bucket_width: timedelta | None = None
    chart: ChartKind = ChartKind.TABLE
    default_range: str = "now-24h"
    """Asked for while no other range is chosen: from there to now; ``now/d`` is the whole of today."""
    dimensions: frozenset[Dimension] = frozenset(Dimension)
    limit: float | None = None
    """Drawn as a line; beyond it is abnormal."""
    guide_panel_number: int | None = None
    """The panel's number in the integration guide."""

    def get_bucket_width(self, since: datetime, until: datetime) -> timedelta | None:
        """How wide its buckets are in this window: wider where there were too many to draw."""
        window = until - since
        if self.bucket_width is None or window <= SHORT_WINDOW:
            return self.bucket_width
        return max(self.bucket_width, next(width for longest, width in BUCKET_WIDTHS if window <= longest))


_DOSES = frozenset({ReadingKind.DOSE})
_EVENTS = frozenset({ReadingKind.EVENT})
_BATCH_DIMENSIONS = frozenset({Dimension.DEVICE, Dimension.RECIPE})
_TANK_DIMENSIONS = frozenset({Dimension.DEVICE, Dimension.CHEMICAL})

CONSUMPTION_TODAY = Panel(
    "today_by_chemical",
    "Consumption today",
    "g",
    LabeledTotal,
    _DOSES,
    chart=ChartKind.BARS,
    default_range="now/d",
    guide_panel_number=1,
)
CONSUMPTION_BY_CHEMICAL = Panel(
    "consumption_by_chemical", "Consumption by chemical", "g", SeriesPoint, _DOSES, timedelta(minutes=15),
    chart=ChartKind.LINES, guide_panel_number=2,
)  # fmt: skip
CONSUMPTION_OVER_TIME = Panel(
    "consumption_over_time", "Consumption", "g/h", SeriesPoint, _DOSES, _HOUR, chart=ChartKind.AREA
)
ACCURACY_HISTOGRAM = Panel(
    "accuracy_histogram",
    "Accuracy",
    "error g",
    ErrorBin,
    _DOSES,
    chart=ChartKind.HISTOGRAM,
    guide_panel_number=3,
)
ACCURACY_SUMMARY = Panel(
    "accuracy_summary", "Accuracy", "error g", ErrorSummary, _DOSES, chart=ChartKind.STATS
)
INVENTORY = Panel(
    "inventory", "Inventory", "%", TankLevel, frozenset({ReadingKind.LEVEL}), chart=ChartKind.GAUGES,
    dimensions=_TANK_DIMENSIONS, guide_panel_number=4,
)  # fmt: skip
BATCHES_TODAY = Panel(
    "batches_today",
    "Batches by recipe",
    "today",
    LabeledTotal,
    _EVENTS,
    chart=ChartKind.BARS,
    default_range="now/d",
    dimensions=_BATCH_DIMENSIONS,
    guide_panel_number=5,
)
DOSING_DURATION = Panel(
    "dosing_duration",
    "Dosing duration",
    "s",
    SeriesPoint,
    _DOSES,
    _HOUR,
    chart=ChartKind.LINES,
    guide_panel_number=6,
)
ERROR_RATE = Panel(
    "error_rate",
    "Error rate",
    "%",
    SeriesPoint,
    _DOSES,
    _HOUR,
    chart=ChartKind.AREA,
    limit=5.0,
    guide_panel_number=7,
)
DAILY_SUMMARY = Panel(
    "daily_summary", "Daily production", "", RecipeDay, _DOSES | _EVENTS, chart=ChartKind.TABLE,
    default_range="now-6d/d", guide_panel_number=8,
)  # fmt: skip
PRODUCTION_TODAY = Panel(
    "production_today", "Production", "today", ProductionDay, _DOSES | _EVENTS, chart=ChartKind.STATS,
    default_range="now/d",
)  # fmt: skip

OVERVIEW_PANELS: tuple[Panel[Any], ...] = (
    CONSUMPTION_TODAY,
    CONSUMPTION_OVER_TIME,
    CONSUMPTION_BY_CHEMICAL,
    ACCURACY_HISTOGRAM,
    ACCURACY_SUMMARY,
    ERROR_RATE,
    BATCHES_TODAY,
    PRODUCTION_TODAY,
)
"""Panels of several row types side by side."""

PANELS: Mapping[str, Panel[Any]] = MappingProxyType(
    {panel.id: panel for panel in (*OVERVIEW_PANELS, INVENTORY, DOSING_DURATION, DAILY_SUMMARY)}
)
"""Every panel by its id."""
