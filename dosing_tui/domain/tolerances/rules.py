"""The plant's tolerance rules, and the tolerance of one dose by them and its recipe.

The function ``find_tolerance`` of the database computes the same from the same numbers.
"""

import json
from collections.abc import Sequence

from msgspec import Struct

from dosing_tui.domain.batches.canonical_json import to_canonical_json
from dosing_tui.domain.batches.master_recipe import MasterIngredient
from dosing_tui.domain.messages import default_limits
from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.messages.models import Dose
from dosing_tui.domain.tolerances.accuracy_class import compute_class_deviation

ROUNDING_G = 1e-9
"""An error so little above the tolerance is within it: decimal fractions are not exact in binary."""


class ToleranceOverride(Struct, frozen=True):
    """Tolerance of a chemical, a recipe, or a chemical in a recipe; '' matches all, None leaves a value."""

    chemical: str = ""
    recipe: str = ""
    tolerance_g: float | None = None
    tolerance_percent: float | None = None
    """In percent of the target; 0 takes the plant's percentage away."""

    def matches_dose(self, chemical: str, recipe: str) -> bool:
        """Whether it applies to a dose of this chemical in this recipe."""
        pairs = ((self.chemical, chemical), (self.recipe, recipe))
        return all(not own or fold_name(own) == fold_name(other) for own, other in pairs)


class ToleranceRules(Struct, frozen=True):
    """Rules of the plant, below those of the master recipes. Masses in g."""

    tolerance_g: float = default_limits.TOLERANCE_G
    tolerance_percent: float = 0.0
    """In percent of the target; 0: grams only. The narrower of both counts."""
    class_factor: float | None = None
    """The x of OIML R61's class X(x), which replaces grams and percent."""
    least_dose_g: float = 0.0
    """A dose with a smaller target is below what the scale can weigh; 0: none is."""
    overrides: tuple[ToleranceOverride, ...] = ()
    """The last that matches and has a value counts."""
    pump_chemicals: tuple[str, ...] = ()
    """Chemicals of pumps 1, 2, ...; '' for a pump with any. A dose of another one is from the wrong pump.

    What the other pumps dose is learnt: see ``pump_history``.
    """

    def names_pump(self, pump: int) -> bool:
        """Whether it says what this pump doses, or that it may dose anything."""
        return 1 <= pump <= len(self.pump_chemicals)

    def find_wrong_pump(self, dose: Dose) -> str:
        """The chemical that the dose's pump should have dosed; '' if it did, or none is named."""
        expected = self.pump_chemicals[dose.pump - 1 : dose.pump] if dose.pump > 0 else ()
        if not expected or not expected[0] or fold_name(expected[0]) == fold_name(dose.chemical):
            return ""
        return expected[0]


DEFAULT_RULES = ToleranceRules()


class DoseTolerance(Struct, frozen=True):
    """Tolerance of one dose in g, and whether the scale can weigh its target."""

    tolerance_g: float
    is_weighable: bool = True

    def is_outside(self, error_g: float | None) -> bool:
        """Whether an error in g is out of tolerance; never below what the scale can weigh."""
        return self.is_weighable and error_g is not None and abs(error_g) > self.tolerance_g + ROUNDING_G


def resolve_tolerance(
    rules: ToleranceRules,
    portion: MasterIngredient | None,
    *,
    chemical: str,
    recipe: str,
    target_g: float | None,
) -> DoseTolerance:
    """Return the tolerance: the recipe's ingredient's, else an override's, the class's, the plant's grams.

    Of grams and percent at one place the narrower counts. Percentages and the class need a target above 0.

    >>> resolve_tolerance(ToleranceRules(0.5, 2.0), None, chemical="T-9", recipe="CU-85", target_g=10.0)
    DoseTolerance(tolerance_g=0.2, is_weighable=True)
    """
    has_target = target_g is not None and target_g > 0
    target = target_g if target_g is not None and has_target else None
    is_weighable = rules.least_dose_g <= 0 or target_g is None or target_g >= rules.least_dose_g
    limit = _select_narrower(portion.tolerance_g, portion.tolerance_percent, target) if portion else None
    grams = percent = None
    for each in rules.overrides:
        if each.matches_dose(chemical, recipe):
            grams = grams if each.tolerance_g is None else each.tolerance_g
            percent = percent if each.tolerance_percent is None else each.tolerance_percent
    if limit is None:
        limit = _select_narrower(grams, percent or None, target)
    if limit is None and rules.class_factor is not None and target is not None:
        limit = compute_class_deviation(rules.class_factor, target)
    if limit is None:
        plant_percent = rules.tolerance_percent if percent is None else percent
        limit = _select_narrower(rules.tolerance_g, plant_percent or None, target)
    return DoseTolerance(rules.tolerance_g if limit is None else limit, is_weighable)


def _select_narrower(grams: float | None, percent: float | None, target_g: float | None) -> float | None:
    if percent is None or target_g is None:
        return grams
    share = percent / 100.0 * target_g
    return share if grams is None else min(grams, share)


def select_portion(portions: Sequence[MasterIngredient], dose: Dose) -> MasterIngredient | None:
    """Return the recipe's ingredient for a dose: of its chemical, its pump, the nearest target, the first."""
    mine = [each for each in portions if fold_name(each.chemical) == fold_name(dose.chemical)]
    return min(mine, key=lambda each: _measure_distance(each, dose), default=None)


def _measure_distance(portion: MasterIngredient, dose: Dose) -> tuple[bool, float]:
    is_other_pump = portion.pump is not None and portion.pump != dose.pump
    if portion.target_g is None or dose.target_g is None:
        return is_other_pump, 0.0
    return is_other_pump, abs(portion.target_g - dose.target_g)


def format_rules(rules: ToleranceRules) -> str:
    """Format rules as canonical JSON for storage; equal rules give equal text."""
    return to_canonical_json(
        {
            "tolerance_g": rules.tolerance_g,
            "tolerance_percent": rules.tolerance_percent,
            "class_factor": rules.class_factor,
            "least_dose_g": rules.least_dose_g,
            "overrides": [
                {
                    "chemical": each.chemical,
                    "recipe": each.recipe,
                    "tolerance_g": each.tolerance_g,
                    "tolerance_percent": each.tolerance_percent,
                }
                for each in rules.overrides
            ],
            # omitted if empty: rules that were stored before keep their text
            **({"pump_chemicals": rules.pump_chemicals} if rules.pump_chemicals else {}),
        }
    )


def parse_rules(text: str) -> ToleranceRules:
    """Parse the output of ``format_rules``.

    Raises: ValueError, KeyError or TypeError if the text holds no rules.
    """
    data = json.loads(text)
    return ToleranceRules(
        data["tolerance_g"],
        data["tolerance_percent"],
        data["class_factor"],
        data["least_dose_g"],
        tuple(ToleranceOverride(**each) for each in data["overrides"]),
        tuple(data.get("pump_chemicals", ())),
    )
