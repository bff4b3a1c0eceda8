"""The figures below the histogram of errors are whole, whatever they are."""

import pytest

from dosing_tui.domain.panels.panel_catalog import ErrorBin, ErrorSummary
from dosing_tui.tui.tiles.accuracy import ErrorHistogram, paint_error_histogram

BINS = tuple(ErrorBin(index / 10, (index + 1) / 10, 5) for index in range(-5, 5))


@pytest.mark.parametrize("width", [28, 30, 38, 46])
@pytest.mark.parametrize(
    ("summary", "shown"),
    [
        (ErrorSummary(50, 0.07, 0.21, 2.6), ("mean +0.07", "sd 0.21", "out 2.6 %")),
        (ErrorSummary(50, -1.5e10, 35_415_959_276.88, 100.0), ("mean -", "e10 ", " sd ", "out 100 %")),
        (ErrorSummary(0, None, None, None), ("mean –", "sd –", "out –")),
    ],
)
def test_no_figure_is_cut(summary: ErrorSummary, shown: tuple[str, ...], width: int) -> None:
    rows = paint_error_histogram(ErrorHistogram(BINS, summary, 0.5, 5.0), width, 8)
    line = "".join(cell for cell, _ in rows[-1])
    assert "…" not in line
    assert all(words in line for words in shown), line
