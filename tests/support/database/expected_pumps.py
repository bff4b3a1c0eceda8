"""What the panel of pumps should say of a plant: the formulas of docs/capability.md, on its doses."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import fsum
from statistics import fmean, linear_regression

from dosing_tui.domain.messages.models import Dose
from dosing_tui.domain.panels.panel_catalog import PumpCapability
from dosing_tui.domain.panels.pump_chemical import PumpChemical

PumpTarget = tuple[str, int, str, float]
LEAST_DOSES = 10
LONGEST_DOSE_MS = 300_000


def expect_pumps(
    doses: Iterable[Dose], since: datetime, until: datetime, chemicals: tuple[str, ...], tolerance_g: float
) -> list[PumpCapability]:
    """Of these stations' doses, in the order of the panel."""
    groups: dict[PumpTarget, list[Dose]] = defaultdict(list)
    askers: Counter[tuple[PumpTarget, str, str]] = Counter()
    for dose in sorted(doses, key=lambda dose: (dose.time, dose.dedup)):
        if dose.error_g is None or not dose.target_g:
            continue
        key = (dose.device_id, dose.pump, dose.chemical, dose.target_g)
        askers[key, dose.recipe, dose.mode] += 1
        if since <= dose.time < until:
            groups[key].append(dose)
    asked = {key for (key, _, _), count in askers.items() if count >= LEAST_DOSES}
    rows = [_expect_pump(key, groups[key], tolerance_g) for key in groups if key in asked]
    told = [replace(row, cause=_expect_cause(row, rows)) for row in rows]
    return sorted((row for row in told if not chemicals or row.chemical in chemicals), key=_get_rank)


def _get_rank(row: PumpCapability) -> tuple[object, ...]:
    cpk = float("inf") if row.cpk is None else row.cpk
    return (cpk, -(row.bias_percent or -1.0), row.device_id, row.pump, row.chemical, row.target_g)


def _is_biased(row: PumpCapability) -> bool:
    return row.mean_error_g is not None and abs(row.mean_error_g) > row.allowance_g


def _expect_cause(row: PumpCapability, rows: Iterable[PumpCapability]) -> str:
    """The scale's, if every pump of the station that is known, of two at least, is off in one direction."""
    if not _is_biased(row):
        return ""
    directions: dict[int, set[bool]] = defaultdict(set)
    for other in rows:
        if other.device_id == row.device_id and other.mean_error_g is not None:
            directions[other.pump] |= {other.mean_error_g > 0} if _is_biased(other) else set()
    is_common = all(found == {True} for found in directions.values())
    is_common = is_common or all(found == {False} for found in directions.values())
    return "scale" if is_common and len(directions) >= 2 else "tube"


def _expect_pump(key: PumpTarget, doses: list[Dose], tolerance_g: float) -> PumpCapability:
    errors = [dose.error_g for dose in doses if dose.error_g is not None]
    rated = [
        (1000 * (dose.target_g or 0.0) / dose.duration_ms, dose.error_g or 0.0)
        for dose in doses
        if dose.duration_ms and 0 < dose.duration_ms <= LONGEST_DOSE_MS
    ]
    row = PumpCapability(
        *key,
        doses=len(errors), tolerance_g=tolerance_g, allowance_g=tolerance_g / 4, sum_error_g=fsum(errors),
        rate_g_per_s=fmean(rate for rate, _ in rated) if rated else None,
        mean_error_g=None, bias_percent=None, sigma_g=None, cpk=None, stop_delay_s=None, overshoot_g=None,
        cause="",
    )  # fmt: skip
    if len(errors) < LEAST_DOSES:
        return row
    mean = fmean(errors)
    sigma = fmean(abs(after - before) for before, after in pairwise(errors)) / 1.128
    line = linear_regression(*zip(*rated, strict=True)) if len({rate for rate, _ in rated}) > 1 else None
    return replace(
        row,
        mean_error_g=mean,
        bias_percent=abs(mean) / (tolerance_g / 4) * 100,
        sigma_g=sigma,
        cpk=(tolerance_g - abs(mean)) / (3 * sigma) if sigma else None,
        stop_delay_s=line.slope if line else None,
        overshoot_g=line.intercept if line else None,
    )


def expect_pump_chemicals(
    doses: Iterable[Dose], now: datetime, chemicals: tuple[str, ...], named: tuple[str, ...] = ()
) -> list[PumpChemical]:
    """Of these stations' doses, in the order of the panel; ``named``: what is set for pumps 1, 2, ..."""
    six_hours, first_day = timedelta(hours=6), datetime(2000, 1, 1, tzinfo=UTC)
    since = first_day - (first_day - (now - timedelta(days=28))) // six_hours * six_hours
    last: dict[tuple[str, int], list[Dose]] = defaultdict(list)
    for dose in sorted(doses, key=lambda dose: (dose.time, dose.dedup), reverse=True):
        pump = last[dose.device_id, dose.pump]
        if since <= dose.time < now and len(pump) < 200:
            pump.append(dose)
    rows = [
        _expect_chemical(key, pump, dict(enumerate(named, start=1))) for key, pump in last.items() if pump
    ]
    return sorted(
        (row for row in rows if not chemicals or row.chemical in chemicals),
        key=lambda row: (
            not (row.basis in {"set", "learnt"} and row.own_percent < 100), row.device_id, row.pump
        ),
    )  # fmt: skip


def _expect_chemical(key: tuple[str, int], doses: list[Dose], named: dict[int, str]) -> PumpChemical:
    """``doses``: newest first."""
    counts = Counter(dose.chemical for dose in doses)
    most = min(counts, key=lambda name: (-counts[name], name))
    own, said = named.get(key[1]) or most, named.get(key[1])
    others = [dose for dose in doses if dose.chemical != own]
    basis = "set" if said else "learnt" if len(doses) == 200 and counts[most] >= 198 else "not learnt"
    return PumpChemical(
        *key, own, "any" if said == "" else basis, 100 * counts[own] / len(doses), len(doses),
        others[0].chemical if others else "", others[0].time if others else None,
    )  # fmt: skip
