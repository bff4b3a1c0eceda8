"""The selected time range and filters. Pure."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, tzinfo

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.panels.filters import NO_FILTER, Dimension, Selection
from dosing_tui.domain.time import range_parser
from dosing_tui.domain.time.latest_batch import find_latest_batch
from dosing_tui.domain.time.shift_calendar import THREE_SHIFTS, ShiftCalendar
from dosing_tui.domain.time.time_range import RangeSpec, TimeRange
from dosing_tui.errors import RangeError
from dosing_tui.live_snapshot import LiveSnapshot
from dosing_tui.tui.rendering.canvas import fit_names, sanitize_text

_VALUE_WIDTH = 32
"""Cells of each value of a filter."""
DEFAULT_RANGE = RangeSpec("now-24h", "now")
"""The range that is moved and widened while none is selected."""


class Scope(Struct, frozen=True):
    """``spec`` None: every panel has its default range, which follows the clock."""

    spec: RangeSpec | None = None
    selection: Selection = NO_FILTER


LIVE_SCOPE = Scope()
"""No range and no filter."""


class TimeContext(Struct, frozen=True):
    """What the meaning of a range depends on."""

    now: datetime
    zone: tzinfo
    snapshot: LiveSnapshot
    calendar: ShiftCalendar = THREE_SHIFTS


RangeChange = tuple[Callable[..., RangeSpec], float]
"""A function of ``range_parser``, and its number of steps or its factor."""


def resolve_range(spec: RangeSpec, time_context: TimeContext, selection: Selection) -> TimeRange:
    """Raises: RangeError with a sentence."""
    return range_parser.resolve_range(
        spec,
        time_context.now,
        time_context.zone,
        calendar=time_context.calendar,
        batch=get_batch_range(time_context, selection),
    )


def get_batch_range(time_context: TimeContext, selection: Selection) -> TimeRange | None:
    """The latest batch of the selected stations and recipes, from its start to its end or to now."""
    return find_latest_batch(time_context.snapshot.events, selection, time_context.now)


def change_range(scope: Scope, change: RangeChange, time_context: TimeContext) -> Scope:
    """The scope with a changed range.

    Raises: RangeError, if the result is not a range.
    """
    move, amount = change
    changed = move(
        scope.spec or DEFAULT_RANGE, amount, time_context.now, time_context.zone,
        calendar=time_context.calendar, batch=get_batch_range(time_context, scope.selection),
    )  # fmt: skip
    resolve_range(changed, time_context, scope.selection)
    return replace(scope, spec=changed)


RANGE_CHANGES: Mapping[str, RangeChange] = {
    "back": (range_parser.step_range, -1), "forward": (range_parser.step_range, 1),
    "wider": (range_parser.zoom_range, 2.0), "narrower": (range_parser.zoom_range, 0.5),
}  # fmt: skip


def is_live(scope: Scope) -> bool:
    """New readings belong to the range."""
    return scope.spec is None or range_parser.is_live(scope.spec)


def format_range(scope: Scope, time_context: TimeContext) -> str:
    """The selected range in words; '' without one; as entered if it has no meaning now."""
    if scope.spec is None:
        return ""
    batch = get_batch_range(time_context, scope.selection)
    try:
        return range_parser.describe_range(
            scope.spec, time_context.now, time_context.zone, calendar=time_context.calendar, batch=batch
        )
    except RangeError:
        return scope.spec.from_


def _fit_values(values: Iterable[str]) -> list[str]:
    return fit_names([sanitize_text(value) for value in values], _VALUE_WIDTH)


def format_filters(selection: Selection, dimensions: frozenset[Dimension]) -> str:
    """The filters by these dimensions, and the selected dimensions that do not apply."""
    texts = [
        f"{one.label} {', '.join(_fit_values(selection.get_values(one)))}"
        for one in Dimension
        if one in dimensions and selection.get_values(one)
    ]
    ignored = [one.label for one in Dimension if one not in dimensions and selection.get_values(one)]
    return " · ".join(texts + ([f"not by {' or '.join(ignored)}"] if ignored else []))


def matches_selection(selection: Selection, **values: str) -> bool:
    """True if a reading with these values passes the filters."""
    return all(
        not selection.get_values(Dimension(name)) or value in selection.get_values(Dimension(name))
        for name, value in values.items()
    )
