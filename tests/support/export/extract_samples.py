"""An extract for tests: one row of everything a cell can be."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.panels.panel_columns import DataColumn
from dosing_tui.export.table import CellValue, ExportTable

BERLIN = ZoneInfo("Europe/Berlin")
SINCE = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
UNTIL = datetime(2026, 10, 25, 23, 0, tzinfo=UTC)
COLUMNS = (
    DataColumn("at", "at"),
    DataColumn("chemical", "chemical"),
    DataColumn("day", "day"),
    DataColumn("doses", "doses"),
    DataColumn("dosed_g", "dosed", "g"),
)
ROWS: tuple[tuple[CellValue, ...], ...] = (
    (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "BDO", date(2026, 10, 25), 3, 0.1 + 0.2),
    (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "T-12", date(2026, 10, 25), 0, None),
)
"""Both times are half past two in Berlin."""


def an_extract(*rows: tuple[CellValue, ...], columns: tuple[DataColumn, ...] = COLUMNS) -> ExportTable:
    return ExportTable(
        panel="daily_summary", title="Daily production", unit="g", range="25 Oct", since=SINCE, until=UNTIL,
        selection=Selection(device=("station-1",), recipe=("CU-65/75",)), generated_at=UNTIL, zone=BERLIN,
        columns=columns, rows=rows or ROWS,
    )  # fmt: skip


def of_text(*texts: str) -> ExportTable:
    """One column."""
    return an_extract(*((text,) for text in texts), columns=(DataColumn("text", "text"),))
