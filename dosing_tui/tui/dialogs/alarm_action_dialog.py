"""Confirms an alarm action: comment or reason, name, duration; and lists the alarms it has skipped."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from msgspec import Struct

from dosing_tui.domain.alarms.models import AlarmEvent
from dosing_tui.domain.alarms.operator_commands import MAX_COMMENT_LENGTH
from dosing_tui.domain.alarms.snapshot import AlarmView
from dosing_tui.domain.labels.alarm_labels import label_alarms
from dosing_tui.domain.messages.text_sanitizer import ELLIPSIS, clean_line
from dosing_tui.domain.panels.operator_notes import MAX_AUTHOR_LENGTH
from dosing_tui.tui.alarms.alarm_actions import get_priority
from dosing_tui.tui.rendering import number_format, text_field
from dosing_tui.tui.rendering.canvas import Canvas, Rows, cut_clauses, split_cells, wrap_text
from dosing_tui.tui.rendering.palette import DIM, LABEL, TEXT, CellStyle
from dosing_tui.tui.rendering.priority_style import MARK_WIDTH, PRIORITY_MARKS, format_mark
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.canvas_dialog import create_box, draw_keys, draw_lines
from dosing_tui.tui.widgets.form_dialog import FormDialog
from dosing_tui.tui.widgets.form_fields import BLANK_ROW, FORM_WIDTH, ChoiceField, TextEntry, wrap_form_text

DEFAULT_SHELVING = timedelta(minutes=30)
_MAX_LISTED, _MAX_REASONS = 4, 5
_STATION_WIDTH, _TAG_WIDTH = 10, 20
_TITLES = {
    AlarmEvent.ACKNOWLEDGE: "Acknowledge",
    AlarmEvent.RESET: "Reset",
    AlarmEvent.SHELVE: "Shelve",
    AlarmEvent.UNSHELVE: "Unshelve",
    AlarmEvent.REMOVE_FROM_SERVICE: "Take out of service",
    AlarmEvent.RETURN_TO_SERVICE: "Return to service",
}
_CONSEQUENCES = {
    AlarmEvent.ACKNOWLEDGE: "The alarm stays in the list while its condition is active.",
    AlarmEvent.RESET: "Ends the latched alarm. Its cause must be dealt with.",
    AlarmEvent.SHELVE: "Shelved on all consoles for the time below. Then annunciated again.",
    AlarmEvent.UNSHELVE: "Annunciated again at once if the condition is active.",
    AlarmEvent.REMOVE_FROM_SERVICE: "Not annunciated on any console until it is returned to service.",
    AlarmEvent.RETURN_TO_SERVICE: "Annunciated again at once if the condition is active.",
}
_REASON_REQUIRED = frozenset({AlarmEvent.SHELVE, AlarmEvent.REMOVE_FROM_SERVICE})


class AlarmActionInput(Struct, frozen=True):
    """The operator's entries; ``duration`` is zero for an event without one."""

    comment: str
    name: str
    duration: timedelta


class _AlarmLines(Struct, frozen=True):
    """The first alarms with their priority, and the number of the others."""

    views: Sequence[AlarmView]
    short_names: Mapping[str, str]

    @property
    def height(self) -> int:
        return min(len(self.views), _MAX_LISTED + 1)

    def draw_part(self, canvas: Canvas, y: int, *, is_focused: bool) -> None:
        alarms = [(view.state.key, view.message) for view in self.views]
        labels = label_alarms(alarms, self.short_names, station_width=_STATION_WIDTH, tag_width=_TAG_WIDTH)[
            :_MAX_LISTED
        ]
        station_width = max(len(split_cells(label.station)) for label in labels)
        for row, (view, label) in enumerate(zip(self.views, labels, strict=False), start=y):
            priority = get_priority(view)
            untitled, bare = label.shorter_texts
            texts = (label.text, untitled, untitled if ELLIPSIS in label.tag else bare)
            style = CellStyle(PRIORITY_MARKS[priority].colour, bold=True)
            canvas.write_text(3, row, format_mark(priority, is_unacknowledged=False), style)
            canvas.write_text(4 + MARK_WIDTH, row, label.station, LABEL)
            x = canvas.write_text(5 + MARK_WIDTH + station_width, row, label.tag, LABEL) + 2
            text = next((text for text in texts if len(split_cells(text)) <= FORM_WIDTH - 3 - x), "")
            canvas.write_text(x, row, text or cut_clauses(texts[-1], FORM_WIDTH - 3 - x), TEXT)
        if len(self.views) > _MAX_LISTED:
            count = number_format.format_count(len(self.views) - _MAX_LISTED)
            canvas.write_text(4 + MARK_WIDTH, y + _MAX_LISTED, f"and {count} more", DIM)


class AlarmActionDialog(FormDialog[AlarmActionInput]):
    """A reason is required to shelve and to take out of service."""

    def __init__(
        self, theme: TerminalTheme, event: AlarmEvent, views: Sequence[AlarmView],
        durations: Sequence[timedelta] = (), *, name: str,
        short_names: Mapping[str, str] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        """``durations`` to choose from, if the event has any; ``name``: who is signed on, or ''."""
        is_required = event in _REASON_REQUIRED
        self._comment = TextEntry(
            label="Reason" if is_required else "Comment",
            field=text_field.TextField(max_length=MAX_COMMENT_LENGTH),
            required="A reason is required." if is_required else "",
        )
        self._operator = TextEntry(
            label="Name", field=text_field.create_field(name, MAX_AUTHOR_LENGTH), is_person=True
        )
        self._durations = durations or (timedelta(),)
        lengths = [number_format.format_bucket_width(duration) for duration in self._durations]
        self._duration = ChoiceField(
            label="For", options=lengths, index=_find_default(self._durations), is_cyclic=False,
            hint=f"{lengths[-1]} at most",
        )  # fmt: skip
        fields = [self._comment, self._operator, *([self._duration] if durations else [])]
        consequence = wrap_form_text(_CONSEQUENCES[event])
        action, count = _TITLES[event], len(views)
        super().__init__(
            theme,
            f"{action} {number_format.count_noun(count, 'alarm')}?" if count > 1 else f"{action}?",
            [_AlarmLines(views, short_names), BLANK_ROW, consequence, BLANK_ROW, *fields],
            action=action,
        )
        if not name:
            self._notice = "Nobody is signed on. A name here is for this action only."

    def build_result(self) -> AlarmActionInput:
        duration = self._durations[self._duration.index]
        return AlarmActionInput(self._comment.text, self._operator.text, duration)


def _find_default(durations: Sequence[timedelta]) -> int:
    """The longest that is not above the usual time for a look at the plant."""
    return max((n for n, duration in enumerate(durations) if duration <= DEFAULT_SHELVING), default=0)


def render_skipped_alarms(title: str, reasons: Sequence[str], *, storage_note: str) -> Rows:
    """``reasons``: one sentence per alarm; ``storage_note``: where entries wait for the journal."""
    lines = []
    for reason in reasons[:_MAX_REASONS]:
        first, *others = wrap_text(clean_line(reason), FORM_WIDTH - 8) or [""]
        lines += [f"· {first}", *(f"  {line}" for line in others)]
    more = len(reasons) - _MAX_REASONS
    notes = [f"and {more} more"] if more > 0 else []
    canvas = create_box(FORM_WIDTH, len(lines) + len(notes) + bool(storage_note) + 7, title, hint="Esc Close")
    canvas.write_text(3, 3, "Skipped:", DIM)
    draw_lines(canvas, 3, draw_lines(canvas, 3, 4, lines), notes, DIM)
    canvas.write_text(3, canvas.height - 4, storage_note, DIM)
    draw_keys(canvas, canvas.height - 2, ("Enter", "Back to alarms"))
    return canvas.rows
