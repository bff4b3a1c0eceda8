"""The rows of the batch screen: the list of batches, or one of them in full. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from msgspec import Struct

from dosing_tui.domain.batch_review.finding_weight import RulesVersion
from dosing_tui.domain.batch_review.query_models import BatchDetail, BatchFilter, BatchRow
from dosing_tui.domain.batch_review.review_rules import NO_SIGNATURE, PIN_SIGNATURE
from dosing_tui.domain.batches.recipe_matching import list_repeated_chemicals, split_ingredients
from dosing_tui.domain.labels.station_labels import label_stations_compactly
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.time.shift_calendar import ShiftCalendar
from dosing_tui.domain.time.time_range import TimeRange
from dosing_tui.live_snapshot import LiveSnapshot
from dosing_tui.tui.batches.detail_view import BatchDetailContext, render_batch_detail, render_batch_messages
from dosing_tui.tui.batches.list_view import (
    BatchListContext,
    render_batch_list,
    render_batch_tabs,
)
from dosing_tui.tui.batches.live_batch import apply_live_messages
from dosing_tui.tui.data.batch_list_state import BatchListOptions, build_batch_filter
from dosing_tui.tui.data.batch_store import BatchStore
from dosing_tui.tui.layout.bar_parts import BAR_STYLE, DIM_STYLE
from dosing_tui.tui.layout.scope_bar import ScopeSummary
from dosing_tui.tui.rendering.canvas import Canvas, Rows, render_paragraph, sanitize_text
from dosing_tui.tui.rendering.palette import TEXT, CellStyle, ColourRole


class BatchScreenSettings(Struct, frozen=True):
    """Constant while the screen is open."""

    zone: tzinfo
    calendar: ShiftCalendar
    filter_keys: tuple[str, str, str]
    """Keys of "only unreviewed", "only with exceptions" and "only clean"."""
    short_names: Mapping[str, str] = {}
    """Of the stations, from the settings."""


class SignerInfo(Struct, frozen=True):
    """``name`` is '' until the reviewer has entered one."""

    name: str = ""
    is_pin_required: bool = False
    warning: str = ""


class BatchScreenState(Struct, frozen=True):
    """Given at every tick. ``time_range`` None: all batches; ``range_error``: why there is no range."""

    snapshot: LiveSnapshot
    now: datetime
    time_range: TimeRange | None
    selection: Selection
    scope_summary: ScopeSummary
    signer: SignerInfo
    range_error: str = ""

    def build_filter(self, options: BatchListOptions) -> BatchFilter:
        return build_batch_filter(options, self.time_range, self.selection)


@dataclass(slots=True)
class BatchNavigation:
    """Where the reviewer is; changed by keys."""

    options: BatchListOptions = field(default_factory=BatchListOptions)
    is_detail_open: bool = False
    is_messages_open: bool = False
    first_row: int = 0
    """The first visible row of the batch."""
    is_jump_in_list: bool = False
    """The next search moves the cursor of the list and opens nothing."""
    is_list_skipped: bool = False
    """The batch was opened from elsewhere: ``esc`` leads back there, not to the list."""


def build_list_context(
    state: BatchScreenState, rows: Sequence[BatchRow], settings: BatchScreenSettings
) -> BatchListContext:
    """With short names of the stations where there are several."""
    names = {*(name for name, _ in state.snapshot.device_last_seen), *(row.device_id for row in rows)}
    labels = label_stations_compactly(sorted(names), settings.short_names)
    return BatchListContext(state.now, settings.zone, tuple(labels.items()) if len(labels) > 1 else ())


def render_list_page(
    state: BatchScreenState,
    options: BatchListOptions,
    store: BatchStore,
    settings: BatchScreenSettings,
    size: tuple[int, int],
) -> tuple[Rows, Rows]:
    """The row of tabs, and the list. ``size``: columns and rows of the list."""
    width, height = size
    tabs = render_batch_tabs(options, store.counts, settings.filter_keys, width)
    context = build_list_context(state, store.list_state.rows, settings)
    empty_text = _explain_empty_list(state, options, store)
    return tabs, render_batch_list(store.list_state, context, width, height, empty_text=empty_text)


def _explain_empty_list(state: BatchScreenState, options: BatchListOptions, store: BatchStore) -> str:
    error = state.range_error or store.error
    if error:
        return f"Batch list unavailable\n{clean_line(error, 400)}"
    if not store.is_loaded:
        return "Reading the batch list …"
    if state.build_filter(options) == BatchFilter():
        return "No batch yet: none was started, or the batches are still being rebuilt."
    return "No batch matches. ← → selects another tab; the marked keys above change the filter."


def render_detail_page(
    state: BatchScreenState,
    navigation: BatchNavigation,
    store: BatchStore,
    settings: BatchScreenSettings,
    size: tuple[int, int],
) -> tuple[Rows, Rows]:
    """The header, and the batch from ``first_row`` on, which is limited to the rows there are."""
    width, height = size
    if store.detail is None:
        rows = render_paragraph(store.error or "Reading the batch …", width, height)
    else:
        rows = _render_detail(store.detail, state, navigation, store, settings, width)
    first = navigation.first_row = max(0, min(navigation.first_row, len(rows) - height))
    position = "↓ more below" if len(rows) - height > first else "↑ more above" if first else ""
    if store.error:
        position = f"▲ {clean_line(store.error, 200)}"
    blank_rows = [[(" ", TEXT)] * width] * max(0, height - len(rows))
    return _render_detail_header(position, state.signer, width), [*rows[first : first + height], *blank_rows]


def _render_detail_header(position: str, signer: SignerInfo, width: int) -> Rows:
    """The position in the batch, the reviewer's name and the kind of signature."""
    canvas = Canvas(width, 1, DIM_STYLE)
    canvas.write_text(1, 0, position, BAR_STYLE)
    who = f"reviewer {sanitize_text(signer.name, 24)}" if signer.name else "no reviewer name entered"
    label = PIN_SIGNATURE if signer.is_pin_required else NO_SIGNATURE
    x = canvas.write_right(width - 1, 0, f"{who} · {label}", DIM_STYLE)
    if signer.warning and width >= 100:
        canvas.write_right(
            x - 2, 0, signer.warning, CellStyle(ColourRole.DEVIATION, ColourRole.BAR_BACKGROUND)
        )
    return canvas.rows


def _render_detail(
    detail: BatchDetail,
    state: BatchScreenState,
    navigation: BatchNavigation,
    store: BatchStore,
    settings: BatchScreenSettings,
    width: int,
) -> Rows:
    live_batch = apply_live_messages(detail.batch, state.snapshot, state.now)
    repeated = detail.assessment.split_chemicals
    if detail.assessment.rules >= RulesVersion.EACH_DOSE:
        # a second dose of a chemical may have come since
        repeated = (*repeated, *list_repeated_chemicals(live_batch, None))
    batch = split_ingredients(live_batch, repeated)
    if navigation.is_messages_open:
        return render_batch_messages(batch, settings.zone, width)
    context = BatchDetailContext(state.now, settings.zone, settings.calendar, store.context_events)
    return render_batch_detail(detail, batch, context, width)
