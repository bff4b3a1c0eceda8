"""What a reviewer has to look at: where a batch departs from its recipe, or its messages from each other."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from operator import itemgetter

from dosing_tui.domain.batches.alarm_overlap import AlarmSpan, concerns
from dosing_tui.domain.batches.duration_baseline import Usual
from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterRecipe, MasterVersion
from dosing_tui.domain.batches.models import Batch, Ingredient, Message, Status, same_name
from dosing_tui.domain.batches.recipe_matching import references
from dosing_tui.domain.messages.models import TimeQuality


class Kind(StrEnum):
    """What is wrong; the value is stored and filtered by."""

    TOLERANCE = "out of tolerance"
    MISSING = "missing ingredient"
    EXTRA = "extra ingredient"
    DUPLICATE = "duplicate ingredient"
    PUMP = "wrong pump"
    TARGET = "wrong target"
    ORDER = "wrong order"
    DURATION = "duration"
    ENDING = "not complete"
    TIME = "time quality"
    REPAIRED = "repaired data"
    SEQUENCE = "message sequence"
    LOSS = "message loss"
    STOCK = "stock jump"
    LOW = "low stock"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at: what kind of thing, of which chemical ('' for the batch), in one sentence."""

    kind: Kind
    subject: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What counts as wrong where the recipe master does not say."""

    tolerance_g: float = 0.5
    tolerance_percent: float | None = None
    stock_low_percent: float = 20.0
    dose_s: tuple[float, float] = (15.0, 120.0)
    """Shortest and longest usual dose: the firmware sets the pumps for a minute."""
    batch_s_per_pump: float = 180.0
    """Longest usual batch, for each ingredient."""
    usual: Mapping[str, Usual] = field(default_factory=dict)
    """What the recipe's own batches have taught, by chemical, '' is the batch: it comes before those two."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One ingredient against its reference. ``within`` is None if there is nothing to compare."""

    ingredient: Ingredient
    reference: MasterIngredient | None
    tolerance_g: float | None
    """The narrower of the two limits, in g: half the width of the band on the screen."""
    within: bool | None


LIMITS = Limits()
ROUNDING_G = 0.05
"""Levels and masses are rounded: each dose's share of what may not add up; the levels add two of it."""
JUMP_SHARE = 0.01
"""A tank that holds so much more of its capacity than it should was filled, or its station restarted."""


def judge(
    batch: Batch,
    *,
    master: MasterVersion | None = None,
    limits: Limits = LIMITS,
    alarms: Sequence[AlarmSpan] = (),
) -> tuple[Finding, ...]:
    """Everything to look at, by kind. A batch under way is not blamed for what may still come."""
    recipe = master.recipe if master else None
    found: list[Finding] = []
    for check in _CHECKS:
        found += check(batch, recipe, limits)
    found += _alarms(batch, alarms)
    return tuple(found)


def verdicts(
    batch: Batch, *, master: MasterVersion | None = None, limits: Limits = LIMITS
) -> tuple[Verdict, ...]:
    """Each ingredient's, in the order of dosing."""
    recipe = master.recipe if master else None
    pairs = zip(batch.ingredients, references(batch, recipe), strict=True)
    return tuple([_verdict(ingredient, reference, limits) for ingredient, reference in pairs])


def _verdict(ingredient: Ingredient, reference: MasterIngredient | None, limits: Limits) -> Verdict:
    grams, percent = limits.tolerance_g, limits.tolerance_percent
    if reference and (reference.tolerance_g is not None or reference.tolerance_percent is not None):
        grams, percent = _either(reference.tolerance_g), reference.tolerance_percent
    share = None if percent is None or ingredient.target_g is None else percent * ingredient.target_g / 100
    tolerance_g = min(grams, _either(share))
    error_g = ingredient.error_g
    within = None if error_g is None else abs(error_g) <= tolerance_g + 1e-9
    return Verdict(ingredient, reference, None if tolerance_g == _NONE else tolerance_g, within)


_NONE = float("inf")


def _either(limit: float | None) -> float:
    return _NONE if limit is None else limit


def _tolerance(batch: Batch, recipe: MasterRecipe | None, limits: Limits) -> Iterator[Finding]:
    for ingredient, reference in zip(batch.ingredients, references(batch, recipe), strict=True):
        verdict = _verdict(ingredient, reference, limits)
        name, error_g = ingredient.chemical, ingredient.error_g
        if verdict.within is False and error_g is not None:
            share = ingredient.error_percent
            percent = "" if share is None else f" ({share:+.1f} %)"
            yield Finding(
                Kind.TOLERANCE, name,
                f"{name} is off by {error_g:+.2f} g{percent}; {verdict.tolerance_g:.2f} g are allowed",
            )  # fmt: skip
        elif verdict.within is None:
            yield Finding(Kind.TOLERANCE, name, f"{name} cannot be judged: its mass or target was not said")
        target_g = verdict.reference.target_g if verdict.reference else None
        said_g = ingredient.target_g
        if target_g is not None and said_g is not None and abs(said_g - target_g) > 0.005 + 1e-9:
            yield Finding(
                Kind.TARGET, name, f"{name} was to be {said_g:.2f} g; the recipe says {target_g:.2f} g"
            )


def _completeness(batch: Batch, recipe: MasterRecipe | None, limits: Limits) -> Iterator[Finding]:
    if recipe:
        departures = tuple(_against_recipe(batch, recipe))
        yield from departures or _announced(batch, portions=len(batch.doses))
        return
    for ingredient in batch.ingredients:
        if ingredient.doses > 1:
            name = ingredient.chemical
            yield Finding(Kind.DUPLICATE, name, f"{name} was dosed {_times(ingredient.doses)}")
    yield from _announced(batch)


def _announced(batch: Batch, *, portions: int = 0) -> Iterator[Finding]:
    """What is dosed in ``portions`` may be announced as one ingredient, or as so many."""
    had = len({ingredient.chemical for ingredient in batch.ingredients})
    if batch.pumps is None or had <= batch.pumps <= max(had, portions):
        return
    if had > batch.pumps:
        yield Finding(Kind.EXTRA, "", f"{had} ingredients were dosed, {batch.pumps} were announced")
    elif batch.status is not Status.OPEN:
        yield Finding(Kind.MISSING, "", f"{had} of {batch.pumps} ingredients were dosed")


def _against_recipe(batch: Batch, recipe: MasterRecipe) -> Iterator[Finding]:
    """Each chemical has as many doses as the recipe says."""
    for name in dict.fromkeys(dose.chemical for dose in batch.doses):
        wanted, had = len(recipe.portions(name)), sum(dose.chemical == name for dose in batch.doses)
        if not wanted:
            yield Finding(Kind.EXTRA, name, f"{name} is not in the recipe")
        elif had > wanted:
            said = f"{name} was dosed {_times(had)}; the recipe says {_times(wanted)}"
            yield Finding(Kind.DUPLICATE, name, said)
    if batch.status is Status.OPEN:
        return
    for name in dict.fromkeys(each.chemical for each in recipe.ingredients):
        wanted, had = len(recipe.portions(name)), sum(same_name(name, d.chemical) for d in batch.doses)
        if not had:
            yield Finding(Kind.MISSING, name, f"{name} is missing")
        elif had < wanted:
            said = f"{name} was dosed {_times(had)}; the recipe says {_times(wanted)}"
            yield Finding(Kind.MISSING, name, said)


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _pumps(batch: Batch, recipe: MasterRecipe | None, limits: Limits) -> Iterator[Finding]:
    by_pump: dict[int, str] = {}
    by_chemical: dict[str, int] = {}
    for ingredient, reference in zip(batch.ingredients, references(batch, recipe), strict=True):
        name, pump = ingredient.chemical, ingredient.pump
        expected = reference.pump if reference else None
        if expected is not None:
            if expected != pump:
                yield Finding(Kind.PUMP, name, f"{name} came from pump {pump}, not from pump {expected}")
        elif by_pump.setdefault(pump, name) != name:
            yield Finding(Kind.PUMP, name, f"pump {pump} dosed {by_pump[pump]} as well as {name}")
        elif by_chemical.setdefault(name, pump) != pump:
            yield Finding(Kind.PUMP, name, f"{name} came from pump {by_chemical[name]} and from pump {pump}")


def _sequence_of_ingredients(batch: Batch, recipe: MasterRecipe | None, limits: Limits) -> Iterator[Finding]:
    if recipe is None or not recipe.ordered:
        return
    numbers = {id(each): number for number, each in enumerate(recipe.ingredients)}
    pairs = zip(batch.ingredients, references(batch, recipe), strict=True)
    had = [(numbers[id(each)], one.chemical) for one, each in pairs if each is not None]
    wanted = sorted(had, key=itemgetter(0))
    if had != wanted:
        dosed, said = (", ".join(name for _, name in names) for names in (had, wanted))
        yield Finding(Kind.ORDER, "", f"dosed as {dosed}; the recipe says {said}")


def _durations(batch: Batch, recipe: MasterRecipe | None, limits: Limits) -> Iterator[Finding]:
    for dose in batch.doses:
        if dose.duration_ms is not None:
            seconds, usual = dose.duration_ms / 1000, limits.usual.get(dose.chemical)
            shortest, longest = (usual.low_s, usual.high_s) if usual else limits.dose_s
            if not shortest <= seconds <= longest:
                often = f"; {shortest:.0f} to {longest:.0f} s are usual" if usual else ""
                said = f"the dose of {dose.chemical} took {seconds:.0f} s{often}"
                yield Finding(Kind.DURATION, dose.chemical, said)
    if batch.seconds is not None:
        usual, pumps = limits.usual.get(""), max(batch.pumps or 0, len(batch.ingredients), 1)
        longest = usual.high_s if usual else pumps * limits.batch_s_per_pump
        if batch.seconds > longest:
            often = f"; up to {longest / 60:.1f} min are usual" if usual else ""
            yield Finding(Kind.DURATION, "", f"the batch took {batch.seconds / 60:.0f} min{often}")


def _ending(batch: Batch, recipe: MasterRecipe | None, limits: Limits) -> Iterator[Finding]:
    if batch.status not in (Status.OPEN, Status.COMPLETE):
        yield Finding(Kind.ENDING, "", f"{batch.status}: {batch.reason}")
    if batch.status is Status.NO_START and batch.ends_at and not batch.events:
        yield Finding(Kind.ENDING, "", "neither its start nor its complete was received")


def _time_qualities(batch: Batch, recipe: MasterRecipe | None, limits: Limits) -> Iterator[Finding]:
    messages: tuple[Message, ...] = (*batch.events, *batch.doses)
    unsure = [m.time_quality for m in messages if m.time_quality is not TimeQuality.DEVICE]
    if unsure:
        kinds = ", ".join(sorted({quality.value for quality in unsure}))
        yield Finding(Kind.TIME, "", f"{len(unsure)} of {len(messages)} times are not the station's: {kinds}")
    flags = sorted({flag for message in messages for flag in message.flags})
    if flags:
        yield Finding(Kind.REPAIRED, "", f"data were repaired or look odd: {'; '.join(flags[:5])}")
    for mark in batch.marks:
        yield Finding(Kind.SEQUENCE, "", mark)


def _stock(batch: Batch, recipe: MasterRecipe | None, limits: Limits) -> Iterator[Finding]:
    for change in batch.stock:
        name, lost_g = change.chemical, change.lost_g
        allowed_g = ROUNDING_G * change.doses + 2 * ROUNDING_G + 1e-9
        if lost_g is not None and lost_g < -max(JUMP_SHARE * (change.capacity_g or 0.0), allowed_g):
            yield Finding(
                Kind.STOCK, name, f"the stock of {name} rose by {-lost_g:.2f} g: filled, or restarted"
            )
        elif lost_g is not None and abs(lost_g) > allowed_g:
            how = "more" if lost_g > 0 else "less"
            yield Finding(
                Kind.LOSS, name, f"the stock of {name} fell by {abs(lost_g):.2f} g {how} than was dosed"
            )
        used = any(same_name(one.chemical, name) for one in batch.ingredients)
        if used and change.percent_after is not None and change.percent_after < limits.stock_low_percent:
            yield Finding(Kind.LOW, name, f"{name} was down to {change.percent_after:.1f} %")


def _alarms(batch: Batch, alarms: Sequence[AlarmSpan]) -> Iterator[Finding]:
    """Each once, however often it came and went."""
    names = dict.fromkeys(alarm.name for alarm in alarms if concerns(alarm, batch))
    for name in names:
        yield Finding(Kind.ALARM, "", f"the alarm '{name}' was active")


_CHECKS: tuple[Callable[[Batch, MasterRecipe | None, Limits], Iterator[Finding]], ...] = (
    _ending, _completeness, _tolerance, _pumps, _sequence_of_ingredients, _durations, _stock, _time_qualities,
)  # fmt: skip
