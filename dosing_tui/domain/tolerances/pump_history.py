"""What a pump doses, learnt from its last doses.

``panels/pump_chemicals`` learns the same from the database's ``recent_pump_chemicals``.
"""

from collections import Counter, deque
from collections.abc import Iterable

from msgspec import Struct

from dosing_tui.domain.messages.chemical_names import fold_name

LEARNT_DOSES = 200
LEARNT_PERCENT = 99


class StoredPumpDoses(Struct, frozen=True):
    """The chemicals of a pump's last doses in the database, oldest first."""

    device: str
    pump: int
    chemicals: tuple[str, ...]


class LearntChemical(Struct, frozen=True):
    """A pump's own chemical, and how many of its last doses were of it."""

    chemical: str
    doses: int


class PumpHistory:
    """The chemicals of a pump's last LEARNT_DOSES doses.

    A pump that was changed for good has no chemical of its own after the third other dose, and the new one as
    soon as LEARNT_PERCENT of the doses are of it.
    """

    def __init__(self, chemicals: Iterable[str] = ()) -> None:
        """``chemicals``: oldest first."""
        self._chemicals: deque[str] = deque()
        self._counts: Counter[str] = Counter()
        for chemical in chemicals:
            self.add_dose(chemical)

    def add_dose(self, chemical: str) -> None:
        if len(self._chemicals) == LEARNT_DOSES:
            oldest = fold_name(self._chemicals.popleft())
            self._counts[oldest] -= 1
            if not self._counts[oldest]:
                del self._counts[oldest]
        self._chemicals.append(chemical)
        self._counts[fold_name(chemical)] += 1

    def find_learnt(self) -> LearntChemical | None:
        """None below LEARNT_DOSES doses, and while less than LEARNT_PERCENT of them are of one chemical."""
        if len(self._chemicals) < LEARNT_DOSES:
            return None
        ((name, doses),) = self._counts.most_common(1)
        if 100 * doses < LEARNT_PERCENT * LEARNT_DOSES:
            return None
        return LearntChemical(next(one for one in reversed(self._chemicals) if fold_name(one) == name), doses)

    def find_break(self, chemical: str) -> LearntChemical | None:
        """What the pump doses by its history, if the next dose, of ``chemical``, is of another."""
        if 100 * self._counts[fold_name(chemical)] >= LEARNT_PERCENT * LEARNT_DOSES:
            return None  # the usual dose
        learnt = self.find_learnt()
        return learnt if learnt and fold_name(learnt.chemical) != fold_name(chemical) else None
