"""How long batches of a recipe and their doses usually take, learned from those that were made. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from dosing_tui.domain.batches.models import Batch

MIN_SAMPLES = 20
"""Batches, or doses of a chemical, below which nothing is learned: the limits of the settings hold."""
MAX_BATCHES = 50
"""The newest complete batches of a recipe that it is learned from."""
SPREAD_FACTOR = 5.0
"""How many spreads from the median are usual still."""
MAD_TO_SIGMA = 1.4826
"""The median of the distances from the median, as a standard deviation."""
MIN_SPREAD_SHARE = 0.05
"""Of the median: where nearly all are alike, what is a little off is no outlier."""


@dataclass(frozen=True, slots=True)
class DurationBaseline:
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


def learn_baselines(batches: Iterable[Batch], *, at: datetime) -> list[DurationBaseline]:
    """What complete batches of any recipes teach, to hold from ``at`` on. Their order does not matter."""
    spans: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for batch in batches:
        if batch.duration_s is not None:
            spans[batch.recipe, batch.mode, ""].append(batch.duration_s)
        for dose in batch.doses:
            if dose.duration_ms is not None:
                spans[batch.recipe, batch.mode, dose.chemical].append(dose.duration_ms / 1000)
    return [
        DurationBaseline(recipe, mode, chemical, at, *_compute_limits(seconds), len(seconds))
        for (recipe, mode, chemical), seconds in sorted(spans.items())
        if len(seconds) >= MIN_SAMPLES
    ]


def select_baselines(
    baselines: Iterable[DurationBaseline], *, recipe: str, mode: str, at: datetime
) -> dict[str, DurationBaseline]:
    """By chemical, what holds for a batch that begins at ``at``: all of it was learned at one time."""
    ours = [
        each for each in baselines if (each.recipe, each.mode) == (recipe, mode) and each.valid_from <= at
    ]
    newest = max((each.valid_from for each in ours), default=at)
    return {each.chemical: each for each in ours if each.valid_from == newest}


def _compute_limits(seconds: Sequence[float]) -> tuple[float, float]:
    middle = median(seconds)
    spread = max(MAD_TO_SIGMA * median(abs(each - middle) for each in seconds), MIN_SPREAD_SHARE * middle)
    return round(max(0.0, middle - SPREAD_FACTOR * spread), 1), round(middle + SPREAD_FACTOR * spread, 1)
