"""The rows around the tiles: status above, range and filters, keys at the foot. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from dosing_tui.live_state import Link, LinkState, Picture, Role
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, cells
from dosing_tui.tui.rendering.palette import Pen, Tone

_BAND = Pen(Tone.TEXT, Tone.BAND)
_QUIET = Pen(Tone.DIM, Tone.BAND)
_LOUD = Pen(Tone.HOT, Tone.BAND, bold=True)


@dataclass(frozen=True, slots=True)
class Status:
    plant: str
    screen: str
    role: Role
    broker: LinkState
    database: LinkState
    rate: float
    spooled: int
    clock: str
    beat: bool
    frozen: str = ""
    """Since when the picture stands still, '' while it is live."""


def waiting(spooled: Sequence[int], picture: Picture) -> int:
    """How many readings wait for the database, from the counts of the last ticks.

    Every reading is spooled for a moment on its way: while the database answers, about a second's worth of
    messages is nothing to speak of.
    """
    if not spooled or picture.database.link is Link.DOWN:
        return picture.books.spooled
    least = min(spooled)
    return least if least > picture.rate else 0


def status_rows(status: Status, width: int) -> Rows:
    """One row: what is shown on the left, how well it is known on the right."""
    canvas = Canvas(width, 1, _BAND)
    left = canvas.text(1, 0, "DOSING", _LOUD)
    left = canvas.text(left + 1, 0, status.plant, _BAND, width=max(4, width // 4))
    left = canvas.text(left + 1, 0, "›", _QUIET)
    left = canvas.text(left + 1, 0, status.screen, _QUIET)
    if status.frozen:
        frozen = f" FROZEN {status.frozen} "
        left = canvas.text(left + 2, 0, frozen, Pen(Tone.GROUND, Tone.WARN, bold=True))
    _right_side(canvas, status, left)
    return canvas.rows


def _right_side(canvas: Canvas, status: Status, left: int) -> None:
    """From column ``left`` on; without room for all, the role goes first, then the rate."""
    role = "" if status.role is Role.UNDECIDED else status.role.value
    rate = f" {_rate(status.rate)}" if status.broker.link is Link.UP else ""
    for parts in (_parts(status, rate, role), _parts(status, rate, ""), _parts(status, "", "")):
        if left + sum(len(text) for text, _ in parts) < canvas.width - 1:
            break
    x = canvas.width - 1
    for text, pen in parts:
        x = canvas.right(x, 0, text, pen)


def _parts(status: Status, rate: str, role: str) -> list[tuple[str, Pen]]:
    """From right to left."""
    parts: list[tuple[str, Pen]] = [("●" if status.beat else "○", _QUIET), (" ", _BAND)]
    parts += [(status.clock, _LOUD), ("   ", _BAND)]
    if status.spooled:
        parts.append((f" {number_format.count(status.spooled)} spooled", _BAND))
    parts += [*_link("DB", status.database), ("  ", _BAND), (rate, _QUIET)]
    return [*parts, *_link("MQTT", status.broker), ("  ", _BAND), (role, _QUIET)]


def _rate(rate: float) -> str:
    return f"{rate:.1f}/s" if rate < 10 else f"{number_format.count(round(rate))}/s"


def _link(name: str, state: LinkState) -> list[tuple[str, Pen]]:
    """Shape, word and colour; from right to left."""
    match state.link:
        case Link.UP:
            return [(f" {name}", _BAND), ("●", Pen(Tone.OK, Tone.BAND))]
        case Link.STARTING:
            return [(f" {name} …", _QUIET), ("○", _QUIET)]
        case Link.DOWN:
            return [(f" ■ {name} down ", Pen(Tone.GROUND, Tone.ERROR, bold=True))]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The range and the filters in force, in words; ``live``: new readings belong to the range."""

    range: str = ""
    live: bool = True
    filters: str = ""
    keys: tuple[str, str] = (".", "/")
    """Back to live, and the filters."""


def scope_row(chosen: Chosen, width: int) -> Rows:
    """What is chosen, on the left; how to change it, on the right."""
    canvas = Canvas(width, 1, _BAND)
    x = 1
    if chosen.range:
        x = canvas.text(x, 0, "Range ", _QUIET)
        x = canvas.text(x, 0, chosen.range, _LOUD)
        x = canvas.text(x + 1, 0, "live" if chosen.live else "past", _QUIET) + 3
    hints = [(chosen.keys[1], "filter")]
    if chosen.range:
        hints.insert(0, (chosen.keys[0], "live again"))
    end = canvas.width - 1
    for key, label in reversed(hints):
        end = canvas.right(end, 0, f" {label}", _QUIET)
        end = canvas.right(end, 0, key, Pen(Tone.CREST, Tone.BAND, bold=True)) - 2
    if chosen.filters:
        x = canvas.text(x, 0, "Only ", _QUIET)
        canvas.text(x, 0, chosen.filters, _LOUD, width=max(0, end - x - 1))
    return canvas.rows


@dataclass(frozen=True, slots=True)
class KeyHint:
    keys: str
    label: str
    short: str = ""
    """For a narrow window; '' is the same."""


def footer_rows(hints: Sequence[KeyHint], width: int) -> Rows:
    """As many keys as fit whole, by short names where long ones are too many; the last, help, always."""
    canvas = Canvas(width, 1, _BAND)
    shown = list(hints)
    if _length(shown, 1) > width - 2:
        shown = [KeyHint(hint.keys, hint.short or hint.label) for hint in hints]
    gap = 2 if _length(shown, 2) <= width - 2 else 1
    while len(shown) > 1 and _length(shown, gap) > width - 2:
        del shown[-2]
    x = 1
    for hint in shown:
        x = canvas.text(x, 0, hint.keys, Pen(Tone.CREST, Tone.BAND, bold=True))
        x = canvas.text(x + 1, 0, hint.label, _BAND) + gap
    return canvas.rows


def said_row(sentence: str, width: int) -> Rows:
    """What has just been done, or why not."""
    canvas = Canvas(width, 1, _BAND)
    canvas.text(1, 0, sentence, _LOUD, width=width - 2)
    return canvas.rows


def _length(hints: Sequence[KeyHint], gap: int) -> int:
    return sum(len(cells(hint.keys)) + 1 + len(hint.label) + gap for hint in hints) - gap
