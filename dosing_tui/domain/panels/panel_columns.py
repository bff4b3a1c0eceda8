"""The columns of a panel's rows: title and unit, from the names of the row type's fields."""

from typing import Any

from msgspec import Struct

from dosing_tui.domain.panels.panel_catalog import Panel

UNIT_AFFIXES = {
    "percent_": "%",
    "_days": "d",
    "_g_per_s": "g/s",
    "_g": "g",
    "_s": "s",
    "_ms": "ms",
    "_percent": "%",
    "_dbm": "dBm",
    "_bytes": "B",
}
"""Unit by the beginning or the end of a field's name."""
_DIFFERENCES = ("unexplained_", "count_gap_", "level_gap_")
"""Beginnings of the names of differences: without a sign, a gain would be read as a loss."""
NO_UNITS = frozenset({"", "today"})
"""Units of a panel that are none of its ``value``."""


class DataColumn(Struct, frozen=True):
    """``field`` is the name for programs, in rows and exports; ``title`` and ``header`` are for people."""

    field: str
    title: str
    unit: str = ""
    is_signed: bool = False
    """A difference: positive values have a sign."""

    @property
    def header(self) -> str:
        return f"{self.title} ({self.unit})" if self.unit else self.title


def list_panel_columns(panel: Panel[Any], unit: str) -> tuple[DataColumn, ...]:
    """The fields of the row type: ``dosed_g`` is 'dosed' in g, ``value`` is in ``unit``."""
    return tuple(_describe_column(name, unit) for name in panel.row_type.__struct_fields__)


def _describe_column(name: str, panel_unit: str) -> DataColumn:
    if name == "value":
        return DataColumn(name, name, "" if panel_unit in NO_UNITS else panel_unit)
    affix, unit = next(
        ((a, u) for a, u in UNIT_AFFIXES.items() if name.startswith(a) or name.endswith(a)), ("", "")
    )
    title = name.removeprefix(affix).removesuffix(affix).replace("_", " ")
    return DataColumn(name, title, unit, is_signed=name.startswith(_DIFFERENCES))
