"""A remark of the stock outlook is whole or in its short form: a piece of it says nothing."""

from datetime import UTC

import pytest
from msgspec.structs import replace

from dosing_tui.domain.panels.panel_catalog import StockOutlook
from dosing_tui.tui.rendering.palette import ColourRole
from dosing_tui.tui.tiles.tanks.stock_outlook import OUTLOOK_COLUMNS, StockTableContext
from tests.support.tui.sample_plant import NOW

ROW = StockOutlook(
    device_id="station-1", chemical="T-9", remaining_g=500.0, percent_full=50.0, production_days=1,
    use_7_days_g=None, use_28_days_g=None, use_p10_g=None, use_p90_g=None, cover_days=None,
    least_cover_days=None, run_out_at=NOW, reorder_g=None, remark="",
)  # fmt: skip


@pytest.mark.parametrize(
    ("width", "remark", "shown"),
    [
        (30, "fewer than 3 production days", "fewer than 3 production days"),
        (11, "fewer than 3 production days", "no use yet"),
        (11, "doses without a mass", "not weighed"),
        (11, "15 without a mass", "15 no mass"),
        (11, "1500 without a mass", "not weighed"),
        (30, "15 without a mass", "15 without a mass"),
        (11, "order now", "▲ order now"),
    ],
)
def test_a_remark_is_readable_at_any_width(width: int, remark: str, shown: str) -> None:
    (column,) = [column for column in OUTLOOK_COLUMNS if column.title == "Remark"]
    assert column.draw_cell is not None
    context = StockTableContext({}, UTC)
    (cells,) = column.draw_cell(replace(ROW, remark=remark), context, width, ColourRole.BACKGROUND)
    assert "".join(cell for cell, _ in cells).rstrip() == shown
