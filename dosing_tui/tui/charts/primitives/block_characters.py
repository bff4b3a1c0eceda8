"""Block characters by eighths: what every bar and area is built of."""

LOWER_BLOCKS = " ▁▂▃▄▅▆▇█"
"""Cells filled from below by 0..8 eighths."""
LEFT_BLOCKS = " ▏▎▍▌▋▊▉█"
"""Cells filled from the left by 0..8 eighths."""


def value_to_eighths(value: float, top: float, cells: int) -> int:
    """How many eighths of ``cells`` cells a value fills on a scale from 0 to ``top``; one at least."""
    if top <= 0 or value <= 0:
        return 0
    return max(1, round(min(1.0, value / top) * cells * 8))
