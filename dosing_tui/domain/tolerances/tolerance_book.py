"""All versions of the tolerance rules and recipes: which tolerance held for a dose when it was made."""

import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.batches.master_recipe import MasterVersion
from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.messages.models import Dose
from dosing_tui.domain.tolerances.rules import (
    DEFAULT_RULES,
    DoseTolerance,
    ToleranceRules,
    resolve_tolerance,
    select_portion,
)

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""Time from which the first rules hold: before any dose."""


class DatedRules(Struct, frozen=True):
    """A version of the plant's rules, for doses made at or after ``valid_from``, until the next one."""

    rules: ToleranceRules = DEFAULT_RULES
    version: int = 1
    valid_from: datetime = BEGINNING


@dataclass(frozen=True, slots=True)
class ToleranceBook:
    """Every version of the plant's rules and of the master recipes."""

    versions: tuple[DatedRules, ...] = (DatedRules(),)
    masters: tuple[MasterVersion, ...] = field(default=(), repr=False)
    _by_recipe: dict[str, tuple[MasterVersion, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        index: dict[str, tuple[MasterVersion, ...]] = {}
        for each in self.masters:
            key = fold_name(each.recipe.name)
            index[key] = (*index.get(key, ()), each)
        object.__setattr__(self, "_by_recipe", index)

    @property
    def newest(self) -> DatedRules:
        """The version that was entered last."""
        return max(self.versions, key=lambda each: each.version, default=DatedRules())

    def find_rules(self, at: datetime) -> DatedRules:
        """The version that holds at a time."""
        if len(self.versions) == 1 and self.versions[0].valid_from <= at:
            return self.versions[0]
        valid = [each for each in self.versions if each.valid_from <= at]
        return max(valid, key=lambda each: (each.valid_from, each.version), default=DatedRules())

    def find_tolerance(self, dose: Dose) -> DoseTolerance:
        """The tolerance that held when the dose was made."""
        master = self._find_master(dose)
        return resolve_tolerance(
            self.find_rules(dose.time).rules,
            select_portion(master.recipe.ingredients, dose) if master else None,
            chemical=dose.chemical,
            recipe=dose.recipe,
            target_g=dose.target_g,
        )

    def find_common_tolerance(self, at: datetime) -> float | None:
        """The tolerance in g of all doses at a time; None if it depends on the dose."""
        rules = self.find_rules(at).rules
        has_recipes = any(
            part.tolerance_g is not None or part.tolerance_percent is not None
            for each in self.masters
            if each.valid_from <= at
            for part in each.recipe.ingredients
        )
        if has_recipes or rules.overrides or rules.class_factor is not None or rules.tolerance_percent:
            return None
        return rules.tolerance_g

    def without_overrides(self) -> "ToleranceBook":
        """The book with only the plant's grams and percent, below the recipes' tolerances."""
        plain = {"overrides": (), "class_factor": None, "least_dose_g": 0.0}
        versions = tuple(replace(each, rules=replace(each.rules, **plain)) for each in self.versions)  # type: ignore[arg-type]  # the names are those of ToleranceRules
        return dataclasses.replace(self, versions=versions)

    def add_master(self, master: MasterVersion | None) -> "ToleranceBook":
        """The book with a version of a recipe that it may lack."""
        if master is None or master in self.masters:
            return self
        return dataclasses.replace(self, masters=(*self.masters, master))

    def _find_master(self, dose: Dose) -> MasterVersion | None:
        if not self.masters or not dose.recipe:
            return None
        named = self._by_recipe.get(fold_name(dose.recipe), ())
        fitting = (
            each for each in named if each.valid_from <= dose.time and each.recipe.mode in ("", dose.mode)
        )
        return max(
            fitting, key=lambda each: (bool(each.recipe.mode), each.valid_from, each.version), default=None
        )
