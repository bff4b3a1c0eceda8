"""The export table: rows, columns with units, and the panel, range and filters they are from."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, TypeAlias

from msgspec import Struct

from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.panels.panel_catalog import Panel, PanelQuery
from dosing_tui.domain.panels.panel_columns import DataColumn, list_panel_columns

CellValue: TypeAlias = str | int | float | bool | datetime | date | None
_HOURLY = "/h"
_HOUR = timedelta(hours=1)


class ExportTable(Struct, frozen=True):
    """Rows of one panel, as queried or as shown on screen.

    ``since`` and ``until`` are the resolved ``range``, None for the present; times are formatted in ``zone``.
    """

    panel: str
    title: str
    unit: str
    range: str
    since: datetime | None
    until: datetime | None
    selection: Selection
    generated_at: datetime
    zone: tzinfo
    columns: tuple[DataColumn, ...]
    rows: tuple[tuple[CellValue, ...], ...]


def build_table(
    panel: Panel[Any], rows: Sequence[object], query: PanelQuery, *, range: str, zone: tzinfo
) -> ExportTable:
    """All columns of a panel; ``range`` in words. Filters the panel does not have are omitted."""
    unit = resolve_unit(panel, query)
    columns = list_panel_columns(panel, unit)
    return ExportTable(
        panel=panel.id, title=panel.title, unit=unit, range=range, since=query.since, until=query.until,
        selection=query.selection.restrict_to(panel.dimensions), generated_at=query.now, zone=zone,
        columns=columns,
        rows=tuple(tuple(getattr(row, column.field) for column in columns) for row in rows),
    )  # fmt: skip


def resolve_unit(panel: Panel[Any], query: PanelQuery) -> str:
    """The panel's unit; hourly sums become, for example, 'g per 6 h' if the range has longer steps."""
    step = panel.get_bucket_width(query.since, query.until)
    if not panel.unit.endswith(_HOURLY) or step is None or step == _HOUR:
        return panel.unit
    return f"{panel.unit.removesuffix(_HOURLY)} per {step / _HOUR:g} h"
