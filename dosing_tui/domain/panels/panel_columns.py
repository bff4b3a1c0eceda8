"""The columns of a panel's rows: title and unit, from the names of the row type's fields."""

from dataclasses import dataclass, fields
from typing import Any

from dosing_tui.domain.panels.panel_catalog import Panel

UNIT_SUFFIXES = {"_g": "g", "_s": "s", "_ms": "ms", "_percent": "%"}
"""Unit by the end of a field's name."""
NO_UNITS = frozenset({"", "today"})
"""Units of a panel that are none of its ``value``."""


@dataclass(frozen=True, slots=True)
class DataColumn:
    """``field`` is the name for programs, in rows and exports; ``title`` and ``header`` are for people."""

    field: str
    title: str
    unit: str = ""

    @property
    def header(self) -> str:
        return f"{self.title} ({self.unit})" if self.unit else self.title


def list_panel_columns(panel: Panel[Any], unit: str) -> tuple[DataColumn, ...]:
    """The fields of the row type: ``dosed_g`` is 'dosed' in g, ``value`` is in ``unit``."""
    return tuple(_describe_column(field.name, unit) for field in fields(panel.row_type))


def _describe_column(name: str, panel_unit: str) -> DataColumn:
    if name == "value":
        return DataColumn(name, name, "" if panel_unit in NO_UNITS else panel_unit)
    if name.startswith("percent_"):
        return DataColumn(name, _format_title(name.removeprefix("percent_")), "%")
    for ending, unit in UNIT_SUFFIXES.items():
        if name.endswith(ending):
            return DataColumn(name, _format_title(name.removesuffix(ending)), unit)
    return DataColumn(name, _format_title(name))


def _format_title(name: str) -> str:
    return name.replace("_", " ")
