"""The row above one batch: where it is in the list, and how who looks at it would sign. Pure."""

from dataclasses import dataclass

from dosing_tui.domain.batch_review.review_rules import NO_SIGNATURE, PIN_SIGNATURE
from dosing_tui.tui.rendering.canvas import Canvas, Rows, plain
from dosing_tui.tui.rendering.palette import Pen, Tone

_QUIET = Pen(Tone.DIM, Tone.BAND)


@dataclass(frozen=True, slots=True)
class Signing:
    """``name`` is '' until somebody has said who they are."""

    name: str = ""
    pin: bool = False
    warning: str = ""


def one_row(place: str, signing: Signing, width: int) -> Rows:
    canvas = Canvas(width, 1, _QUIET)
    canvas.text(1, 0, place, Pen(Tone.TEXT, Tone.BAND))
    who = f"you sign as {plain(signing.name, 24)}" if signing.name else "you have not said who you are"
    label = PIN_SIGNATURE if signing.pin else NO_SIGNATURE
    x = canvas.right(width - 1, 0, f"{who} · {label}", _QUIET)
    if signing.warning and width >= 100:
        canvas.right(x - 2, 0, signing.warning, Pen(Tone.WARN, Tone.BAND))
    return canvas.rows
