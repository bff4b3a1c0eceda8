"""What the panel of pumps should say of a plant: the formulas of docs/capability.md, on its doses."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import fsum
from statistics import fmean, linear_regression

from msgspec.structs import replace

from dosing_tui.domain.capability.service_log import ServiceDraft
from dosing_tui.domain.messages.models import Dose
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.panels.pump_capability import PumpCapability
from dosing_tui.domain.panels.pump_chemical import PumpChemical

PumpTarget = tuple[str, int, str, float]
LEAST_DOSES, NEW_DOSES = 10, 50
LONGEST_DOSE_MS = 300_000


def expect_pumps(
    doses: Iterable[Dose], since: datetime, until: datetime, selection: Selection, tolerance_g: float,
    services: Iterable[ServiceDraft] = (),
) -> list[PumpCapability]:  # fmt: skip
    """Of these stations' doses, in the order of the panel. ``services``: what was done to their pumps."""
    doses = sorted(doses, key=lambda dose: (dose.time, dose.dedup))
    done = [one for one in services if one.at < until]
    groups: dict[PumpTarget, list[Dose]] = defaultdict(list)
    askers: Counter[tuple[PumpTarget, str, str]] = Counter()
    for dose in doses:
        if dose.error_g is None or not dose.target_g:
            continue
        key = (dose.device_id, dose.pump, dose.chemical, dose.target_g)
        askers[key, dose.recipe, dose.mode] += 1
        if max(_begin_figures(dose.device_id, dose.pump, done) or since, since) <= dose.time < until:
            groups[key].append(dose)
    asked = {key for (key, _, _), count in askers.items() if count >= LEAST_DOSES}
    rows = [_expect_pump(key, groups[key], tolerance_g) for key in groups if key in asked]
    told = [
        _add_service(replace(row, cause=_expect_cause(row, rows)), doses, since, until, done) for row in rows
    ]
    return sorted((row for row in told if _is_selected(row, selection)), key=_get_rank)


def _is_selected(row: PumpCapability | PumpChemical, selection: Selection) -> bool:
    return (not selection.chemical or row.chemical in selection.chemical) and (
        not selection.pump or str(row.pump) in selection.pump
    )


def _find_last(device: str, pump: int | None, kind: str, done: Iterable[ServiceDraft]) -> datetime | None:
    return max(
        (one.at for one in done if (one.device, one.pump, one.kind) == (device, pump, kind)), default=None
    )


def _begin_figures(device: str, pump: int, done: list[ServiceDraft]) -> datetime | None:
    times = [
        _find_last(device, of_pump, kind, done)
        for of_pump, kind in ((pump, "tube change"), (pump, "calibration"), (None, "calibration"))
    ]
    return max((at for at in times if at is not None), default=None)


def _add_service(
    row: PumpCapability, doses: list[Dose], since: datetime, until: datetime, done: list[ServiceDraft]
) -> PumpCapability:
    begin = _begin_figures(row.device_id, row.pump, done)
    tube_at = _find_last(row.device_id, row.pump, "tube change", done)
    own = [dose for dose in doses if (dose.device_id, dose.pump) == (row.device_id, row.pump)]
    through = [
        dose for dose in own if dose.time < until and (tube_at is None or dose.time >= tube_at)
    ]  # fmt: skip
    first: list[float] = []
    if tube_at:
        buckets: dict[datetime, list[float]] = defaultdict(list)
        for dose in through:
            is_of_row = (dose.chemical, dose.target_g) == (row.chemical, row.target_g)
            if is_of_row and dose.error_g is not None and (rate := _get_rate(dose)):
                buckets[_floor_time(dose.time)].append(rate)
        for bucket in sorted(buckets):
            if len(first) < NEW_DOSES:
                first += buckets[bucket]
    return replace(
        row,
        figures_since=begin if begin and begin > since else None,
        new_rate_g_per_s=fmean(first) if len(first) >= LEAST_DOSES else None,
        first_at=_floor_time(min(dose.time for dose in own)),
        tube_at=tube_at,
        tube_g=fsum(dose.actual_g or 0.0 for dose in through),
        tube_hours=sum(dose.duration_ms or 0 for dose in through if _get_rate(dose)) / 3_600_000,
        calibrated_at=_find_last(row.device_id, row.pump, "calibration", done),
        scale_calibrated_at=_find_last(row.device_id, None, "calibration", done),
    )


def _floor_time(at: datetime) -> datetime:
    """To six hours in UTC."""
    return at - timedelta(seconds=at.timestamp() % 21_600)


def _get_rate(dose: Dose) -> float:
    """In g/s; 0 without a plausible duration."""
    is_plausible = dose.duration_ms is not None and 0 < dose.duration_ms <= LONGEST_DOSE_MS
    return 1000 * (dose.target_g or 0.0) / dose.duration_ms if is_plausible and dose.duration_ms else 0.0


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
    rated = [(rate, dose.error_g or 0.0) for dose in doses if (rate := _get_rate(dose))]
    row = PumpCapability(
        *key,
        doses=len(errors), tolerance_g=tolerance_g, allowance_g=tolerance_g / 4, sum_error_g=fsum(errors),
        rate_g_per_s=fmean(rate for rate, _ in rated) if rated else None,
        mean_error_g=None, bias_percent=None, sigma_g=None, cpk=None, stop_delay_s=None, overshoot_g=None,
        cause="", figures_since=None, new_rate_g_per_s=None,
        first_at=datetime.max.replace(tzinfo=UTC), tube_at=None, tube_g=0.0, tube_hours=0.0,
        calibrated_at=None, scale_calibrated_at=None,
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
        cpk=max((tolerance_g - abs(mean)) / (3 * sigma), -99.0)
        if sigma
        else -99.0
        if abs(mean) > tolerance_g
        else None,
        stop_delay_s=line.slope if line else None,
        overshoot_g=line.intercept if line else None,
    )


def expect_pump_chemicals(
    doses: Iterable[Dose], now: datetime, selection: Selection, named: tuple[str, ...] = ()
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
        (row for row in rows if _is_selected(row, selection)),
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
