"""The changed spans of a row of cells. Pure."""

from collections.abc import Sequence

from dosing_tui.tui.rendering.canvas import Cell

MERGE_GAP = 6
"""Moving the cursor costs about as many bytes as this many unchanged cells."""


def find_changed_spans(old: Sequence[Cell], new: Sequence[Cell]) -> list[tuple[int, int]]:
    """Half-open spans in which two rows of the same length differ; near ones are joined.

    A character of two cells is never cut.
    """
    runs: list[tuple[int, int]] = []
    for x, (before, after) in enumerate(zip(old, new, strict=True)):
        if before == after:
            continue
        if runs and x - runs[-1][1] <= MERGE_GAP:
            runs[-1] = (runs[-1][0], x + 1)
        else:
            runs.append((x, x + 1))
    return [_widen_span(old, new, start, end) for start, end in runs]


def _widen_span(old: Sequence[Cell], new: Sequence[Cell], start: int, end: int) -> tuple[int, int]:
    while start > 0 and "" in (old[start][0], new[start][0]):
        start -= 1
    while end < len(new) and "" in (old[end][0], new[end][0]):
        end += 1
    return start, end
