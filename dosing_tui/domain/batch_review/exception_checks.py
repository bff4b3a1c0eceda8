"""Findings of a batch: deviations from the master recipe, inconsistent messages, and alarms."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from dosing_tui.domain.batch_review.finding_weight import (
    CURRENT_EDITION,
    BatchException,
    BatchFindings,
    ExceptionKind,
    RulesVersion,
    describe_alarm,
    divide_findings,
)
from dosing_tui.domain.batch_review.ingredient_ratio import BdoPounds, do_pounds_agree
from dosing_tui.domain.batch_review.missing_messages import MissingMessages, describe_missing
from dosing_tui.domain.batch_review.stock_checks import check_lots, check_stock
from dosing_tui.domain.batches.alarm_overlap import AlarmSpan, is_active_during, is_batch_alarm
from dosing_tui.domain.batches.duration_baseline import DurationBaseline
from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterRecipe, MasterVersion
from dosing_tui.domain.batches.models import Batch, BatchMessage, BatchStatus, Ingredient, is_same_name
from dosing_tui.domain.batches.recipe_matching import match_ingredients
from dosing_tui.domain.materials.lots.batch_lots import BatchLot
from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.messages.models import Dose, TimeQuality
from dosing_tui.domain.messages.tank_level import StockLimits
from dosing_tui.domain.tolerances.tolerance_book import ToleranceBook


class ReviewLimits(Struct, frozen=True):
    """Limits beside those of the master recipe; its tolerances come before the plant's."""

    tolerances: ToleranceBook = field(default_factory=ToleranceBook)
    stock: StockLimits = field(default_factory=StockLimits)
    dose_range_s: tuple[float, float] = (15.0, 120.0)
    """Usual dose duration in s; the firmware's design target is 60 s per pump."""
    max_batch_s_per_pump: float = 180.0
    """Longest usual batch duration per ingredient, in s."""
    baselines: Mapping[str, DurationBaseline] = field(default_factory=dict)
    """Learned baselines by chemical ('' for the batch); they take precedence over both limits above."""


class IngredientResult(Struct, frozen=True):
    """Result of one ingredient.

    ``is_within_tolerance`` is None without a target or an actual mass, and below what the scale can weigh.
    """

    ingredient: Ingredient
    reference: MasterIngredient | None
    tolerance_g: float | None
    """Half the width of the displayed band, in g."""
    is_within_tolerance: bool | None
    is_weighable: bool = True
    """False if the target is below what the scale can weigh: neither in nor out of tolerance."""
    plant_chemical: str = ""
    """The chemical that its pump has by the plant's rules; '' if it is this one, or none is named."""


DEFAULT_LIMITS = ReviewLimits()


def judge_batch(
    batch: Batch,
    *,
    master: MasterVersion | None = None,
    limits: ReviewLimits = DEFAULT_LIMITS,
    alarms: Sequence[AlarmSpan] = (),
    rules: RulesVersion = CURRENT_EDITION.rules,
    lots: Sequence[BatchLot] = (),
    missing: Sequence[MissingMessages] = (),
) -> BatchFindings:
    """Find all exceptions and remarks, each ordered by kind, as the ``rules`` of that version found them."""
    recipe = master.recipe if master else None
    results = assess_ingredients(batch, master=master, limits=limits)
    scope = _ReviewScope(
        batch,
        recipe,
        limits,
        results,
        _list_slow_chemicals(batch, alarms),
        rules,
        lots,
        describe_missing(batch, missing) if rules >= RulesVersion.MISSING_NUMBERS else "",
    )
    found = [BatchException(*each) for check in _CHECKS for each in check(scope)]
    if rules is RulesVersion.ALL_COUNT:
        told = dict.fromkeys(describe_alarm(alarm) for alarm in alarms if is_batch_alarm(alarm, batch))
        return BatchFindings((*found, *told))
    return divide_findings(batch, found, alarms)


def _list_slow_chemicals(batch: Batch, alarms: Iterable[AlarmSpan]) -> frozenset[str]:
    names = (alarm.name.partition("/") for alarm in alarms if is_active_during(alarm, batch))
    return frozenset(fold_name(item) for rule, _, item in names if rule == "CHEMICAL_SLOW")


def assess_ingredients(
    batch: Batch, *, master: MasterVersion | None = None, limits: ReviewLimits = DEFAULT_LIMITS
) -> tuple[IngredientResult, ...]:
    """Assess all ingredients, in the order of dosing."""
    recipe = master.recipe if master else None
    tolerances = limits.tolerances.add_master(master)
    pairs = zip(batch.ingredients, match_ingredients(batch, recipe), strict=True)
    return tuple(
        [
            _assess_ingredient(ingredient, reference, tolerances, dose)
            for (ingredient, reference), dose in zip(pairs, _list_first_doses(batch), strict=True)
        ]
    )


def _list_first_doses(batch: Batch) -> Iterator[Dose]:
    """The first dose of each ingredient, which are in the order of dosing."""
    doses: defaultdict[tuple[str, int], list[Dose]] = defaultdict(list)
    for dose in batch.doses:
        doses[dose.chemical, dose.pump].append(dose)
    taken: Counter[tuple[str, int]] = Counter()
    for ingredient in batch.ingredients:
        key = ingredient.chemical, ingredient.pump
        yield doses[key][taken[key]]
        taken[key] += ingredient.doses


def _assess_ingredient(
    ingredient: Ingredient, reference: MasterIngredient | None, tolerances: ToleranceBook, dose: Dose
) -> IngredientResult:
    """Assess an ingredient by the tolerance that held for its first dose."""
    tolerance = tolerances.find_tolerance(replace(dose, target_g=ingredient.target_g))
    error_g = ingredient.error_g
    within = None if error_g is None or not tolerance.is_weighable else not tolerance.is_outside(error_g)
    wrong_pump = tolerances.find_rules(dose.time).rules.find_wrong_pump(dose)
    return IngredientResult(
        ingredient, reference, tolerance.tolerance_g, within, tolerance.is_weighable, wrong_pump
    )


_Finding: TypeAlias = tuple[ExceptionKind, str, str]
"""The fields of a BatchException."""


class _ReviewScope(Struct, frozen=True):
    """What a check looks at."""

    batch: Batch
    recipe: MasterRecipe | None
    limits: ReviewLimits
    results: tuple[IngredientResult, ...]
    slow_chemicals: frozenset[str] = frozenset()
    """Chemicals, folded, with which every station was slower than usual during the batch."""
    rules: RulesVersion = CURRENT_EDITION.rules
    lots: Sequence[BatchLot] = ()
    missing_text: str = ""


def _check_tolerance(scope: _ReviewScope) -> Iterator[_Finding]:
    for result in scope.results:
        ingredient, error_g = result.ingredient, result.ingredient.error_g
        name, said_g, share = ingredient.chemical, ingredient.target_g, ingredient.error_percent
        if error_g is None:
            yield ExceptionKind.TOLERANCE, name, f"{name} cannot be judged: its mass or target was not said"
        elif result.is_within_tolerance is False:
            percent = "" if share is None else f" ({share:+.1f} %)"
            yield (
                ExceptionKind.TOLERANCE,
                name,
                f"{name} is off by {error_g:+.2f} g{percent}; {result.tolerance_g:.2f} g are allowed",
            )
        target_g = result.reference.target_g if result.reference else None
        if target_g is not None and said_g is not None and abs(said_g - target_g) > 0.005 + 1e-9:
            yield (
                ExceptionKind.WRONG_TARGET,
                name,
                f"{name} was to be {said_g:.2f} g; the recipe says {target_g:.2f} g",
            )


def _check_pounds(scope: _ReviewScope) -> Iterator[_Finding]:
    """In BDO mode each target is grams per pound by the pounds of BDO, which are the same for all."""
    said = [
        BdoPounds(one.ingredient.chemical, one.ingredient.target_g, one.reference.g_per_lb)
        for one in scope.results
        if one.reference and one.reference.g_per_lb and one.ingredient.target_g is not None
    ]
    if not do_pounds_agree(said):
        each = ", ".join(f"{one.pounds:.1f} lb by {one.chemical}" for one in said)
        yield ExceptionKind.WRONG_TARGET, "", f"the targets are of different weights of BDO: {each}"


def _check_completeness(scope: _ReviewScope) -> Iterator[_Finding]:
    batch = scope.batch
    if scope.recipe:
        departures = tuple(_check_against_recipe(batch, scope.recipe))
        yield from departures or _check_pump_count(batch, portions=len(batch.doses))
        return
    for (name, _), number in Counter((dose.chemical, dose.pump) for dose in batch.doses).items():
        if number > 1:
            yield ExceptionKind.DUPLICATE, name, f"{name} was dosed {_format_times(number)}"
    yield from _check_pump_count(batch)


def _check_pump_count(batch: Batch, *, portions: int = 0) -> Iterator[_Finding]:
    """Check the published number of pumps; a repeated ingredient may count once or once per dose."""
    had = len({ingredient.chemical for ingredient in batch.ingredients})
    if batch.pumps is None or had <= batch.pumps <= max(had, portions):
        return
    if had > batch.pumps:
        yield ExceptionKind.EXTRA, "", f"{had} ingredients were dosed, {batch.pumps} were announced"
    elif batch.status is not BatchStatus.OPEN:
        yield ExceptionKind.MISSING, "", f"{had} of {batch.pumps} ingredients were dosed"


def _check_against_recipe(batch: Batch, recipe: MasterRecipe) -> Iterator[_Finding]:
    """Check the number of doses of each chemical against the recipe."""
    for name in dict.fromkeys(dose.chemical for dose in batch.doses):
        wanted, had = len(recipe.list_portions(name)), sum(dose.chemical == name for dose in batch.doses)
        if not wanted:
            yield ExceptionKind.EXTRA, name, f"{name} is not in the recipe"
        elif had > wanted:
            yield ExceptionKind.DUPLICATE, name, _describe_count(name, had, wanted)
    if batch.status is BatchStatus.OPEN:
        return
    for name in dict.fromkeys(each.chemical for each in recipe.ingredients):
        had = sum(is_same_name(name, dose.chemical) for dose in batch.doses)
        wanted = len(recipe.list_portions(name))
        if had < wanted:
            yield (
                ExceptionKind.MISSING,
                name,
                _describe_count(name, had, wanted) if had else f"{name} is missing",
            )


def _describe_count(name: str, had: int, wanted: int) -> str:
    return f"{name} was dosed {_format_times(had)}; the recipe says {_format_times(wanted)}"


def _format_times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _check_pumps(scope: _ReviewScope) -> Iterator[_Finding]:
    by_pump: dict[int, str] = {}
    by_chemical: dict[str, int] = {}
    for result in scope.results:
        name, pump = result.ingredient.chemical, result.ingredient.pump
        expected = result.reference.pump if result.reference else None
        if expected not in (None, pump):
            said = f"{name} came from pump {pump}, not from pump {expected}"
        elif expected is None and by_pump.setdefault(pump, name) != name:
            said = f"pump {pump} dosed {by_pump[pump]} as well as {name}"
        elif expected is None and by_chemical.setdefault(name, pump) != pump:
            said = f"{name} came from pump {by_chemical[name]} and from pump {pump}"
        elif result.plant_chemical and scope.rules >= RulesVersion.EACH_DOSE:
            said = f"pump {pump} dosed {name} instead of {result.plant_chemical}"
        else:
            continue
        yield ExceptionKind.WRONG_PUMP, name, said


def _check_order(scope: _ReviewScope) -> Iterator[_Finding]:
    if scope.recipe is None or not scope.recipe.ordered:
        return
    numbers = {id(each): number for number, each in enumerate(scope.recipe.ingredients)}
    had = [(numbers[id(one.reference)], one.ingredient.chemical) for one in scope.results if one.reference]
    wanted = sorted(had, key=itemgetter(0))
    if had != wanted:
        dosed, said = (", ".join(name for _, name in names) for names in (had, wanted))
        yield ExceptionKind.WRONG_ORDER, "", f"dosed as {dosed}; the recipe says {said}"


def _check_durations(scope: _ReviewScope) -> Iterator[_Finding]:
    batch, limits = scope.batch, scope.limits
    for dose in batch.doses:
        if dose.duration_ms is not None and dose.plausible_duration_ms is None:
            said = f"the dose of {dose.chemical} cannot have taken {dose.duration_ms / 1000:.0f} s"
            yield ExceptionKind.DURATION, dose.chemical, said
        elif dose.duration_ms is not None:
            seconds, usual = dose.duration_ms / 1000, limits.baselines.get(dose.chemical)
            shortest, longest = (usual.low_s, usual.high_s) if usual else limits.dose_range_s
            often = f"; {shortest:.0f} to {longest:.0f} s are usual" if usual else ""
            if seconds > longest and fold_name(dose.chemical) in scope.slow_chemicals:
                said = f"the dose of {dose.chemical} took {seconds:.0f} s{often}"
                why = "every station was slower with it"
                yield ExceptionKind.SLOW_CHEMICAL, dose.chemical, f"{said}: {why}"
            elif not shortest <= seconds <= longest:
                yield (
                    ExceptionKind.DURATION,
                    dose.chemical,
                    f"the dose of {dose.chemical} took {seconds:.0f} s{often}",
                )
    usual, pumps = limits.baselines.get(""), max(batch.pumps or 0, len(batch.ingredients), 1)
    longest = usual.high_s if usual else pumps * limits.max_batch_s_per_pump
    if batch.duration_s is not None and batch.duration_s > longest:
        often = f"; up to {longest / 60:.1f} min are usual" if usual else ""
        yield ExceptionKind.DURATION, "", f"the batch took {batch.duration_s / 60:.0f} min{often}"


def _check_ending(scope: _ReviewScope) -> Iterator[_Finding]:
    batch = scope.batch
    if batch.status not in (BatchStatus.OPEN, BatchStatus.COMPLETE):
        yield ExceptionKind.NOT_COMPLETE, "", f"{batch.status}: {batch.reason}"
    if batch.status is BatchStatus.NO_START and batch.ends_at and not batch.events:
        yield ExceptionKind.NOT_COMPLETE, "", "neither its start nor its complete was received"


def _check_data_quality(scope: _ReviewScope) -> Iterator[_Finding]:
    messages: tuple[BatchMessage, ...] = (*scope.batch.events, *scope.batch.doses)
    unsure = [m.time_quality.value for m in messages if m.time_quality is not TimeQuality.DEVICE]
    if unsure:
        kinds = ", ".join(sorted(set(unsure)))
        yield (
            ExceptionKind.TIME_QUALITY,
            "",
            f"{len(unsure)} of {len(messages)} times are not the station's: {kinds}",
        )
    flags = sorted({flag for message in messages for flag in message.flags})
    if flags:
        yield ExceptionKind.DATA_REPAIR, "", f"data were repaired or look odd: {'; '.join(flags[:5])}"
    for mark in scope.batch.anomalies:
        yield ExceptionKind.SEQUENCE, "", mark


def _check_tanks(scope: _ReviewScope) -> Iterator[_Finding]:
    limits, rules = scope.limits.stock, scope.rules
    for each in (*check_stock(scope.batch, limits, rules, scope.missing_text), *check_lots(scope.lots)):
        yield each.kind, each.subject, each.sentence


_CHECKS: tuple[Callable[[_ReviewScope], Iterator[_Finding]], ...] = (
    _check_ending,
    _check_completeness,
    _check_tolerance,
    _check_pounds,
    _check_pumps,
    _check_order,
    _check_durations,
    _check_tanks,
    _check_data_quality,
)
