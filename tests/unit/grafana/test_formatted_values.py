"""Grafana shows the digits of the console: its own formatter, on every unit that the dashboards use.

The texts in ``formatted_values.json`` are those of @grafana/data. DOSING_TEST_NODE_MODULES names a folder of
node modules with that package: then it is run, and the file compared with what it answers.
"""

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from dosing_tui.config.settings import Settings
from dosing_tui.domain.panels.panel_catalog import PANELS
from dosing_tui.domain.quantities.quantity_text import format_decimal
from dosing_tui.grafana.dashboards import build_dashboards
from tests.support.grafana.grafana_formatter import NODE_MODULES, UNIT_SUFFIXES, format_values

SUPPORT = Path(__file__).parents[2] / "support/grafana"
RECORDED: list[list[Any]] = json.loads((SUPPORT / "formatted_values.json").read_text(encoding="utf-8"))
"""Unit, decimals, value and text."""
VALUES = (0, 1, 0.0123, -0.0004, -1.234, 4.114, 19.96, 57.3, 90.04, 999.96, 1612, 3250, 12345.678, 1230456.7,
          6.25, -6.25, 0.125, 1.115, -1.115, 2.5, -2.5, 0.05, 12.85, 40.005)  # fmt: skip
"""The last ones are halves, which Python's ``round`` takes to the even digit, and Grafana up."""
BOARDS: Any = build_dashboards(PANELS.values(), Settings())


def list_formats() -> set[tuple[str, int]]:
    """Unit and decimals of every field of every dashboard."""
    found = set()
    for panel in (panel for board in BOARDS for panel in board["panels"]):
        defaults = panel["fieldConfig"]["defaults"]
        found.add((defaults["unit"], defaults["decimals"]))
        for override in panel["fieldConfig"]["overrides"]:
            own = {each["id"]: each["value"] for each in override["properties"]}
            if "unit" in own:
                found.add((own["unit"], own["decimals"]))
    return found


def test_grafana_and_the_console_show_the_same_digits() -> None:
    for unit, decimals, value, text in RECORDED:
        assert text == f"{format_decimal(value, decimals).replace(' ', '')}{UNIT_SUFFIXES[unit]}", (
            unit,
            value,
        )


def test_every_format_of_the_dashboards_is_recorded() -> None:
    recorded = {(unit, decimals, value) for unit, decimals, value, _ in RECORDED}
    assert recorded == {(*form, value) for form, value in product(list_formats(), VALUES)}


@pytest.mark.skipif(not NODE_MODULES, reason="DOSING_TEST_NODE_MODULES names no folder with @grafana/data")
def test_the_recorded_texts_are_those_of_grafanas_formatter() -> None:
    asked = [(unit, decimals, value) for (unit, decimals), value in product(sorted(list_formats()), VALUES)]
    texts = format_values(asked)
    assert [[*form, text] for form, text in zip(asked, texts, strict=True)] == RECORDED
