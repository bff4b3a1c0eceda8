"""Which time and which readings the operator looks at: one record, changed by pure functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import partial

from dosing_tui.domain.panels.filters import EVERYTHING, Dimension, Selection
from dosing_tui.domain.time import range_parser
from dosing_tui.domain.time.latest_batch import latest_batch
from dosing_tui.domain.time.shift_calendar import THREE_SHIFTS, ShiftCalendar
from dosing_tui.domain.time.time_range import RangeSpec, TimeRange
from dosing_tui.errors import RangeError
from dosing_tui.live_state import Picture
from dosing_tui.tui.rendering.canvas import plain

DEFAULT = RangeSpec("now-24h", "now")
"""What is moved and widened while no range has been chosen."""


@dataclass(frozen=True, slots=True)
class Scope:
    """``spec`` None: every panel has its own range, and all of them follow the clock."""

    spec: RangeSpec | None = None
    selection: Selection = EVERYTHING

    @property
    def chosen(self) -> bool:
        return self.spec is not None or self.selection.active


LIVE = Scope()
"""Nothing is chosen: everything, of each panel's own range."""


@dataclass(frozen=True, slots=True)
class Present:
    """What a range is understood by."""

    now: datetime
    zone: tzinfo
    picture: Picture
    calendar: ShiftCalendar = THREE_SHIFTS


Change = Callable[[RangeSpec, Present, TimeRange | None], RangeSpec]


def resolved(spec: RangeSpec, present: Present, selection: Selection) -> TimeRange:
    """Raises: RangeError with a sentence."""
    return range_parser.resolve(
        spec, present.now, present.zone, calendar=present.calendar, batch=this_batch(present, selection)
    )


def this_batch(present: Present, selection: Selection) -> TimeRange | None:
    """The newest batch that was started, of the chosen stations and recipes: until its end, or until now."""
    return latest_batch(present.picture.events, selection, present.now)


def moved(scope: Scope, change: Change, present: Present) -> Scope:
    """With the range in force changed. Raises: RangeError where that is no range any more."""
    changed = change(scope.spec or DEFAULT, present, this_batch(present, scope.selection))
    resolved(changed, present, scope.selection)
    return replace(scope, spec=changed)


def _shift(steps: int, spec: RangeSpec, present: Present, batch: TimeRange | None) -> RangeSpec:
    return range_parser.shifted(
        spec, steps, present.now, present.zone, calendar=present.calendar, batch=batch
    )  # fmt: skip


def _zoom(factor: float, spec: RangeSpec, present: Present, batch: TimeRange | None) -> RangeSpec:
    return range_parser.zoomed(
        spec, factor, present.now, present.zone, calendar=present.calendar, batch=batch
    )  # fmt: skip


CHANGES: Mapping[str, Change] = {
    "back": partial(_shift, -1), "forward": partial(_shift, 1),
    "wider": partial(_zoom, 2.0), "narrower": partial(_zoom, 0.5),
}  # fmt: skip


def follows(scope: Scope) -> bool:
    """New readings belong to the range."""
    return scope.spec is None or range_parser.live(scope.spec)


def range_words(scope: Scope, present: Present) -> str:
    """The chosen range in words; '' where there is none. As it is written where it means nothing now."""
    if scope.spec is None:
        return ""
    batch = this_batch(present, scope.selection)
    try:
        return range_parser.described(
            scope.spec, present.now, present.zone, calendar=present.calendar, batch=batch
        )
    except RangeError:
        return scope.spec.from_


def filter_words(selection: Selection, dimensions: frozenset[Dimension]) -> str:
    """What is chosen of these dimensions, and of which chosen ones there is nothing here."""
    kept, left = [], []
    for dimension in Dimension:
        values = selection.of(dimension)
        if values and dimension in dimensions:
            kept.append(f"{dimension.value} {', '.join(plain(value, 32) for value in values)}")
        elif values:
            left.append(dimension.value)
    if left:
        kept.append(f"not by {' or '.join(left)}")
    return " · ".join(kept)


def selects(selection: Selection, **values: str) -> bool:
    """A reading with these values is among what is chosen."""
    return all(
        not selection.of(Dimension(name)) or value in selection.of(Dimension(name))
        for name, value in values.items()
    )
