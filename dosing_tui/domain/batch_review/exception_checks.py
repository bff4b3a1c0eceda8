"""Exceptions of a batch: deviations from the master recipe, and inconsistent messages."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from operator import itemgetter

from dosing_tui.domain.batches.alarm_overlap import AlarmSpan, is_batch_alarm
from dosing_tui.domain.batches.duration_baseline import DurationBaseline
from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterRecipe, MasterVersion
from dosing_tui.domain.batches.models import Batch, BatchMessage, BatchStatus, Ingredient, is_same_name
from dosing_tui.domain.batches.recipe_matching import match_ingredients
from dosing_tui.domain.messages import default_limits
from dosing_tui.domain.messages.models import TimeQuality


class ExceptionKind(StrEnum):
    """Kind of exception; the value is stored and used in filters."""

    TOLERANCE = "out of tolerance"
    MISSING = "missing ingredient"
    EXTRA = "extra ingredient"
    DUPLICATE = "duplicate ingredient"
    WRONG_PUMP = "wrong pump"
    WRONG_TARGET = "wrong target"
    WRONG_ORDER = "wrong order"
    DURATION = "duration"
    NOT_COMPLETE = "not complete"
    TIME_QUALITY = "time quality"
    DATA_REPAIR = "repaired data"
    SEQUENCE = "message sequence"
    MESSAGE_LOSS = "message loss"
    STOCK_JUMP = "stock jump"
    LOW_STOCK = "low stock"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class BatchException:
    """One exception: kind, subject (a chemical, '' for the batch) and one sentence."""

    kind: ExceptionKind
    subject: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ReviewLimits:
    """Limits that apply if the master recipe specifies none."""

    tolerance_g: float = default_limits.TOLERANCE_G
    tolerance_percent: float | None = None
    stock_low_percent: float = default_limits.STOCK_LOW_PERCENT
    dose_range_s: tuple[float, float] = (15.0, 120.0)
    """Usual dose duration in s; the firmware's design target is 60 s per pump."""
    max_batch_s_per_pump: float = 180.0
    """Longest usual batch duration per ingredient, in s."""
    baselines: Mapping[str, DurationBaseline] = field(default_factory=dict)
    """Learned baselines by chemical ('' for the batch); they take precedence over both limits above."""


@dataclass(frozen=True, slots=True)
class IngredientResult:
    """Result of one ingredient. ``is_within_tolerance`` is None without a target or an actual mass."""

    ingredient: Ingredient
    reference: MasterIngredient | None
    tolerance_g: float | None
    """Narrower of the two tolerances, in g: half the width of the displayed band."""
    is_within_tolerance: bool | None


DEFAULT_LIMITS = ReviewLimits()
ROUNDING_G = 0.05
"""Permitted rounding difference per dose, in g; the two levels of a balance add two of it."""
STOCK_JUMP_SHARE = 0.01
"""Surplus, as a share of the capacity, above which a tank was refilled or its station restarted."""


def find_exceptions(
    batch: Batch,
    *,
    master: MasterVersion | None = None,
    limits: ReviewLimits = DEFAULT_LIMITS,
    alarms: Sequence[AlarmSpan] = (),
) -> tuple[BatchException, ...]:
    """Find all exceptions, ordered by kind. A running batch has no exceptions for missing messages."""
    recipe = master.recipe if master else None
    found: list[BatchException] = []
    for check in _CHECKS:
        found += check(batch, recipe, limits)
    found += _check_alarms(batch, alarms)
    return tuple(found)


def assess_ingredients(
    batch: Batch, *, master: MasterVersion | None = None, limits: ReviewLimits = DEFAULT_LIMITS
) -> tuple[IngredientResult, ...]:
    """Assess all ingredients, in the order of dosing."""
    recipe = master.recipe if master else None
    pairs = zip(batch.ingredients, match_ingredients(batch, recipe), strict=True)
    return tuple([_assess_ingredient(ingredient, reference, limits) for ingredient, reference in pairs])


def _assess_ingredient(
    ingredient: Ingredient, reference: MasterIngredient | None, limits: ReviewLimits
) -> IngredientResult:
    grams, percent = limits.tolerance_g, limits.tolerance_percent
    if reference and (reference.tolerance_g is not None or reference.tolerance_percent is not None):
        grams, percent = _limit_or_infinity(reference.tolerance_g), reference.tolerance_percent
    share = None if percent is None or ingredient.target_g is None else percent * ingredient.target_g / 100
    tolerance_g = min(grams, _limit_or_infinity(share))
    error_g = ingredient.error_g
    within = None if error_g is None else abs(error_g) <= tolerance_g + 1e-9
    return IngredientResult(ingredient, reference, None if tolerance_g == _NO_LIMIT else tolerance_g, within)


_NO_LIMIT = float("inf")


def _limit_or_infinity(limit: float | None) -> float:
    return _NO_LIMIT if limit is None else limit


def _check_tolerance(
    batch: Batch, recipe: MasterRecipe | None, limits: ReviewLimits
) -> Iterator[BatchException]:
    for ingredient, reference in zip(batch.ingredients, match_ingredients(batch, recipe), strict=True):
        verdict = _assess_ingredient(ingredient, reference, limits)
        name, error_g = ingredient.chemical, ingredient.error_g
        if verdict.is_within_tolerance is False and error_g is not None:
            share = ingredient.error_percent
            percent = "" if share is None else f" ({share:+.1f} %)"
            yield BatchException(
                ExceptionKind.TOLERANCE, name,
                f"{name} is off by {error_g:+.2f} g{percent}; {verdict.tolerance_g:.2f} g are allowed",
            )  # fmt: skip
        elif verdict.is_within_tolerance is None:
            yield BatchException(
                ExceptionKind.TOLERANCE, name, f"{name} cannot be judged: its mass or target was not said"
            )
        target_g = verdict.reference.target_g if verdict.reference else None
        said_g = ingredient.target_g
        if target_g is not None and said_g is not None and abs(said_g - target_g) > 0.005 + 1e-9:
            yield BatchException(
                ExceptionKind.WRONG_TARGET,
                name,
                f"{name} was to be {said_g:.2f} g; the recipe says {target_g:.2f} g",
            )


def _check_completeness(
    batch: Batch, recipe: MasterRecipe | None, limits: ReviewLimits
) -> Iterator[BatchException]:
    if recipe:
        departures = tuple(_check_against_recipe(batch, recipe))
        yield from departures or _check_pump_count(batch, portions=len(batch.doses))
        return
    for ingredient in batch.ingredients:
        if ingredient.doses > 1:
            name = ingredient.chemical
            yield BatchException(
                ExceptionKind.DUPLICATE, name, f"{name} was dosed {_format_times(ingredient.doses)}"
            )
    yield from _check_pump_count(batch)


def _check_pump_count(batch: Batch, *, portions: int = 0) -> Iterator[BatchException]:
    """Check the published number of pumps; a repeated ingredient may count once or once per dose."""
    had = len({ingredient.chemical for ingredient in batch.ingredients})
    if batch.pumps is None or had <= batch.pumps <= max(had, portions):
        return
    if had > batch.pumps:
        yield BatchException(
            ExceptionKind.EXTRA, "", f"{had} ingredients were dosed, {batch.pumps} were announced"
        )
    elif batch.status is not BatchStatus.OPEN:
        yield BatchException(ExceptionKind.MISSING, "", f"{had} of {batch.pumps} ingredients were dosed")


def _check_against_recipe(batch: Batch, recipe: MasterRecipe) -> Iterator[BatchException]:
    """Check the number of doses of each chemical against the recipe."""
    for name in dict.fromkeys(dose.chemical for dose in batch.doses):
        wanted, had = len(recipe.list_portions(name)), sum(dose.chemical == name for dose in batch.doses)
        if not wanted:
            yield BatchException(ExceptionKind.EXTRA, name, f"{name} is not in the recipe")
        elif had > wanted:
            said = f"{name} was dosed {_format_times(had)}; the recipe says {_format_times(wanted)}"
            yield BatchException(ExceptionKind.DUPLICATE, name, said)
    if batch.status is BatchStatus.OPEN:
        return
    for name in dict.fromkeys(each.chemical for each in recipe.ingredients):
        wanted, had = (
            len(recipe.list_portions(name)),
            sum(is_same_name(name, d.chemical) for d in batch.doses),
        )
        if not had:
            yield BatchException(ExceptionKind.MISSING, name, f"{name} is missing")
        elif had < wanted:
            said = f"{name} was dosed {_format_times(had)}; the recipe says {_format_times(wanted)}"
            yield BatchException(ExceptionKind.MISSING, name, said)


def _format_times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _check_pumps(batch: Batch, recipe: MasterRecipe | None, limits: ReviewLimits) -> Iterator[BatchException]:
    by_pump: dict[int, str] = {}
    by_chemical: dict[str, int] = {}
    for ingredient, reference in zip(batch.ingredients, match_ingredients(batch, recipe), strict=True):
        name, pump = ingredient.chemical, ingredient.pump
        expected = reference.pump if reference else None
        if expected is not None:
            if expected != pump:
                yield BatchException(
                    ExceptionKind.WRONG_PUMP, name, f"{name} came from pump {pump}, not from pump {expected}"
                )
        elif by_pump.setdefault(pump, name) != name:
            yield BatchException(
                ExceptionKind.WRONG_PUMP, name, f"pump {pump} dosed {by_pump[pump]} as well as {name}"
            )
        elif by_chemical.setdefault(name, pump) != pump:
            yield BatchException(
                ExceptionKind.WRONG_PUMP,
                name,
                f"{name} came from pump {by_chemical[name]} and from pump {pump}",
            )


def _check_order(batch: Batch, recipe: MasterRecipe | None, limits: ReviewLimits) -> Iterator[BatchException]:
    if recipe is None or not recipe.ordered:
        return
    numbers = {id(each): number for number, each in enumerate(recipe.ingredients)}
    pairs = zip(batch.ingredients, match_ingredients(batch, recipe), strict=True)
    had = [(numbers[id(each)], one.chemical) for one, each in pairs if each is not None]
    wanted = sorted(had, key=itemgetter(0))
    if had != wanted:
        dosed, said = (", ".join(name for _, name in names) for names in (had, wanted))
        yield BatchException(ExceptionKind.WRONG_ORDER, "", f"dosed as {dosed}; the recipe says {said}")


def _check_durations(
    batch: Batch, recipe: MasterRecipe | None, limits: ReviewLimits
) -> Iterator[BatchException]:
    for dose in batch.doses:
        if dose.duration_ms is not None and dose.plausible_duration_ms is None:
            said = f"the dose of {dose.chemical} cannot have taken {dose.duration_ms / 1000:.0f} s"
            yield BatchException(ExceptionKind.DURATION, dose.chemical, said)
        elif dose.duration_ms is not None:
            seconds, usual = dose.duration_ms / 1000, limits.baselines.get(dose.chemical)
            shortest, longest = (usual.low_s, usual.high_s) if usual else limits.dose_range_s
            if not shortest <= seconds <= longest:
                often = f"; {shortest:.0f} to {longest:.0f} s are usual" if usual else ""
                said = f"the dose of {dose.chemical} took {seconds:.0f} s{often}"
                yield BatchException(ExceptionKind.DURATION, dose.chemical, said)
    if batch.duration_s is not None:
        usual, pumps = limits.baselines.get(""), max(batch.pumps or 0, len(batch.ingredients), 1)
        longest = usual.high_s if usual else pumps * limits.max_batch_s_per_pump
        if batch.duration_s > longest:
            often = f"; up to {longest / 60:.1f} min are usual" if usual else ""
            yield BatchException(
                ExceptionKind.DURATION, "", f"the batch took {batch.duration_s / 60:.0f} min{often}"
            )


def _check_ending(
    batch: Batch, recipe: MasterRecipe | None, limits: ReviewLimits
) -> Iterator[BatchException]:
    if batch.status not in (BatchStatus.OPEN, BatchStatus.COMPLETE):
        yield BatchException(ExceptionKind.NOT_COMPLETE, "", f"{batch.status}: {batch.reason}")
    if batch.status is BatchStatus.NO_START and batch.ends_at and not batch.events:
        yield BatchException(
            ExceptionKind.NOT_COMPLETE, "", "neither its start nor its complete was received"
        )


def _check_data_quality(
    batch: Batch, recipe: MasterRecipe | None, limits: ReviewLimits
) -> Iterator[BatchException]:
    messages: tuple[BatchMessage, ...] = (*batch.events, *batch.doses)
    unsure = [m.time_quality for m in messages if m.time_quality is not TimeQuality.DEVICE]
    if unsure:
        kinds = ", ".join(sorted({quality.value for quality in unsure}))
        yield BatchException(
            ExceptionKind.TIME_QUALITY,
            "",
            f"{len(unsure)} of {len(messages)} times are not the station's: {kinds}",
        )
    flags = sorted({flag for message in messages for flag in message.flags})
    if flags:
        yield BatchException(
            ExceptionKind.DATA_REPAIR, "", f"data were repaired or look odd: {'; '.join(flags[:5])}"
        )
    for mark in batch.anomalies:
        yield BatchException(ExceptionKind.SEQUENCE, "", mark)


def _check_stock(batch: Batch, recipe: MasterRecipe | None, limits: ReviewLimits) -> Iterator[BatchException]:
    for change in batch.stock:
        name, lost_g = change.chemical, change.lost_g
        allowed_g = ROUNDING_G * change.doses + 2 * ROUNDING_G + 1e-9
        if lost_g is not None and lost_g < -max(STOCK_JUMP_SHARE * (change.capacity_g or 0.0), allowed_g):
            yield BatchException(
                ExceptionKind.STOCK_JUMP,
                name,
                f"the stock of {name} rose by {-lost_g:.2f} g: filled, or restarted",
            )
        elif lost_g is not None and abs(lost_g) > allowed_g:
            how = "more" if lost_g > 0 else "less"
            yield BatchException(
                ExceptionKind.MESSAGE_LOSS,
                name,
                f"the stock of {name} fell by {abs(lost_g):.2f} g {how} than was dosed",
            )
        used = any(is_same_name(one.chemical, name) for one in batch.ingredients)
        if used and change.percent_after is not None and change.percent_after < limits.stock_low_percent:
            yield BatchException(
                ExceptionKind.LOW_STOCK, name, f"{name} was down to {change.percent_after:.1f} %"
            )


def _check_alarms(batch: Batch, alarms: Sequence[AlarmSpan]) -> Iterator[BatchException]:
    """Yield one exception per alarm, regardless of the number of raises."""
    names = dict.fromkeys(alarm.name for alarm in alarms if is_batch_alarm(alarm, batch))
    for name in names:
        yield BatchException(ExceptionKind.ALARM, "", f"the alarm '{name}' was active")


_CHECKS: tuple[Callable[[Batch, MasterRecipe | None, ReviewLimits], Iterator[BatchException]], ...] = (
    _check_ending,
    _check_completeness,
    _check_tolerance,
    _check_pumps,
    _check_order,
    _check_durations,
    _check_stock,
    _check_data_quality,
)
