"""One alarm, whole: its value against its limit, and what its rule says of cause, consequence, action."""

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo

from dosing_tui.console import words
from dosing_tui.console.alarmlist import left, number, who
from dosing_tui.console.alarmwork import Wish
from dosing_tui.console.bars import KeyHint
from dosing_tui.console.canvas import Canvas, Rows, broken, plain
from dosing_tui.console.field import Field
from dosing_tui.console.keys import ALARM_KEYS
from dosing_tui.console.look import Look
from dosing_tui.console.pens import DIM, HOT, LABEL, TEXT, Pen, Tone
from dosing_tui.console.screens.sheet import Sheet, box, keys_row
from dosing_tui.console.urgency import MARKS, STATES, mark
from dosing_tui.plant.alarms.picture import AlarmView
from dosing_tui.plant.alarms.records import UNACKNOWLEDGED, AlarmKey
from dosing_tui.plant.text import clean_line

_WIDTH, _LABELS, _BAR = 78, 13, 30


class AlarmDetail(Sheet[Wish]):
    """Answers with what is to be done, None for nothing. ``find`` gives the alarm as it is now."""

    BINDINGS = [binding for binding in ALARM_KEYS if binding.id != "alarm-all"]

    def __init__(
        self, look: Look, view: AlarmView, hints: Sequence[KeyHint], *,
        find: Callable[[AlarmKey], AlarmView | None], clock: Callable[[], datetime], zone: tzinfo,
    ) -> None:  # fmt: skip
        super().__init__(look)
        self._view = view
        self._hints = hints
        self._find = find
        self._clock = clock
        self._zone = zone
        self._gone = False

    @property
    def typing(self) -> Field | None:
        return None

    def put(self, changed: Field) -> None:
        """Nothing is typed here."""

    def look_again(self) -> None:
        """The alarm may have another value, or be another state's."""
        found = self._find(self._view.state.key)
        self._gone = found is None
        self._view = found or self._view
        self.draw()

    def action_wish(self, wish: str) -> None:
        self.dismiss(Wish(wish))

    def action_accept(self) -> None:
        self.dismiss(None)

    def rows(self, width: int, height: int) -> Rows:
        return detail_rows(self._view, self._hints, self._clock(), self._zone, gone=self._gone)


def detail_rows(
    view: AlarmView, hints: Sequence[KeyHint], now: datetime, zone: tzinfo, *, gone: bool = False
) -> Rows:
    facts = [*_facts(view, now, zone), *_rule(view)]
    room = _WIDTH - _LABELS - 6
    lines = [pair for label, text in facts if text for pair in _labelled(label, text, room)]
    message = broken(clean_line(view.message), _WIDTH - 12)[:2]
    top = 4 + len(message)
    canvas = box(_WIDTH, min(24, top + 2 + len(lines) + 3), plain(view.state.key.tag, 60))
    priority = view.state.priority
    loud = view.state.shown in UNACKNOWLEDGED
    canvas.text(3, 3, mark(priority, loud=loud), Pen(MARKS[priority].tone, bold=True))
    for row, said in enumerate(message):
        canvas.text(8, 3 + row, said, LABEL)
    _draw_value(canvas, 3 + len(message), view)
    for row, (label, line) in enumerate(lines[: canvas.height - top - 4]):
        canvas.text(3, top + 1 + row, label, DIM)
        canvas.text(3 + _LABELS, top + 1 + row, line, TEXT)
    if gone:
        canvas.right(_WIDTH - 3, canvas.height - 3, "normal again", HOT)
    keys_row(canvas, canvas.height - 2, *((hint.keys, hint.label) for hint in hints))
    return canvas.rows


def _labelled(label: str, text: str, room: int) -> list[tuple[str, str]]:
    return [(label if not number else "", line) for number, line in enumerate(broken(text, room))]


def _facts(view: AlarmView, now: datetime, zone: tzinfo) -> list[tuple[str, str]]:
    state, hiding = view.state, view.state.hiding
    first = ", first of its group" if view.first_out else ""
    raised = ""
    if state.raised_at is not None:
        times = f", {state.count} times since it was normal" if state.count > 1 else ""
        raised = f"{words.full_stamp(state.raised_at, zone)}{times}"
    acked = ""
    if state.acked_at is not None:
        comment = f": {clean_line(state.comment)}" if state.comment else ""
        acked = f"{words.full_stamp(state.acked_at, zone)} by {who(state.acked_by)}{comment}"
    hidden = ""
    if hiding is not None:
        person = f" by {who(hiding.who)}" if who(hiding.who) else ""
        ends = f", {left(hiding.until, now)} left" if hiding.until else ""
        hidden = f"{words.full_stamp(hiding.since, zone)}{person}{ends}: {clean_line(hiding.why)}"
    return [
        ("State", f"{STATES[state.shown]}, {state.priority} priority{first}"),
        ("Raised", raised), ("Acknowledged", acked), ("Hidden", hidden),
    ]  # fmt: skip


def _rule(view: AlarmView) -> list[tuple[str, str]]:
    rule = view.rule
    if rule is None:
        return [("Rule", "Not known here: another release raised this alarm.")]
    return [("Cause", rule.cause), ("Consequence", rule.consequence), ("Action", rule.action)]


def _draw_value(canvas: Canvas, y: int, view: AlarmView) -> None:
    """The value as a bar, the limit as a tick on it."""
    if view.value is None or view.limit is None:
        return
    end = max(abs(view.value), abs(view.limit)) * 1.2 or 1.0
    filled, tick = (round(abs(part) / end * (_BAR - 1)) for part in (view.value, view.limit))
    canvas.text(8, y, " " * _BAR, Pen(bg=Tone.TRACK))
    canvas.text(8, y, "▇" * filled, Pen(Tone.BAR, Tone.TRACK))
    canvas.put(8 + tick, y, "│", Pen(Tone.HOT, Tone.TRACK, bold=True))
    x = canvas.text(8 + _BAR + 2, y, number(view.value), HOT)
    canvas.text(x, y, f"   limit {number(view.limit)}", DIM)
