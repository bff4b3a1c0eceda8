"""Baselines of the durations of batches and doses, learned per recipe from complete batches."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import median

from msgspec import Struct

from dosing_tui.domain.batches.models import Batch

MIN_SAMPLES = 20
"""Minimum number of batches, or of doses, for a baseline. Below it the configured limits apply."""
MAX_BATCHES = 50
"""Maximum number of complete batches of a recipe used for a baseline, newest first."""
SPREAD_FACTOR = 5.0
"""Width of the usual range on each side of the median, in standard deviations."""
MAD_TO_SIGMA = 1.4826
"""Factor from the median absolute deviation (MAD) to the standard deviation of a normal distribution."""
MIN_SPREAD_SHARE = 0.05
"""Minimum spread as a share of the median, so that nearly equal durations do not give a zero-width range."""


class DurationBaseline(Struct, frozen=True):
    """Usual duration in s, of a recipe's batches (chemical '') or of the doses of one chemical.

    It applies to batches that start at or after ``valid_from``, until the next baseline.
    """

    recipe: str
    mode: str
    chemical: str
    valid_from: datetime
    low_s: float
    high_s: float
    batches: int


def learn_baselines(batches: Iterable[Batch], *, at: datetime) -> list[DurationBaseline]:
    """Learn baselines from complete batches of any recipe, valid from ``at``. Their order does not matter."""
    spans: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for batch in batches:
        if batch.duration_s is not None:
            spans[batch.recipe, batch.mode, ""].append(batch.duration_s)
        for dose in batch.doses:
            if (taken_ms := dose.plausible_duration_ms) is not None:
                spans[batch.recipe, batch.mode, dose.chemical].append(taken_ms / 1000)
    return [
        DurationBaseline(recipe, mode, chemical, at, *_compute_limits(seconds), len(seconds))
        for (recipe, mode, chemical), seconds in sorted(spans.items())
        if len(seconds) >= MIN_SAMPLES
    ]


def select_baselines(
    baselines: Iterable[DurationBaseline], *, recipe: str, mode: str, at: datetime
) -> dict[str, DurationBaseline]:
    """Select the baselines by chemical for a batch that starts at ``at``; all are of the same time."""
    ours = [
        each for each in baselines if (each.recipe, each.mode) == (recipe, mode) and each.valid_from <= at
    ]
    newest = max((each.valid_from for each in ours), default=at)
    return {each.chemical: each for each in ours if each.valid_from == newest}


def _compute_limits(seconds: Sequence[float]) -> tuple[float, float]:
    middle = median(seconds)
    spread = max(MAD_TO_SIGMA * median(abs(each - middle) for each in seconds), MIN_SPREAD_SHARE * middle)
    return round(max(0.0, middle - SPREAD_FACTOR * spread), 1), round(middle + SPREAD_FACTOR * spread, 1)
