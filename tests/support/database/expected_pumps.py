"""What the panel of pumps should say of the sample month, by the rules of the domain."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime

from dosing_tui.domain.capability.individuals_chart import compute_limits
from dosing_tui.domain.capability.overshoot_fit import fit_overshoot
from dosing_tui.domain.capability.process_capability import (
    MIN_DOSES,
    compute_allowance,
    compute_cpk,
    find_causes,
    get_shift,
)
from dosing_tui.domain.messages.models import Dose
from dosing_tui.domain.panels.panel_catalog import PumpCapability

PumpTarget = tuple[str, int, str, float]
MAX_DURATION_MS = 300_000


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
    asked = {key for (key, _, _), count in askers.items() if count >= MIN_DOSES}
    rows = [_expect_pump(key, groups[key], tolerance_g) for key in groups if key in asked]
    causes = _expect_causes(rows)
    for row in rows:
        is_shifted = row.mean_error_g is not None and get_shift(row.mean_error_g, row.allowance_g) != 0
        object.__setattr__(row, "cause", str(causes[row.device_id][row.pump]) or "tube" if is_shifted else "")
    shown = [row for row in rows if not chemicals or row.chemical in chemicals]
    return sorted(shown, key=_get_rank)


def _get_rank(row: PumpCapability) -> tuple[object, ...]:
    cpk = float("inf") if row.cpk is None else row.cpk
    return (cpk, -(row.bias_percent or -1.0), row.device_id, row.pump, row.chemical, row.target_g)


def _expect_causes(rows: Iterable[PumpCapability]) -> dict[str, dict[int, object]]:
    found: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        if row.mean_error_g is not None:
            found[row.device_id][row.pump].add(get_shift(row.mean_error_g, row.allowance_g))
    return {
        device: dict(find_causes({pump: sum(shifts) for pump, shifts in pumps.items()}))
        for device, pumps in found.items()
    }


def _expect_pump(key: PumpTarget, doses: list[Dose], tolerance_g: float) -> PumpCapability:
    errors = [dose.error_g for dose in doses if dose.error_g is not None]
    limits = compute_limits(errors) if len(errors) >= MIN_DOSES else None
    allowance = compute_allowance(tolerance_g)
    rated = [
        (dose.error_g or 0.0, 1000 * (dose.target_g or 0.0) / dose.duration_ms)
        for dose in doses
        if dose.duration_ms and 0 < dose.duration_ms <= MAX_DURATION_MS
    ]
    fit = fit_overshoot(*zip(*rated, strict=True)) if rated and len(errors) >= MIN_DOSES else None
    return PumpCapability(
        *key,
        doses=len(errors),
        mean_error_g=limits.mean if limits else None,
        allowance_g=allowance,
        bias_percent=100 * abs(limits.mean) / allowance if limits else None,
        sigma_g=limits.sigma if limits else None,
        cpk=compute_cpk(limits.mean, limits.sigma, tolerance_g) if limits else None,
        tolerance_g=tolerance_g,
        sum_error_g=sum(errors),
        rate_g_per_s=sum(rate for _, rate in rated) / len(rated) if rated else None,
        stop_delay_s=fit.stop_delay_s if fit else None,
        overshoot_g=fit.overshoot_g if fit else None,
        cause="",
    )
