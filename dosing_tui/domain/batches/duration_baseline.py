"""How long batches of a recipe and their doses usually take, learned from those that were made. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from dosing_tui.domain.batches.models import Batch

LEAST = 20
"""Batches, or doses of a chemical, below which nothing is learned: the limits of the settings hold."""
MOST = 50
"""The newest complete batches of a recipe that it is learned from."""
WIDTH = 5.0
"""How many spreads from the median are usual still."""
MAD_TO_SIGMA = 1.4826
"""The median of the distances from the median, as a standard deviation."""
LEAST_SPREAD = 0.05
"""Of the median: where nearly all are alike, what is a little off is no outlier."""


@dataclass(frozen=True, slots=True)
class Usual:
    """The usual duration of a recipe's batches ('') or of the doses of one of their chemicals, in s.

    It holds for what begins at or after ``valid_from``, until the next.
    """

    recipe: str
    mode: str
    chemical: str
    valid_from: datetime
    low_s: float
    high_s: float
    batches: int


def learned(batches: Iterable[Batch], *, at: datetime) -> list[Usual]:
    """What complete batches of any recipes teach, to hold from ``at`` on. Their order does not matter."""
    spans: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for batch in batches:
        if batch.seconds is not None:
            spans[batch.recipe, batch.mode, ""].append(batch.seconds)
        for dose in batch.doses:
            if dose.duration_ms is not None:
                spans[batch.recipe, batch.mode, dose.chemical].append(dose.duration_ms / 1000)
    return [
        Usual(recipe, mode, chemical, at, *_usual(seconds), len(seconds))
        for (recipe, mode, chemical), seconds in sorted(spans.items())
        if len(seconds) >= LEAST
    ]


def in_force(known: Iterable[Usual], *, recipe: str, mode: str, at: datetime) -> dict[str, Usual]:
    """By chemical, what holds for a batch that begins at ``at``: all of it was learned at one time."""
    ours = [each for each in known if (each.recipe, each.mode) == (recipe, mode) and each.valid_from <= at]
    newest = max((each.valid_from for each in ours), default=at)
    return {each.chemical: each for each in ours if each.valid_from == newest}


def _usual(seconds: Sequence[float]) -> tuple[float, float]:
    middle = median(seconds)
    spread = max(MAD_TO_SIGMA * median(abs(each - middle) for each in seconds), LEAST_SPREAD * middle)
    return round(max(0.0, middle - WIDTH * spread), 1), round(middle + WIDTH * spread, 1)
