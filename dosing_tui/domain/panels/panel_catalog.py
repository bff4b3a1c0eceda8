"""The panels: one declaration each, one row type per shape.

**A new panel is one SQL file and one declaration.**

1. Write ``sql/panels/<id>.sql``. Its columns carry the names of a row type's fields. Its parameters are
   ``from``, ``to``, ``now``, ``step``, ``tz`` and one array per dimension, which is NULL for all values.
   ``error_rate.sql`` is a short example.
2. Declare it below: ``declare_panel(Panel("<id>", "Title", "unit", SeriesPoint, _DOSES, ...))``. Take a row
   type of this module. A new row type is a frozen struct whose field names end in their unit: ``_g``,
   ``_s``, ``_percent``.

Nothing else is edited. ``dosing-tui panel --list`` and ``dosing-tui grafana`` contain the panel, and the
console shows it on screen 8 (Panels): SeriesPoint as a chart over time, LabeledTotal as bars, every other
row type as a table. A tile of its own design is a builder in ``tui/tiles`` and one line in
``tui/tiles/registry.py``.

A limit names its setting (``PlantLimit``): alarm, console and Grafana follow that setting.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from msgspec import Struct

from dosing_tui.domain.messages.models import ReadingKind
from dosing_tui.domain.panels.filters import DOSE_DIMENSIONS, NO_FILTER, Dimension, Selection
from dosing_tui.domain.panels.material_rows import BatchesLeft as BatchesLeft  # its name in the catalog
from dosing_tui.domain.panels.material_rows import MaterialBook, TankBalance
from dosing_tui.domain.panels.pump_capability import PumpCapability
from dosing_tui.domain.panels.pump_chemical import PumpChemical
from dosing_tui.domain.panels.station_health import StationHealth


class SeriesPoint(Struct, frozen=True):
    """One bucket of one series. ``at`` is its start in UTC; a value of None is no measurement, not 0.

    ``doses``: the number that the value is of; in a mean of buckets, each counts by it.
    """

    at: datetime
    series: str
    value: float | None
    doses: int = 1


class LabeledTotal(Struct, frozen=True):
    """A label with its value, in the unit of the panel. The rows are sorted, largest first."""

    label: str
    value: float | None


class ErrorBin(Struct, frozen=True):
    """Doses whose error lies in [lower_g, upper_g); None is an open end."""

    lower_g: float | None
    upper_g: float | None
    doses: int


class ErrorSummary(Struct, frozen=True):
    """Mean and standard deviation of error_g, and the share out of tolerance in percent."""

    doses: int
    mean_g: float | None
    sd_g: float | None
    out_percent: float | None


class TankLevel(Struct, frozen=True):
    """The latest level of one tank; None is a value the station has not sent."""

    device_id: str
    chemical: str
    remaining_g: float | None
    capacity_g: float | None
    percent_full: float | None
    time: datetime
    received_at: datetime


class ProductionDay(Struct, frozen=True):
    """``day`` 0 is the window up to now (today), 1 the window before it up to the same time (yesterday).

    ``batches`` and ``aborted``: batches that began in it and are completed or aborted. None under a filter by
    chemical.
    """

    day: int
    batches: int | None
    doses: int
    dosed_g: float | None
    avg_duration_s: float | None
    out_percent: float | None
    aborted: int | None


class RecipeDay(Struct, frozen=True):
    """One day of the plant, recipe and mode.

    ``batches`` and ``aborted``: batches of this mode that began that day and are completed or aborted. None
    on days before the first recorded batch, and under a filter by chemical.
    """

    day: date
    recipe: str
    mode: str
    batches: int | None
    aborted: int | None
    doses: int
    dosed_g: float | None
    mean_error_g: float | None
    mean_duration_s: float | None


class DoseRow(Struct, frozen=True):
    """One dose. ``time_quality`` says whose clock ``time`` is of; see ``domain.messages.models``."""

    time: datetime
    device_id: str
    recipe: str
    mode: str
    chemical: str
    pump: int
    target_g: float | None
    actual_g: float | None
    error_g: float | None
    duration_ms: int | None
    received_at: datetime
    time_quality: str


class StockOutlook(Struct, frozen=True):
    """How long a tank lasts; docs/materials.md has the formulas.

    Uses are means of a production day. They and what is made of them are None below three production days.
    """

    device_id: str
    chemical: str
    remaining_g: float | None
    percent_full: float | None
    production_days: int
    """Of the last 28 days before today."""
    use_7_days_g: float | None
    use_28_days_g: float | None
    use_p10_g: float | None
    use_p90_g: float | None
    cover_days: float | None
    """Production days that the stock lasts at the use of 28 days."""
    least_cover_days: float | None
    """The same at the 90th percentile of the use."""
    run_out_at: datetime | None
    """Days without production are counted as often as in the 28 days; None beyond ten years."""
    reorder_g: float | None
    """None where ``limits.reorder_lead_days`` is not set."""
    remark: str
    """Why there are no figures, or 'order now'."""

    @property
    def identity(self) -> tuple[str, str]:
        """The row stays selected when its figures change."""
        return self.device_id, self.chemical


class PanelQuery(Struct, frozen=True):
    """One request for a panel: the range [since, until) in UTC, and the filters."""

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
"""Longest window and minimum bucket width in it, for windows longer than SHORT_WINDOW."""
SHORT_WINDOW = timedelta(days=2)
BATCH_SETTLE_TIME = timedelta(seconds=5)
"""The collector rebuilds batches every two seconds."""
_HOUR = timedelta(hours=1)


class PlantLimit(StrEnum):
    """A limit by its name in the table ``alarm_limits``, its only home, and in ``AlarmLimits``."""

    MEAN_ERROR = "mean_error_g"
    ERROR_RATE = "error_rate_percent"
    CPK_LOW = "cpk_low"


class ChartKind(StrEnum):
    """How a panel is drawn in the console and in Grafana."""

    BARS = "bars"
    LINES = "lines"
    AREA = "area"
    HISTOGRAM = "histogram"
    GAUGES = "gauges"
    STATS = "stats"
    TABLE = "table"


class Panel(Struct, Generic[RowT], frozen=True):
    """``refresh_on``: readings that trigger a query. ``bucket_width``: that of a SeriesPoint."""

    id: str
    title: str
    unit: str
    row_type: type[RowT]
    refresh_on: frozenset[ReadingKind]
    bucket_width: timedelta | None = None
    chart: ChartKind = ChartKind.TABLE
    default_range: str = "now-24h"
    """Range while the operator has selected none: from there to now; ``now/d`` is the whole of today."""
    dimensions: frozenset[Dimension] = DOSE_DIMENSIONS
    limit: PlantLimit | None = None
    """Drawn as a line over time; values above it are abnormal."""
    column_limits: tuple[tuple[str, PlantLimit | float], ...] = ()
    """Columns of a table or of statistics whose absolute value is abnormal above a limit."""
    column_minimums: tuple[tuple[str, PlantLimit], ...] = ()
    """Columns of a table whose value is abnormal below a limit."""
    max_rows: int | None = None
    """The statement returns the newest of so many rows; None: all."""
    guide_panel_number: int | None = None
    """The panel's number in the integration guide."""
    settle_time: timedelta = timedelta(0)
    """Time after a reading within which its rows still change: batches are rebuilt after their messages."""
    key_fields: tuple[str, ...] = ()
    """Values of a table that stay where room is short."""
    is_present: bool = False
    """Its rows are of now, whatever the range."""

    def get_bucket_width(self, since: datetime, until: datetime) -> timedelta | None:
        """Bucket width in this window: wider in long windows, so that the number of buckets stays small."""
        window = until - since
        if self.bucket_width is None or window <= SHORT_WINDOW:
            return self.bucket_width
        return max(self.bucket_width, next(width for longest, width in BUCKET_WIDTHS if window <= longest))


_PANELS: dict[str, Panel[Any]] = {}
PANELS: Mapping[str, Panel[Any]] = MappingProxyType(_PANELS)
"""Every declared panel by its id, in the order of declaration."""


def declare_panel(panel: Panel[RowT]) -> Panel[RowT]:
    """Add a panel to the catalog.

    Raises: ValueError, if the id is already declared.
    """
    if panel.id in _PANELS:
        raise ValueError(f"Panel {panel.id} is declared twice.")
    _PANELS[panel.id] = panel
    return panel


_DOSES = frozenset({ReadingKind.DOSE})
_EVENTS = frozenset({ReadingKind.EVENT})
_LEVELS = frozenset({ReadingKind.LEVEL})
_BATCH_DIMENSIONS = frozenset({Dimension.DEVICE, Dimension.RECIPE, Dimension.MODE})
_TANK_DIMENSIONS = frozenset({Dimension.DEVICE, Dimension.CHEMICAL})
_PUMP_DIMENSIONS = _TANK_DIMENSIONS | {Dimension.PUMP}

CONSUMPTION_TODAY = declare_panel(Panel(
    "today_by_chemical", "Consumption today", "g", LabeledTotal, _DOSES, chart=ChartKind.BARS,
    default_range="now/d", guide_panel_number=1,
))  # fmt: skip
CONSUMPTION_OVER_TIME = declare_panel(Panel(
    "consumption_over_time", "Consumption", "g/h", SeriesPoint, _DOSES, _HOUR, chart=ChartKind.AREA,
))  # fmt: skip
CONSUMPTION_BY_CHEMICAL = declare_panel(Panel(
    "consumption_by_chemical", "Consumption by chemical", "g", SeriesPoint, _DOSES, timedelta(minutes=15),
    chart=ChartKind.LINES, guide_panel_number=2,
))  # fmt: skip
ACCURACY_HISTOGRAM = declare_panel(Panel(
    "accuracy_histogram", "Accuracy", "error g", ErrorBin, _DOSES, chart=ChartKind.HISTOGRAM,
    guide_panel_number=3,
))  # fmt: skip
ACCURACY_SUMMARY = declare_panel(Panel(
    "accuracy_summary", "Accuracy", "error g", ErrorSummary, _DOSES, chart=ChartKind.STATS,
    column_limits=(("out_percent", PlantLimit.ERROR_RATE),),
))  # fmt: skip
ERROR_RATE = declare_panel(Panel(
    "error_rate", "Error rate", "%", SeriesPoint, _DOSES, _HOUR, chart=ChartKind.AREA,
    limit=PlantLimit.ERROR_RATE, guide_panel_number=7,
))  # fmt: skip
BATCHES_TODAY = declare_panel(Panel(
    "batches_today", "Batches by recipe", "today", LabeledTotal, _EVENTS, chart=ChartKind.BARS,
    default_range="now/d", dimensions=_BATCH_DIMENSIONS, guide_panel_number=5,
    settle_time=BATCH_SETTLE_TIME,
))  # fmt: skip
PRODUCTION_TODAY = declare_panel(Panel(
    "production_today", "Production", "today", ProductionDay, _DOSES | _EVENTS, chart=ChartKind.STATS,
    default_range="now/d", settle_time=BATCH_SETTLE_TIME,
))  # fmt: skip
OVERVIEW_PANELS = tuple(PANELS.values())
"""Those above: the panels of the console's first screen."""
INVENTORY = declare_panel(Panel(
    "inventory", "Inventory", "%", TankLevel, _LEVELS, chart=ChartKind.GAUGES, dimensions=_TANK_DIMENSIONS,
    guide_panel_number=4,
))  # fmt: skip
DOSING_DURATION = declare_panel(Panel(
    "dosing_duration", "Dosing duration", "s", SeriesPoint, _DOSES, _HOUR, chart=ChartKind.LINES,
    guide_panel_number=6,
))  # fmt: skip
DAILY_SUMMARY = declare_panel(Panel(
    "daily_summary", "Daily production", "", RecipeDay, _DOSES | _EVENTS, chart=ChartKind.TABLE,
    default_range="now-6d/d", column_limits=(("mean_error_g", PlantLimit.MEAN_ERROR),), guide_panel_number=8,
    settle_time=BATCH_SETTLE_TIME,
))  # fmt: skip
PUMP_CAPABILITY = declare_panel(Panel(
    "pump_capability", "Pump capability", "", PumpCapability, _DOSES, chart=ChartKind.TABLE,
    default_range="now-6d/d", dimensions=_PUMP_DIMENSIONS, column_limits=(("bias_percent", 100.0),),
    column_minimums=(("cpk", PlantLimit.CPK_LOW),),
))  # fmt: skip
PUMP_CHEMICALS = declare_panel(Panel(
    "pump_chemicals", "Pump chemicals", "", PumpChemical, _DOSES, chart=ChartKind.TABLE,
    dimensions=_PUMP_DIMENSIONS, is_present=True,
))  # fmt: skip
STOCK_OUTLOOK = declare_panel(Panel(
    "stock_outlook", "Stock outlook", "", StockOutlook, _LEVELS, chart=ChartKind.TABLE,
    dimensions=_TANK_DIMENSIONS, is_present=True,
))  # fmt: skip
BATCHES_LEFT = declare_panel(Panel(
    "batches_left", "Batches left", "", BatchesLeft, _LEVELS | _EVENTS, chart=ChartKind.TABLE,
    dimensions=frozenset({Dimension.DEVICE, Dimension.RECIPE}), settle_time=BATCH_SETTLE_TIME,
    is_present=True,
))  # fmt: skip
STATION_STATUS = declare_panel(Panel(
    "station_status", "Station status", "", StationHealth, _DOSES | _EVENTS | _LEVELS, chart=ChartKind.TABLE,
    dimensions=frozenset({Dimension.DEVICE}), column_limits=(("messages_lost", 0.5),),
))  # fmt: skip
MATERIAL_BOOK = declare_panel(Panel(
    "material_book", "Book and level", "", MaterialBook, _LEVELS, dimensions=_TANK_DIMENSIONS,
    key_fields=("level_gap_g",), is_present=True,
))  # fmt: skip
STOCK_BALANCE = declare_panel(Panel(
    "stock_balance", "Unexplained loss or gain", "", TankBalance, _LEVELS, default_range="now-6d/d",
    dimensions=_TANK_DIMENSIONS, key_fields=("unexplained_g",),
))  # fmt: skip
DOSES = declare_panel(
    Panel("doses", "Doses", "", DoseRow, _DOSES, max_rows=5_000, dimensions=frozenset(Dimension))
)
