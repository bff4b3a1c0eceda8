"""How long doses take against what is usual: if every station is slower with a chemical, it is no pump. Pure.

A worn tube makes one pump slower. A cold, thick chemical makes them all slower at once.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import nsmallest

from msgspec import Struct

from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.messages.models import Dose

RECENT_MINUTES = 60
MIN_RECENT_DOSES = 3
"""Doses of a chemical that a station must have made lately, to say that it is slow with it."""
MIN_STATIONS = 2
MIN_USUAL_DOSES = 20
MAX_USUAL_DOSES = 200
"""The usual duration follows a lasting change with a weight of 1 / MAX_USUAL_DOSES a dose."""
MAX_RECENT_DOSES = 1_000
"""Of a station and chemical; more than a station doses in RECENT_MINUTES."""
MAX_KINDS = 2_000
"""Maximum number of kinds of doses: it bounds memory if names are invented."""

DoseKind = tuple[str, str, str, str]
"""Station, chemical (folded), recipe, mode: doses that take equally long."""


class UsualDuration(Struct, frozen=True):
    """Mean duration of a kind of doses in the database, in s, and how many they were."""

    device: str
    chemical: str
    recipe: str
    mode: str
    mean_s: float
    doses: int


class CommonPace(Struct, frozen=True):
    """By how much every station is slower with a chemical than usual, at least: that of the quickest one.

    ``slower_percent`` is None while fewer than MIN_STATIONS have dosed it lately.
    """

    chemical: str
    stations: int
    slower_percent: float | None


@dataclass(slots=True)
class RecentPaces:
    """Durations of doses as a share of the usual one, and the minute of each."""

    minutes: deque[int] = field(default_factory=lambda: deque(maxlen=MAX_RECENT_DOSES))
    paces: deque[float] = field(default_factory=lambda: deque(maxlen=MAX_RECENT_DOSES))


@dataclass(slots=True)
class DosingPace:
    """Usual durations, and the recent doses against them."""

    _usual: dict[DoseKind, tuple[float, int]] = field(default_factory=dict)
    """Mean in s, and the number of doses in it."""
    _recent: dict[str, dict[str, RecentPaces]] = field(default_factory=dict)
    """By chemical and station."""
    _names: dict[str, str] = field(default_factory=dict)
    """Chemical as it was spelled first."""

    def load_usual(self, stored: Iterable[UsualDuration]) -> None:
        """Replace what is usual by what the database says."""
        for one in stored:
            kind = (one.device, fold_name(one.chemical), one.recipe, one.mode)
            if one.doses > 0:
                self._set_usual(kind, one.mean_s, min(one.doses, MAX_USUAL_DOSES))

    def add_dose(self, dose: Dose, minute: int) -> None:
        """``minute``: of the dose, since 1970. A dose without a plausible duration says nothing."""
        if not dose.plausible_duration_ms:
            return
        seconds, chemical = dose.plausible_duration_ms / 1000, fold_name(dose.chemical)
        kind = (dose.device_id, chemical, dose.recipe, dose.mode)
        mean_s, doses = self._usual.get(kind, (seconds, 0))
        if doses >= MIN_USUAL_DOSES:
            self._names.setdefault(chemical, dose.chemical)
            stations = self._recent.setdefault(chemical, {})
            recent = stations.get(dose.device_id)
            if recent is None:
                recent = stations[dose.device_id] = RecentPaces()
            recent.minutes.append(minute)
            recent.paces.append(seconds / mean_s)
        doses = min(doses + 1, MAX_USUAL_DOSES)
        self._set_usual(kind, mean_s + (seconds - mean_s) / doses, doses)

    def _set_usual(self, kind: DoseKind, mean_s: float, doses: int) -> None:
        """Above MAX_KINDS, those of which the fewest doses are known are freed."""
        if kind not in self._usual and len(self._usual) >= MAX_KINDS:
            for least in nsmallest(MAX_KINDS // 20, self._usual, key=lambda each: self._usual[each][1]):
                del self._usual[least]
        self._usual[kind] = mean_s, doses

    def compare_stations(self, minute: int) -> Iterator[CommonPace]:
        """Of each chemical that was dosed since the start, at a minute since 1970."""
        for chemical, stations in self._recent.items():
            paces = []
            for recent in stations.values():
                while recent.minutes and recent.minutes[0] <= minute - RECENT_MINUTES:
                    recent.minutes.popleft()
                    recent.paces.popleft()
                if len(recent.paces) >= MIN_RECENT_DOSES:
                    paces.append(sum(recent.paces) / len(recent.paces))
            slower = 100.0 * (min(paces) - 1.0) if len(paces) >= MIN_STATIONS else None
            yield CommonPace(self._names[chemical], len(paces), slower)
