"""The tile of production: no number of it is ever cut."""

import pytest

from dosing_tui.tui.tiles.production import ProductionSummary, paint_production

LINES = (("Batches", "4 936 848", "+4934374"), ("Doses", "19 989 852", "+19979730"), ("Aborted", "0", "0"))


@pytest.mark.parametrize("width", range(20, 60))
def test_large_numbers_are_whole_at_every_width(width: int) -> None:
    rows = [
        "".join(character for character, _ in row).rstrip()
        for row in paint_production(ProductionSummary(LINES), width, 8)
    ]
    for name, today, difference in LINES:
        (row,) = [row for row in rows if row.startswith(name)]
        end = f"{today} {difference}" if width >= 26 else today
        assert " ".join(row.split()).endswith((end, today))
