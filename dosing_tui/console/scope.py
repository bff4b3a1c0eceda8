"""Which time and which readings the operator looks at: one record, changed by pure functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from dosing_tui.console.canvas import plain
from dosing_tui.errors import RangeError
from dosing_tui.live import Picture
from dosing_tui.plant import ranging
from dosing_tui.plant.filters import EVERYTHING, Dimension, Selection
from dosing_tui.plant.timeranges import RangeSpec, TimeRange

THIS_BATCH = "this batch"
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


Change = Callable[[RangeSpec, Present], RangeSpec]


def resolved(spec: RangeSpec, present: Present, selection: Selection) -> TimeRange:
    """Raises: RangeError with a sentence."""
    if spec.from_ == THIS_BATCH:
        return _this_batch(present, selection)
    return ranging.resolve(spec, present.now, present.zone)


def _this_batch(present: Present, selection: Selection) -> TimeRange:
    """The newest batch that was started, of the chosen stations and recipes: until its end, or until now."""
    events = [
        event for event in present.picture.events
        if (not selection.device or event.device_id in selection.device)
        and (not selection.recipe or event.recipe in selection.recipe)
    ]  # fmt: skip
    start = next((event for event in events if event.event == "start"), None)
    if start is None:
        raise RangeError("No start of a batch is known: 'this batch' is no range now.")
    ends = [
        event.time for event in events
        if event.device_id == start.device_id and event.event != "start" and event.time >= start.time
    ]  # fmt: skip
    until = min(ends) if ends else present.now
    return TimeRange(start.time, max(until, start.time + ranging.SHORTEST))


def moved(scope: Scope, change: Change, present: Present) -> Scope:
    """With the range in force changed. Raises: RangeError where that is no range any more."""
    spec = scope.spec or DEFAULT
    if spec.from_ == THIS_BATCH:
        since, until = _this_batch(present, scope.selection)
        spec = RangeSpec(since.isoformat(), until.isoformat())
    changed = change(spec, present)
    ranging.resolve(changed, present.now, present.zone)
    return replace(scope, spec=changed)


def back(spec: RangeSpec, present: Present) -> RangeSpec:
    return ranging.shifted(spec, -1, present.now, present.zone)


def forward(spec: RangeSpec, present: Present) -> RangeSpec:
    return ranging.shifted(spec, 1, present.now, present.zone)


def wider(spec: RangeSpec, present: Present) -> RangeSpec:
    return ranging.zoomed(spec, 2.0, present.now, present.zone)


def narrower(spec: RangeSpec, present: Present) -> RangeSpec:
    return ranging.zoomed(spec, 0.5, present.now, present.zone)


CHANGES: Mapping[str, Change] = {"back": back, "forward": forward, "wider": wider, "narrower": narrower}


def follows(scope: Scope) -> bool:
    """New readings belong to the range."""
    return scope.spec is None or scope.spec.from_ == THIS_BATCH or ranging.live(scope.spec)


def range_words(scope: Scope, present: Present) -> str:
    """The chosen range in words; '' where there is none."""
    if scope.spec is None:
        return ""
    return scope.spec.from_ if scope.spec.from_ == THIS_BATCH else (
        ranging.described(scope.spec, present.now, present.zone)
    )  # fmt: skip


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
