"""What leaves the program: rows with columns that have units, and what they are rows of."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, TypeAlias

from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.panels.panel_catalog import Panel, Query

Cell: TypeAlias = str | int | float | bool | datetime | date | None
UNITS = {
    "_g": "g",
    "_s": "s",
    "_ms": "ms",
    "_percent": "%",
}
"""The unit a field's last letters name."""
_NO_UNITS = frozenset({"", "today"})
"""What a panel says of its ``value`` and is no unit."""
_HOURLY = "/h"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Column:
    """``field`` names it for programs, ``header`` for people."""

    field: str
    title: str
    unit: str = ""

    @property
    def header(self) -> str:
        return f"{self.title} ({self.unit})" if self.unit else self.title


@dataclass(frozen=True, slots=True)
class Extract:
    """One panel's rows, as they were asked for or as they are on screen: these columns, in this order.

    ``since`` and ``until`` are what ``range`` meant, None for the present; times are told on the clock of
    ``zone``.
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
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


def extract(panel: Panel[Any], rows: Sequence[object], query: Query, *, range: str, zone: tzinfo) -> Extract:
    """All columns of a panel's answer; ``range`` in words. Filters the panel does not know are left out."""
    unit = unit_of(panel, query)
    columns = columns_of(panel, unit)
    return Extract(
        panel=panel.id, title=panel.title, unit=unit, range=range, since=query.since, until=query.until,
        selection=query.selection.narrowed_to(panel.dimensions), generated_at=query.now, zone=zone,
        columns=columns,
        rows=tuple(tuple(getattr(row, column.field) for column in columns) for row in rows),
    )  # fmt: skip


def unit_of(panel: Panel[Any], query: Query) -> str:
    """What is told per hour is a sum of each step: it is 'g per 6 h' where the window has longer steps."""
    step = panel.bucket_in(query.since, query.until)
    if not panel.unit.endswith(_HOURLY) or step is None or step == _HOUR:
        return panel.unit
    return f"{panel.unit.removesuffix(_HOURLY)} per {step / _HOUR:g} h"


def columns_of(panel: Panel[Any], unit: str) -> tuple[Column, ...]:
    """By the names of the row type's fields: ``dosed_g`` is 'dosed' in g, ``value`` is in ``unit``."""
    return tuple(_column(field.name, unit) for field in fields(panel.row))


def _column(name: str, unit_of_panel: str) -> Column:
    if name == "value":
        return Column(name, name, "" if unit_of_panel in _NO_UNITS else unit_of_panel)
    if name.startswith("percent_"):
        return Column(name, _spaced(name.removeprefix("percent_")), "%")
    for ending, unit in UNITS.items():
        if name.endswith(ending):
            return Column(name, _spaced(name.removesuffix(ending)), unit)
    return Column(name, _spaced(name))


def _spaced(name: str) -> str:
    return name.replace("_", " ")
